using RetentionScore.LoadTests.Reports;
using RetentionScore.LoadTests.Servers;

namespace RetentionScore.LoadTests.Runs;

/// <summary>Everybody at once: all connections are made and all calls opened in one moment; later all are cut, and everybody comes back to the same calls.</summary>
internal static class StormRun
{
    internal static async Task<Outcome> RunAsync(Settings settings, Progress progress)
    {
        using ServerUnderTest server = await ServerUnderTest.StartAsync(settings);
        using var load = new Load(settings.Plan, server.Grpc, server.Watch);
        progress.Begin("everybody comes", load.Record);
        PhaseResult come = load.Start(settings.Plan.Rate) with { Name = "everybody comes" };
        progress.Begin("everybody was cut off and comes back", load.Record);
        PhaseResult back = load.Run("everybody comes back", settings.Plan.Rate, settings.Plan.Duration, load.CutAll);
        load.Settle(SteadyRun.SettleTime);
        return new Outcome([come, back])
        {
            Figures =
            {
                ["open_p50_ms"] = come.OpeningMs(50),
                ["open_max_ms"] = come.OpeningMs(100),
                ["attach_p50_ms"] = back.OpeningMs(50),
                ["attach_max_ms"] = back.OpeningMs(100),
            },
        };
    }
}
