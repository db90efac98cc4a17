using System.Globalization;

namespace RetentionScore.Core.Signals;

/// <summary>
/// Turns a phrase into plain sequences of steps. Words of one list stay one step (a class of words); alternatives of several words become
/// sequences of their own.
/// </summary>
internal sealed class PhraseExpander(Dictionary<string, string> lists, Func<string, int> wordClass, Func<string, IReadOnlyCollection<string>, int> listClass)
{
    /// <summary>Sequences of one phrase at most: a list of many-word items used twice is usually a mistake.</summary>
    public const int MostSequences = 10000;

    /// <summary>A token of that class, after at most <paramref name="Gap"/> others.</summary>
    public readonly record struct Step(int Class, int Gap);

    /// <summary>One way to say the phrase.</summary>
    public sealed record Sequence(Step[] Steps, bool AtStart, bool AtEnd);

    private readonly Dictionary<string, List<Step[]>> _alternativesOfList = new(StringComparer.Ordinal);

    public List<Sequence> Expand(PatternFile.Phrase phrase)
    {
        string text = phrase.Text;
        bool atStart = text.StartsWith('^'), atEnd = text.EndsWith('$');
        text = text.TrimStart('^').TrimEnd('$').Trim();
        var sequences = ExpandText(text, phrase.Where);
        if (sequences.Count > MostSequences) throw new FormatException($"{phrase.Where}: {sequences.Count} ways to say it, {MostSequences} is the limit");
        if (sequences.Exists(s => s.Length == 0)) throw new FormatException($"{phrase.Where}: can be said without a word");
        return [.. sequences.Select(s => new Sequence(s, atStart, atEnd))];
    }

    private List<Step[]> ExpandText(string text, string where)
    {
        List<Step[]> ways = [[]];
        int gap = 0;
        foreach (string element in Split(text, ' ', where))
        {
            if (element.StartsWith("..", StringComparison.Ordinal))
            {
                if (!int.TryParse(element.AsSpan(2), NumberStyles.None, NumberFormatInfo.InvariantInfo, out int n) || n > 12)
                    throw new FormatException($"{where}: '{element}' is not a gap of up to 12 words");
                gap += n;
                if (gap > PhraseAutomaton.MostGap) throw new FormatException($"{where}: gaps of {gap} words, {PhraseAutomaton.MostGap} is the limit");
                continue;
            }

            bool optional = element.EndsWith('?');
            var choices = Alternatives(optional ? element[..^1] : element, where);
            var longer = new List<Step[]>(ways.Count * (choices.Count + 1));
            foreach (var way in ways)
            {
                // The gap before a word that may be left out holds for the word behind it, too.
                if (optional) longer.Add(way);
                foreach (var choice in choices)
                {
                    var joined = new Step[way.Length + choice.Length];
                    way.CopyTo(joined, 0);
                    choice.CopyTo(joined, way.Length);
                    joined[way.Length] = choice[0] with { Gap = way.Length == 0 ? 0 : gap };
                    longer.Add(joined);
                }
            }

            ways = longer;
            if (ways.Count > MostSequences * 4) throw new FormatException($"{where}: too many ways to say it");
            if (!optional) gap = 0;
        }

        return ways;
    }

    private List<Step[]> Alternatives(string element, string where)
    {
        if (element == "#") return [[new Step(wordClass("#"), 0)]];
        if (element.StartsWith('(')) return AlternativesOf(element[1..^1], "inline", where);
        if (!element.StartsWith('<')) return [[new Step(wordClass(element), 0)]];
        string name = element[1..^1];
        if (_alternativesOfList.TryGetValue(name, out var known)) return known;
        if (!lists.TryGetValue(name, out string? items)) throw new FormatException($"{where}: no list <{name}>");
        _alternativesOfList[name] = []; // a list that names itself adds nothing
        return _alternativesOfList[name] = AlternativesOf(items, name, where);
    }

    private List<Step[]> AlternativesOf(string items, string name, string where)
    {
        var words = new SortedSet<string>(StringComparer.Ordinal);
        var ways = new List<Step[]>();
        foreach (string item in Split(items, '|', where))
        {
            string trimmed = item.Trim();
            if (trimmed.Length == 0) continue;
            bool single = trimmed.All(c => c is (>= 'a' and <= 'z') or (>= '0' and <= '9') or > '\x7f');
            if (single) words.Add(trimmed);
            else ways.AddRange(ExpandText(trimmed, where));
        }

        if (ways.Exists(w => w.Length == 0)) throw new FormatException($"{where}: an alternative of '{items}' can be said without a word");
        if (words.Count > 0)
        {
            string key = name == "inline" ? "(" + string.Join('|', words) + ")" : name;
            int classId = words.Count == 1 ? wordClass(words.Min!) : listClass(key, words);
            ways.Insert(0, [new Step(classId, 0)]);
        }

        return ways;
    }

    /// <summary>Splits at a separator outside round brackets.</summary>
    private static List<string> Split(string text, char separator, string where)
    {
        var parts = new List<string>();
        int depth = 0, begin = 0;
        for (int i = 0; i <= text.Length; i++)
        {
            char c = i < text.Length ? text[i] : separator;
            if (c == '(') depth++;
            if (c == ')') depth--;
            if (i < text.Length && (c != separator || depth != 0)) continue;
            if (i > begin) parts.Add(text[begin..i]);
            begin = i + 1;
        }

        if (depth != 0) throw new FormatException($"{where}: a bracket is not closed");
        return parts;
    }
}
