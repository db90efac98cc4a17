using System.Text;
using RetentionScore.Cli.Learning;
using RetentionScore.Core.Signals;
using RetentionScore.Core.Signals.Linear;

namespace RetentionScore.Cli.Tests.Learning;

/// <summary>The arithmetic that an evaluation rests on.</summary>
public class MeasuringTests
{
    [Fact]
    public void Bootstrap_OfItemsThatComeTogether_IsWiderThanOfItemsAlone()
    {
        // Ten calls of fifty turns that are all right or all wrong: ten things are known, not five hundred.
        var scored = new (double Score, bool Positive)[500];
        for (int i = 0; i < scored.Length; i++) scored[i] = (i / 50 % 3 == 0 ? 0.2 + (0.001 * i) : 0.8 - (0.001 * i), i % 2 == 0 == (i / 50 % 3 != 0));
        string[] calls = [.. Enumerable.Range(0, 500).Select(i => $"call {i / 50}")], alone = [.. Enumerable.Range(0, 500).Select(i => $"item {i}")];
        var (byCall, _) = Bootstrap.Run(scored, null, (sorted, times) => Bootstrap.F1At(0.5, sorted, times), calls, 1);
        var (byItem, _) = Bootstrap.Run(scored, null, (sorted, times) => Bootstrap.F1At(0.5, sorted, times), alone, 1);
        Assert.True(byCall.High - byCall.Low > 2 * (byItem.High - byItem.Low), $"{byCall} against {byItem}");
    }

    [Fact]
    public void Bootstrap_OfAScoreAgainstItself_HasNoDifference()
    {
        (double, bool)[] scored = [.. Enumerable.Range(0, 200).Select(i => ((i * 37 % 101) / 101.0, i % 3 == 0))];
        var (_, difference) = Bootstrap.Run(scored, scored, Bootstrap.Auc, [.. Enumerable.Range(0, 200).Select(i => $"{i}")], 1);
        Assert.Equal(new Bootstrap.Interval(0, 0), difference);
    }

    [Fact]
    public void Graft_OfOneHead_LeavesTheOthersAsTheyWere()
    {
        LinearTables shipped = SignalReader.BuiltIn.Model!.SideOf(Core.Speaker.Customer)!.Tables;
        int at = Array.FindIndex(shipped.Heads, head => head.Signal == Signal.Frustration);
        // A head of its own, over words that the shipped one may not know.
        ulong known = shipped.WordKeys[7];
        var other = new LinearTables([shipped.Heads[at] with { Bias = 3 }], [known, 12345], [11, -22], [shipped.FeatureKeys[3]], [5], new short[shipped.DirectRows.Length / shipped.Heads.Length]);
        LinearTables grafted = Graft.Of(shipped, other);
        Assert.Equal(3, grafted.Heads[at].Bias);
        int heads = shipped.Heads.Length, added = grafted.WordKeys.Length - 1;
        Assert.Equal(shipped.WordKeys.Length, added);
        Assert.Equal(12345ul, grafted.WordKeys[added]);
        Assert.Equal((11, -22, 0), (grafted.WordRows[(7 * heads) + at], grafted.WordRows[(added * heads) + at], grafted.WordRows[(8 * heads) + at]));
        for (int row = 0; row < 100; row++)
        {
            for (int h = 0; h < heads; h++)
            {
                if (h != at) Assert.Equal(shipped.WordRows[(row * heads) + h], grafted.WordRows[(row * heads) + h]);
            }
        }

        SignalReader reader = SignalReader.BuiltIn.With(new LinearModel("grafted", grafted, LinearTables.None));
        const string Text = "i want to cancel my broadband";
        SignalReading before = SignalReader.BuiltIn.Read(Text, Core.Speaker.Customer), after = reader.Read(Text, Core.Speaker.Customer);
        Assert.Equal(before[Signal.CancelRequest], after[Signal.CancelRequest]);
        Assert.Equal(before[Signal.Complaint], after[Signal.Complaint]);
        Assert.NotEqual(before[Signal.Frustration], after[Signal.Frustration]);
    }

    [Fact]
    public void Regression_WithARule_LearnsFromIt()
    {
        // The words say nothing, the rule everything.
        (string, bool)[] items = [.. Enumerable.Range(0, 60).Select(i => ($"word{i} other{i}", i % 2 == 0))];
        double Rule(string text) => int.Parse(text.AsSpan(4, text.IndexOf(' ', StringComparison.Ordinal) - 4), System.Globalization.CultureInfo.InvariantCulture) % 2 == 0 ? 1 : 0;
        var regression = new TfidfRegression(items, Rule);
        Assert.True(regression.LogOdds("word100 other100") > regression.LogOdds("word101 other101") + 1);
    }

    [Theory]
    [InlineData("dropped")]
    [InlineData("misheard")]
    public void Spoiling_IsTheSameEachTime_AndChangesSomeWords(string way)
    {
        string[] texts = [.. Enumerable.Range(0, 50).Select(i => $"i want to cancel my account with your service for line {i} please")];
        string[] spoiled = [.. texts.Select(Spoiling.Way(way))];
        Assert.Equal(spoiled, texts.Select(Spoiling.Way(way)));
        Assert.InRange(texts.Zip(spoiled).Count(pair => pair.First != pair.Second), 20, 50);
        if (way == "dropped") Assert.InRange((double)spoiled.Sum(text => text.Split(' ').Length) / texts.Sum(text => text.Split(' ').Length), 0.85, 0.95);
    }

    [Fact]
    public async Task Evaluate_OfTheWrittenCalls_PrintsRisksAndDrawsThem()
    {
        string root = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(root, "RetentionScore.sln"))) root = Path.GetDirectoryName(root)!;
        string folder = Directory.CreateTempSubdirectory("evaluate-").FullName;
        try
        {
            string plot = Path.Combine(folder, "plot.svg"), json = Path.Combine(folder, "all.json");
            Outcome outcome = await Shell.RunAsync(
                "evaluate", "--data", folder, "--set", "written", "--calls", Path.Combine(root, "tests", "calls"), "--labels", Path.Combine(root, "tests", "labels"), "--plot", plot, "--json", json);
            Assert.Equal("", string.Concat(outcome.Error.Split('\n').Where(line => line.StartsWith("retentionscore:", StringComparison.Ordinal))));
            Assert.Equal(0, outcome.ExitCode);
            Assert.Contains("| written | overall | 960 |", outcome.Output, StringComparison.Ordinal);
            var panels = System.Xml.Linq.XDocument.Parse(await File.ReadAllTextAsync(plot, Encoding.UTF8));
            Assert.Equal(7, panels.Descendants("{http://www.w3.org/2000/svg}g").Count());
            var risks = System.Text.Json.JsonDocument.Parse(await File.ReadAllTextAsync(json)).RootElement.GetProperty("risks").EnumerateArray().ToArray();
            Assert.Equal(7, risks.Select(risk => risk.GetProperty("score").GetString()).Distinct().Count());
            // After a quarter, a half, three quarters and all of the calls.
            Assert.Equal(5, risks.Count(risk => risk.GetProperty("score").GetString() == "cancel_intent"));
            Assert.All(risks, risk => Assert.InRange(
                risk.GetProperty("reliability").GetProperty("auc").GetDouble(),
                risk.GetProperty("auc_interval").GetProperty("low").GetDouble(),
                risk.GetProperty("auc_interval").GetProperty("high").GetDouble()));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
