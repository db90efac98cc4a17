namespace RetentionScore.Cli.Tests;

public class CommandLineTests
{
    [Theory]
    [InlineData("FILE is 'nowhere.jsonl', which is no file", "score", "nowhere.jsonl")]
    [InlineData("FILE is 'nowhere.jsonl', which is no file", "replay", "nowhere.jsonl", "--server", "http://127.0.0.1:5080")]
    [InlineData("--server is '127.0.0.1:5080', must be http://host:port or https://host:port", "replay", "/dev/null", "--server", "127.0.0.1:5080")]
    [InlineData("--server is 'ftp://x', must be http://host:port or https://host:port", "score", "/dev/null", "--server", "ftp://x")]
    [InlineData("--speed is '0', must be 0.25 to 1000, or max", "demo", "--speed", "0")]
    [InlineData("--speed is 'fast', must be 0.25 to 1000, or max", "demo", "--speed", "fast")]
    [InlineData("Argument 'xml' not recognized. Must be one of:", "score", "/dev/null", "--output", "xml")]
    [InlineData("Option '--server' is required.", "replay", "/dev/null")]
    [InlineData("Unrecognized command or argument 'dance'.", "dance")]
    [InlineData("RetentionScore:Limits:MaxLiveCalls = '0': must be a whole number from 1 to 10000000", "serve", "--Limits:MaxLiveCalls=0")]
    public async Task Run_WrongCommandLine_SaysWhatAndEndsWithTwo(string problem, params string[] args)
    {
        Outcome outcome = await Shell.RunAsync(args);
        Assert.Equal(2, outcome.ExitCode);
        Assert.StartsWith($"retentionscore: {problem}", outcome.Error, StringComparison.Ordinal);
        Assert.Equal("", outcome.Output);
    }

    [Theory]
    [InlineData("version")]
    [InlineData("--version")]
    public async Task Version_IsPrinted(string how)
    {
        Outcome outcome = await Shell.RunAsync(how);
        Assert.Equal(0, outcome.ExitCode);
        Assert.Matches(@"^retentionscore \d+\.\d+\.\d+\n$", outcome.Output);
    }

    [Fact]
    public async Task NoArguments_HelpNamesEveryCommand()
    {
        Outcome outcome = await Shell.RunAsync();
        Assert.Equal(0, outcome.ExitCode);
        Assert.All(new[] { "demo", "score", "replay", "serve", "version" }, name => Assert.Contains($"  {name}", outcome.Output, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("ready\n")]
    [InlineData("ok\n", "--live")]
    public async Task Health_IsWhatTheServerSays_AndAFailureOnceItIsGone(string said, params string[] flags)
    {
        string listen;
        await using (RunningServer server = await RunningServer.StartAsync())
        {
            listen = $"--Listen:Ops={server.Ops.Authority}";
            Outcome outcome = await Shell.RunAsync(["health", listen, .. flags]);
            Assert.Equal((0, said), (outcome.ExitCode, outcome.Output));
        }

        Outcome gone = await Shell.RunAsync(["health", listen, .. flags]);
        Assert.Equal(1, gone.ExitCode);
        Assert.Contains("refused", gone.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task JournalErase_NamesOneThing_AndTellsHowManyCallsItRemoved()
    {
        string folder = Directory.CreateTempSubdirectory("journal-").FullName;
        try
        {
            string path = $"--Journal:Path={Path.Combine(folder, "journal.db")}";
            Assert.Equal(2, (await Shell.RunAsync("journal", "erase", path)).ExitCode);
            Assert.Equal(2, (await Shell.RunAsync("journal", "erase", path, "--call", "c", "--customer", "d")).ExitCode);
            Outcome outcome = await Shell.RunAsync("journal", "erase", "--Journal:Store=sqlite", path, "--call", "c");
            Assert.Equal((0, "0 calls erased\n"), (outcome.ExitCode, outcome.Output));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
