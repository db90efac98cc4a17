using System.Text.Json;
using System.Text.RegularExpressions;
using RetentionScore.V1;

namespace RetentionScore.Fuzz;

/// <summary>Real conversations: the demo's calls as they are, and the turns of all scenarios.</summary>
internal sealed partial class Seeds
{
    /// <summary>In every text that is sent: it may show up nowhere but in the answers to whoever sent it.</summary>
    internal const string Planted = "xyloquartz7291";

    private Seeds(IReadOnlyList<IReadOnlyList<Utterance>> calls, IReadOnlyList<string> texts) => (Calls, Texts) = (calls, texts);

    internal IReadOnlyList<IReadOnlyList<Utterance>> Calls { get; }

    internal IReadOnlyList<string> Texts { get; }

    internal static Seeds Read(string root)
    {
        var calls = new List<IReadOnlyList<Utterance>>();
        foreach (string line in File.ReadLines(Path.Combine(root, "src/RetentionScore.Cli/Demo/calls.jsonl")))
        {
            using JsonDocument call = JsonDocument.Parse(line);
            calls.Add([.. call.RootElement.GetProperty("turns").EnumerateArray().Where(turn => turn.TryGetProperty("text", out _)).Select((turn, i) => new Utterance
            {
                Seq = (uint)i + 1,
                Speaker = Enum.Parse<Speaker>(turn.GetProperty("speaker").GetString()!, ignoreCase: true),
                Text = turn.GetProperty("text").GetString()!,
                StartMs = turn.GetProperty("start_ms").GetInt32(),
                EndMs = turn.GetProperty("end_ms").GetInt32(),
            })]);
        }

        var texts = Directory.EnumerateFiles(Path.Combine(root, "tests/scenarios"), "*.yaml", SearchOption.AllDirectories).Order(StringComparer.Ordinal)
            .SelectMany(File.ReadLines).Select(line => Turn().Match(line)).Where(turn => turn.Success).Select(turn => turn.Groups["text"].Value).ToList();
        if (calls.Count < 10 || texts.Count < 500) throw new InvalidOperationException($"{calls.Count} calls and {texts.Count} turns of scenarios: there should be more");
        return new Seeds(calls, texts);
    }

    [GeneratedRegex("^- (agent|customer|supervisor|bot): (?<text>.+)$", RegexOptions.ExplicitCapture)]
    private static partial Regex Turn();
}
