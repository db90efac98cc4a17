using RetentionScore.LoadTests.Reports;
using RetentionScore.LoadTests.Servers;

namespace RetentionScore.LoadTests.Runs;

/// <summary>Our server and a bare echo in turn, A B A B, under the same load: what both have of a noisy machine cancels out in the ratio.</summary>
internal static class EchoRun
{
    internal static async Task<Outcome> RunAsync(Settings settings, Progress progress)
    {
        using ServerUnderTest server = await ServerUnderTest.StartAsync(settings);
        using ServerUnderTest echo = await ServerUnderTest.StartEchoAsync(settings);
        LoadPlan plan = settings.Plan;
        var results = new List<PhaseResult>();
        for (int round = 0; round <= settings.EchoRounds; round++)
        {
            // The first round warms both up: what the compiler does on the side is nobody's cost of a message.
            string name = round == 0 ? "warm-up" : $"round {round}";
            PhaseResult ours = Once($"{name} server", plan, server), theirs = Once($"{name} echo", plan with { Carriage = Carriage.Echo }, echo);
            if (round > 0) results.AddRange(ours, theirs);
        }

        PhaseResult[] scored = [.. results.Where((_, i) => i % 2 == 0)], echoed = [.. results.Where((_, i) => i % 2 == 1)];
        double[] ratios = [.. scored.Zip(echoed, (ours, theirs) => ours.CpuUsPerUtterance / theirs.CpuUsPerUtterance).Order()];
        return new Outcome(results)
        {
            Figures =
            {
                ["server_cpu_us"] = Cpu(scored),
                ["echo_cpu_us"] = Cpu(echoed),
                ["ratio"] = Cpu(scored) / Cpu(echoed),
                ["least_ratio"] = ratios[0],
                ["greatest_ratio"] = ratios[^1],
            },
        };

        PhaseResult Once(string name, LoadPlan of, ServerUnderTest at)
        {
            using var load = new Load(of, at.Grpc, at.Watch);
            progress.Begin(name, load.Record);
            load.Start(of.Rate);
            PhaseResult result = load.Run(name, of.Rate, of.Duration);
            load.Settle(SteadyRun.SettleTime);
            return result;
        }

        static double Cpu(PhaseResult[] of) =>
            of.Sum(result => result.CpuUsPerUtterance * result.Record.Utterances) / of.Sum(result => result.Record.Utterances);
    }
}
