using System.Globalization;
using RetentionScore.LoadTests.Reports;
using RetentionScore.LoadTests.Servers;

namespace RetentionScore.LoadTests.Runs;

/// <summary>One rate for long, looked at in slices: whether memory stays flat and nothing ever stops.</summary>
internal static class SoakRun
{
    private const int Slices = 60;
    private static readonly TimeSpan ShortestSlice = TimeSpan.FromSeconds(1);

    internal static async Task<Outcome> RunAsync(Settings settings, Progress progress)
    {
        using ServerUnderTest server = await ServerUnderTest.StartAsync(settings);
        using var load = new Load(settings.Plan, server.Grpc, server.Watch);
        LoadPlan plan = settings.Plan;
        progress.Begin("warm-up", load.Record);
        load.Start(plan.Rate);
        TimeSpan slice = plan.Duration / Slices > ShortestSlice ? plan.Duration / Slices : ShortestSlice;
        var results = new List<PhaseResult>();
        for (TimeSpan run = TimeSpan.Zero; run < plan.Duration; run += slice)
        {
            string name = string.Create(CultureInfo.InvariantCulture, $"{run.TotalSeconds:0} s");
            progress.Begin(name, load.Record);
            results.Add(load.Run(name, plan.Rate, slice));
        }

        load.Settle(SteadyRun.SettleTime);
        // The first third is left out: heaps and pools are still finding their size.
        PhaseResult[] middle = [.. results.Skip(results.Count / 3).Take(Math.Max(1, results.Count / 3))], last = [.. results.TakeLast(Math.Max(1, results.Count / 3))];
        return new Outcome(results)
        {
            Figures =
            {
                ["rss_growth_percent"] = (last.Average(one => one.ResidentMb) / middle.Average(one => one.ResidentMb) - 1) * 100,
                ["max_ms"] = results.Max(one => one.MaxMs),
                ["errors"] = results.Sum(one => one.Errors + one.Record.Unanswered),
                ["gc_pause_ms"] = results.Sum(one => one.GcPauseMs),
            },
            Chart = new Chart(
                string.Create(CultureInfo.InvariantCulture, $"Soak: {plan.Calls} calls, {plan.Rate:0} utterances/s"),
                "seconds",
                "ms · MB",
                isXLog: false,
                isYLog: true,
                [Line("p99 ms", one => one.LatencyMs(99)), Line("max ms", one => one.MaxMs), Line("RSS MB", one => one.ResidentMb), Line("heap MB", one => one.HeapMb)]),
        };

        Series Line(string name, Func<PhaseResult, double> of) => new(name, [.. results.Select((result, i) => ((i + 1) * slice.TotalSeconds, of(result)))]);
    }
}
