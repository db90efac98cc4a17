using System.Globalization;
using RetentionScore.LoadTests.Reports;
using RetentionScore.LoadTests.Servers;

namespace RetentionScore.LoadTests.Runs;

/// <summary>Ever more calls held at the same pace each, a fresh server for each number: what a call costs in memory, and whether scoring slows down.</summary>
internal static class StateRun
{
    internal static async Task<Outcome> RunAsync(Settings settings, int[] numbersOfCalls, double secondsBetween, Progress progress)
    {
        var results = new List<PhaseResult>();
        var figures = new Dictionary<string, double>(StringComparer.Ordinal);
        foreach (int calls in numbersOfCalls)
        {
            LoadPlan plan = settings.Plan with { Calls = calls, Rate = calls / secondsBetween, Ramp = TimeSpan.FromSeconds(Math.Max(1, calls / 5000.0)) };
            using ServerUnderTest server = await ServerUnderTest.StartAsync(settings with { Plan = plan });
            using var load = new Load(plan, server.Grpc, server.Watch);
            string name = string.Create(CultureInfo.InvariantCulture, $"{calls} calls");
            ServerSample idle = server.Watch.Take();
            double idleHeap = (await idle.Metrics)["gc_heap_bytes"];
            progress.Begin($"{name}: warm-up", load.Record);
            load.Start(plan.Rate);
            progress.Begin(name, load.Record);
            PhaseResult result = load.Run(name, plan.Rate, plan.Duration);
            load.Settle(SteadyRun.SettleTime);
            results.Add(result);
            figures[$"kib_per_call_{calls}"] = (result.After.ResidentBytes - idle.ResidentBytes) / 1024 / calls;
            figures[$"heap_kib_per_call_{calls}"] = (result.HeapMb * (1 << 20) - idleHeap) / 1024 / calls;
            figures[$"score_us_{calls}"] = result.ScoreUs;
        }

        return new Outcome(results)
        {
            Figures = figures,
            Chart = new Chart(
                $"Scoring by calls in progress: {settings.Plan.Carriage.ToString().ToLowerInvariant()}",
                "calls in progress",
                "µs of an utterance",
                isXLog: true,
                isYLog: false,
                [
                    new Series("scoring, mean", [.. results.Select(result => ((double)result.LiveCalls, result.ScoreUs))]),
                    new Series("server CPU", [.. results.Select(result => ((double)result.LiveCalls, result.CpuUsPerUtterance))]),
                ]),
        };
    }
}
