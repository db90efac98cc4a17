namespace RetentionScore.Cli.Tests.Demo;

public class DemoTests
{
    [Fact]
    public async Task DemoOnce_NoTerminal_PlainLinesAClosingTableAndZero()
    {
        Outcome outcome = await Shell.RunAsync("demo", "--once", "--speed", "60");
        Assert.Equal("", outcome.Error);
        Assert.Equal(0, outcome.ExitCode);
        Assert.DoesNotContain('\u001b', outcome.Output);
        Assert.Contains("/metrics", outcome.Lines[0], StringComparison.Ordinal);
        Assert.Contains(outcome.Lines, line => line.Contains("i'd like to disconnect our internet service please", StringComparison.Ordinal));
        Assert.Contains(outcome.Lines, line => line.Contains("> agent: STOP ASKING WHY", StringComparison.Ordinal));
        Assert.Contains(outcome.Lines, line => line.StartsWith("Caught ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Demo_TheUsualPortsAreTaken_TakesOthers()
    {
        var first = Shell.RunAsync("demo", "--once", "--speed", "60");
        var second = Shell.RunAsync("demo", "--once", "--speed", "60");
        Outcome[] outcomes = await Task.WhenAll(first, second).WaitAsync(Shell.Limit);
        Assert.All(outcomes, outcome => Assert.Equal(0, outcome.ExitCode));
        Assert.NotEqual(outcomes[0].Lines[0], outcomes[1].Lines[0]);
    }

    [Fact]
    public async Task Demo_InATerminal_DrawsTheTable()
    {
        var output = new StringWriter();
        var screen = new Screen(output, output, outputIsTerminal: true, errorIsTerminal: true);
        Assert.Equal(0, await CommandLine.RunAsync(["demo", "--once", "--speed", "200"], screen).WaitAsync(Shell.Limit));
        Assert.Contains("same why, over and over", output.ToString(), StringComparison.Ordinal);
    }
}
