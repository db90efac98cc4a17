using System.Globalization;
using RetentionScore.Core.Dialogue;
using RetentionScore.Core.Policy;
using RetentionScore.Core.Risk;

namespace RetentionScore.Core.Tests;

/// <summary>docs/how-it-scores.md says what the code does.</summary>
public class DocsTests
{
    private static readonly string Text = File.ReadAllText(Path.Combine(Path.GetDirectoryName(Path.GetDirectoryName(Scenarios.ScenarioFile.Root))!, "docs", "how-it-scores.md"));

    [Fact]
    public void EveryReason_IsDocumented() => Assert.All(Enumerable.Range(1, Reasons.Count - 1), r => Assert.Contains($"| {Reasons.Name((Reason)r)} |", Text, StringComparison.Ordinal));

    [Fact]
    public void EveryAction_IsDocumented() => Assert.All(Enum.GetNames<RecommendedAction>().Skip(1), a => Assert.Contains($"| {Caps(a)} |", Text, StringComparison.Ordinal));

    [Fact]
    public void EveryWeight_IsDocumented() => Assert.All(Rows(), row => Assert.Contains(row, Text, StringComparison.Ordinal));

    [Fact]
    public void EveryMoment_IsDocumented() => Assert.All(Enum.GetValues<MomentKind>().Skip(1), kind =>
    {
        var (name, note, praise) = MomentLog.Tell(kind);
        Assert.Contains($"| {name} | {(praise ? "yes" : "no")} | {note} |", Text, StringComparison.Ordinal);
    });

    private static IEnumerable<string> Rows() => RiskModel.All.SelectMany(m => m.Terms.Select(t =>
        string.Create(CultureInfo.InvariantCulture, $"| {Snake(m.Score.ToString())} | {Features.Note(t.Feature, 0)} | {t.Each:0.##} | {t.Most:0.##} |"))
        .Prepend(string.Create(CultureInfo.InvariantCulture, $"| {Snake(m.Score.ToString())} | bias | {m.Bias:0.###} | |")));

    private static string Snake(string name) => Caps(name).ToLowerInvariant();

    private static string Caps(string name) => string.Concat(name.Select((c, i) => (i > 0 && char.IsUpper(c) ? "_" : "") + char.ToUpperInvariant(c)));

    /// <summary>Prints the tables to paste after a change: UPDATE_DOCS=1.</summary>
    [Fact]
    public void Tables_AreInTheDocument()
    {
        if (Environment.GetEnvironmentVariable("UPDATE_DOCS") == "1") WriteTables();
        Assert.DoesNotContain("<!-- weights -->\n\nContext", Text, StringComparison.Ordinal);
    }

    private static void WriteTables()
    {
        string path = Path.Combine(Path.GetDirectoryName(Path.GetDirectoryName(Scenarios.ScenarioFile.Root))!, "docs", "how-it-scores.md");
        string weights = "<!-- weights -->\n| score | term | log-odds each | at most |\n|---|---|---|---|\n" + string.Join("\n", Rows()) + "\n";
        string moments = "|---|---|---|\n" + string.Join("\n", Enum.GetValues<MomentKind>().Skip(1).Select(k =>
        {
            var (name, note, praise) = MomentLog.Tell(k);
            return $"| {name} | {(praise ? "yes" : "no")} | {note} |";
        })) + "\n<!-- moments -->";
        string text = Text;
        int from = text.IndexOf("<!-- weights -->", StringComparison.Ordinal), to = text.IndexOf("\nContext (tenure", StringComparison.Ordinal);
        text = text[..from] + weights + text[to..];
        from = text.IndexOf("|---|---|---|", text.IndexOf("## Teachable", StringComparison.Ordinal), StringComparison.Ordinal);
        to = text.IndexOf("<!-- moments -->", StringComparison.Ordinal) + "<!-- moments -->".Length;
        File.WriteAllText(path, text[..from] + moments + text[to..]);
    }
}
