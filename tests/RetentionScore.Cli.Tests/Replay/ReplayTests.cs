namespace RetentionScore.Cli.Tests.Replay;

public class ReplayTests
{
    [Fact]
    public async Task Replay_AtMaxSpeed_TellsWhatWasRecommendedAndTheTotals()
    {
        await using RunningServer server = await RunningServer.StartAsync();
        using var file = TemporaryFile.OfBundledCalls();
        Outcome outcome = await Shell.RunAsync("replay", file.Path, "--server", server.Address, "--speed", "max");
        Assert.Equal("", outcome.Error);
        Assert.Equal(0, outcome.ExitCode);
        Assert.Contains(outcome.Lines, line => line.Contains("broadband-civil", StringComparison.Ordinal) && line.Contains("PROCESS CANCELLATION", StringComparison.Ordinal));
        Assert.Contains(outcome.Lines, line => line.StartsWith("calls                 12, ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Replay_ASecondTime_AreOtherCalls()
    {
        await using RunningServer server = await RunningServer.StartAsync();
        using var file = TemporaryFile.OfBundledCalls();
        await Shell.RunAsync("replay", file.Path, "--server", server.Address, "--speed", "max");
        Outcome again = await Shell.RunAsync("replay", file.Path, "--server", server.Address, "--speed", "max");
        Assert.Equal(0, again.ExitCode);
    }

    [Fact]
    public async Task Replay_WithItsTimings_TakesAsLongAsTheCallByTheSpeed()
    {
        await using RunningServer server = await RunningServer.StartAsync();
        using var file = new TemporaryFile("""{"id": "c", "turns": [{"speaker": "CUSTOMER", "text": "hello", "start_ms": 19000, "end_ms": 20000}]}""");
        long from = TimeProvider.System.GetTimestamp();
        Outcome outcome = await Shell.RunAsync("replay", file.Path, "--server", server.Address, "--speed", "20");
        Assert.Equal(0, outcome.ExitCode);
        Assert.True(TimeProvider.System.GetElapsedTime(from) >= TimeSpan.FromSeconds(1));
    }

    [Fact]
    public async Task Replay_AMalformedLine_PlaysTheRestAndEndsWithOne()
    {
        await using RunningServer server = await RunningServer.StartAsync();
        using var file = new TemporaryFile("nonsense", """{"id": "c", "turns": [{"speaker": "CUSTOMER", "text": "hello"}]}""");
        Outcome outcome = await Shell.RunAsync("replay", file.Path, "--server", server.Address, "--speed", "max");
        Assert.Equal(1, outcome.ExitCode);
        Assert.StartsWith($"retentionscore: {file.Path}:1: not JSON from byte ", outcome.Error, StringComparison.Ordinal);
        Assert.Contains("calls                 1, 1 utterances", outcome.Lines);
    }
}
