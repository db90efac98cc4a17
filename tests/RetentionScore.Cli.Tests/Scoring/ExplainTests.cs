using System.Text.Json;

namespace RetentionScore.Cli.Tests.Scoring;

public class ExplainTests
{
    [Fact]
    public async Task Json_ContributionsAddUp_AndTheirSpansAreTheWords()
    {
        const string Said = "I'd like to cancel my broadband, please";
        Outcome outcome = await Shell.RunAsync("explain", Said, "--json");
        Assert.Equal(0, outcome.ExitCode);
        JsonElement first = outcome.Json[0];
        Assert.Equal("cancel_request", first.GetProperty("signal").GetString());
        foreach (JsonElement signal in outcome.Json)
        {
            JsonElement[] items = [.. signal.GetProperty("contributions").EnumerateArray()];
            Assert.InRange(items.Sum(item => item.GetProperty("log_odds").GetDouble()) - signal.GetProperty("log_odds").GetDouble(), -1e-4, 1e-4);
            Assert.All(items, item => Assert.Equal(Said[item.GetProperty("begin").GetInt32()..item.GetProperty("end").GetInt32()], item.GetProperty("text").GetString()));
        }
    }

    [Fact]
    public async Task Table_NamesTheWords()
    {
        Outcome outcome = await Shell.RunAsync("explain", "why do you want to leave us", "--speaker", "agent");
        Assert.Equal(0, outcome.ExitCode);
        Assert.Contains("\nasks_why ", "\n" + outcome.Output, StringComparison.Ordinal);
        Assert.Contains("'why'", outcome.Output, StringComparison.Ordinal);
        Assert.Contains("bias", outcome.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Signal_ThatIsNone_IsRefused()
    {
        Outcome outcome = await Shell.RunAsync("explain", "hello", "--signal", "anger");
        Assert.Equal(2, outcome.ExitCode);
        Assert.Contains("--signal is 'anger'", outcome.Error, StringComparison.Ordinal);
    }
}
