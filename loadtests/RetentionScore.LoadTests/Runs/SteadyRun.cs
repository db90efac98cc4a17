using System.Globalization;
using RetentionScore.LoadTests.Reports;
using RetentionScore.LoadTests.Servers;

namespace RetentionScore.LoadTests.Runs;

/// <summary>Calls at one rate, or at several one after another. Bursts and clients that do not read are this, too: the plan says so.</summary>
internal static class SteadyRun
{
    internal static readonly TimeSpan SettleTime = TimeSpan.FromSeconds(1);

    internal static async Task<Outcome> RunAsync(Settings settings, Progress progress)
    {
        using ServerUnderTest server = await ServerUnderTest.StartAsync(settings);
        using var load = new Load(settings.Plan, server.Grpc, server.Watch);
        double[] rates = settings.Rates.Length > 0 ? settings.Rates : [settings.Plan.Rate];
        progress.Begin("warm-up", load.Record);
        double idleMb = server.Watch.Take().ResidentBytes / (1 << 20);
        load.Start(rates[0]);
        var results = new List<PhaseResult>();
        foreach (double rate in rates)
        {
            string name = string.Create(CultureInfo.InvariantCulture, $"{settings.Plan.Carriage.ToString().ToLowerInvariant()} {rate:0}/s");
            progress.Begin(name, load.Record);
            results.Add(load.Run(name, rate, settings.Plan.Duration));
        }

        load.Settle(SettleTime);
        return new Outcome(results)
        {
            Figures =
            {
                ["ready_ms"] = server.UntilReady?.TotalMilliseconds ?? double.NaN,
                ["idle_mb"] = idleMb,
                ["kib_per_call"] = (results[^1].ResidentMb - idleMb) * 1024 / Math.Max(1, results[^1].LiveCalls),
                ["summary_p99_ms"] = results[^1].SummaryMs(99),
                ["queue_p99_at_most_ms"] = results[^1].QueueMsAtMost(0.99),
                ["queue_p999_at_most_ms"] = results[^1].QueueMsAtMost(0.999),
                ["answer_p99_at_most_ms"] = results[^1].AnswerMsAtMost(0.99),
                ["answer_p999_at_most_ms"] = results[^1].AnswerMsAtMost(0.999),
                ["score_us"] = results[^1].ScoreUs,
            },
        };
    }
}
