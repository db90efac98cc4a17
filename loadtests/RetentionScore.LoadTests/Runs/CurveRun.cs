using System.Globalization;
using RetentionScore.LoadTests.Reports;
using RetentionScore.LoadTests.Servers;

namespace RetentionScore.LoadTests.Runs;

/// <summary>
/// Steps the rate up until it is not achieved any more, or so much of it comes too late that nobody would call it live: the curve of latency over
/// rate, and the saturation.
/// </summary>
internal static class CurveRun
{
    private const double Step = 1.25, AchievedShare = 0.9, LatestP99Ms = 200;

    internal static async Task<Outcome> RunAsync(Settings settings, int mostSteps, Progress progress)
    {
        using ServerUnderTest server = await ServerUnderTest.StartAsync(settings);
        using var load = new Load(settings.Plan, server.Grpc, server.Watch);
        progress.Begin("warm-up", load.Record);
        load.Start(settings.Plan.Rate);
        var results = new List<PhaseResult>();
        double rate = settings.Plan.Rate;
        do
        {
            string name = string.Create(CultureInfo.InvariantCulture, $"{rate:0}/s");
            progress.Begin(name, load.Record);
            load.Run(name, rate, settings.Plan.Warmup);
            results.Add(load.Run(name, rate, settings.Plan.Duration));
            rate *= Step;
        }
        while (IsCarried(results[^1]) && results.Count < mostSteps);
        load.Settle(SteadyRun.SettleTime);
        string carriage = settings.Plan.Carriage.ToString().ToLowerInvariant();
        return new Outcome(results)
        {
            Figures =
            {
                ["saturation_per_second"] = results.Max(result => result.Achieved),
                ["carried_per_second"] = results.Where(IsCarried).Select(result => result.Rate).DefaultIfEmpty(double.NaN).Max(),
            },
            Chart = new Chart(
                $"Latency by rate: {carriage}, {settings.Plan.Calls} calls",
                "utterances answered a second",
                "ms from when an utterance was due",
                isXLog: false,
                isYLog: true,
                [Line("p50", 50), Line("p90", 90), Line("p99", 99), Line("p99.9", 99.9)]),
        };

        Series Line(string name, double percentile) => new(name, [.. results.Select(result => (result.Achieved, result.LatencyMs(percentile)))]);
    }

    // Which calls of the mix are under way makes a rate differ by a few percent from the one that was asked for.
    private static bool IsCarried(PhaseResult result) => result.Achieved >= AchievedShare * result.Rate && result.LatencyMs(99) <= LatestP99Ms;
}
