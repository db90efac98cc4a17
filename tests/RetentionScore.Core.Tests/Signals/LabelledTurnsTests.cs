using System.Text.Json;
using System.Text.RegularExpressions;
using RetentionScore.Core.Signals;

namespace RetentionScore.Core.Tests.Signals;

/// <summary>tests/labels: what is measured on shares no wording with what is trained on, and every label is a signal of the side that speaks.</summary>
public sealed partial class LabelledTurnsTests
{
    private const int Gram = 5;
    private const int Opening = 4;

    private static readonly Fragment[] Train =
        [.. Directory.EnumerateFiles(PathOf("train"), "*.jsonl").Order(StringComparer.Ordinal).SelectMany(Read)];

    private static readonly Fragment[] HeldOut = Read(PathOf("heldout.jsonl"));

    // Not labelled to the end yet, and never to be trained on either.
    private static readonly Fragment[] NeverTrained = [.. HeldOut, .. Read(PathOf("heldout-next.jsonl"))];

    [Fact]
    public void TrainAndHeldOut_ShareNoFiveWords()
    {
        HashSet<string> known = [.. NeverTrained.SelectMany(fragment => fragment.Turns).SelectMany(turn => Grams(turn.Text))];
        string[] shared = [.. Train.SelectMany(fragment => fragment.Turns.SelectMany(turn =>
            Grams(turn.Text).Where(known.Contains).Select(gram => $"{fragment.Id} {turn.Seq}: {gram}")))];
        Assert.NotEmpty(known);
        Assert.Empty(shared);
    }

    [Fact]
    public void TrainAndHeldOut_ShareNoOpening()
    {
        static string First(Fragment fragment) => string.Join(' ', Words(fragment.Turns[0].Text).Take(Opening));
        HashSet<string> known = [.. NeverTrained.Select(First)];
        Assert.Empty(Train.Where(fragment => known.Contains(First(fragment))).Select(fragment => fragment.Id));
    }

    [Fact]
    public void HeldOut_HasLinesOfBusinessNeverTrainedOn() =>
        Assert.True(HeldOut.Select(fragment => fragment.Line).Except(Train.Select(fragment => fragment.Line)).Distinct().Count() >= 2);

    [Fact]
    public void Labels_AreSignalsOfTheSideThatSpeaks()
    {
        var wrong = from fragment in Train.Concat(HeldOut)
                    from turn in fragment.Turns
                    from label in turn.Labels!
                    where !SignalCatalogue.TryParse(label, out Signal signal)
                        || !(turn.Speaker == "CUSTOMER" ? SignalCatalogue.OfCustomer(signal) : SignalCatalogue.OfAgent(signal))
                    select $"{fragment.Id} {turn.Seq}: {label}";
        Assert.Empty(wrong);
    }

    [Fact]
    public void Train_SaysEachFragmentOnce() => Assert.Empty(Train.GroupBy(fragment => fragment.Id).Where(same => same.Count() > 1).Select(same => same.Key));

    [Fact]
    public void HeldOut_SaysWhatBothPassesSay_AndNothingThatNeitherDoes()
    {
        Dictionary<(string, int), string[]> first = Pass("heldout-first.jsonl"), second = Pass("heldout-second.jsonl");
        Assert.All(HeldOut, fragment => Assert.All(fragment.Turns, turn =>
        {
            string[] one = first[(fragment.Id, turn.Seq)], other = second[(fragment.Id, turn.Seq)];
            Assert.Empty(turn.Labels!.Except(one.Union(other)));
            Assert.Empty(one.Intersect(other).Except(turn.Labels!));
        }));
    }

    private static Dictionary<(string Id, int Seq), string[]> Pass(string name) =>
        (from line in File.ReadLines(PathOf(name))
         let fragment = JsonSerializer.Deserialize<PassOfFragment>(line, JsonSerializerOptions.Web)!
         from turn in fragment.Turns
         select (fragment.Id, turn)).ToDictionary(said => (said.Id, said.turn.Key), said => said.turn.Value);

    private static IEnumerable<string> Grams(string text)
    {
        string[] words = Words(text);
        for (int i = 0; i + Gram <= words.Length; i++) yield return string.Join(' ', words.AsSpan(i, Gram)!);
    }

    private static string[] Words(string text) => [.. Word().Matches(text.Replace("'", "", StringComparison.Ordinal)).Select(match => match.Value)];

    private static string PathOf(string name) => Path.Combine(Path.GetDirectoryName(Scenarios.ScenarioFile.Root)!, "labels", name);

    private static Fragment[] Read(string path) =>
        [.. File.ReadLines(path).Select(line => JsonSerializer.Deserialize<Fragment>(line, JsonSerializerOptions.Web)!)];

    [GeneratedRegex("[a-z0-9]+", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Word();

    private sealed record Fragment(string Id, string Line, Turn[] Turns);

    private sealed record PassOfFragment(string Id, Dictionary<int, string[]> Turns);

    private sealed record Turn(int Seq, string Speaker, string Text, string[]? Labels);
}
