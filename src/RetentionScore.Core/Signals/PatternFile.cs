using System.Globalization;

namespace RetentionScore.Core.Signals;

/// <summary>
/// A file of phrases. A line is a comment (<c># …</c>), a list (<c>@name = word | two words | &lt;other&gt;</c>), a section
/// (<c>[cancel_request]</c>), or in a section a phrase with its probability (<c>0.9 want to cancel</c>), one that negation does not touch
/// (<c>~0.9 do not want it any more</c>) or a veto (<c>- cancel my appointment</c>: matches of that section which overlap it do not count).
/// In a phrase: a word; <c>&lt;list&gt;</c>; <c>(this|or that)</c>; <c>?</c> behind any of these for "or not"; <c>..3</c> for up to three other
/// words; <c>^</c> and <c>$</c> for the utterance's first and last place; <c>#</c> for a number. Lists and alternatives nest.
/// </summary>
internal sealed class PatternFile
{
    /// <summary>A phrase as written.</summary>
    public readonly record struct Phrase(Signal Signal, float Probability, bool Veto, bool Immune, string Text, string Where);

    public Dictionary<string, string> Lists { get; } = new(StringComparer.Ordinal);

    public List<Phrase> Phrases { get; } = [];

    /// <summary>Adds a file's lines. Throws <see cref="FormatException"/> that names file, line and what is wrong.</summary>
    public void Add(string name, string text)
    {
        var section = Signal.None;
        int lineNumber = 0;
        foreach (string raw in text.Split('\n'))
        {
            lineNumber++;
            string line = raw.Trim();
            if (line.Length == 0 || line.StartsWith("# ", StringComparison.Ordinal) || line == "#") continue;
            string where = $"{name}:{lineNumber}";
            if (line[0] == '@')
            {
                int equals = line.IndexOf('=', StringComparison.Ordinal);
                if (equals < 0) throw new FormatException($"{where}: a list needs '='");
                string list = line[1..equals].Trim();
                string items = line[(equals + 1)..].Trim();
                Lists[list] = Lists.TryGetValue(list, out string? former) ? former + " | " + items : items;
            }
            else if (line[0] == '[')
            {
                if (!SignalCatalogue.TryParse(line.Trim('[', ']'), out section)) throw new FormatException($"{where}: unknown signal {line}");
            }
            else
            {
                Phrases.Add(ParsePhrase(section, line, where));
            }
        }
    }

    private static Phrase ParsePhrase(Signal section, string line, string where)
    {
        if (section == Signal.None) throw new FormatException($"{where}: a phrase outside a section");
        int space = line.IndexOf(' ', StringComparison.Ordinal);
        if (space < 0) throw new FormatException($"{where}: a phrase is a probability and words");
        string head = line[..space];
        string text = line[(space + 1)..].Trim();
        if (head == "-") return new Phrase(section, 0, Veto: true, Immune: true, text, where);
        bool immune = head[0] == '~';
        if (!float.TryParse(immune ? head[1..] : head, NumberStyles.AllowDecimalPoint, NumberFormatInfo.InvariantInfo, out float p) || p is <= 0 or >= 1)
            throw new FormatException($"{where}: '{head}' is not a probability between 0 and 1");
        return new Phrase(section, p, Veto: false, immune, text, where);
    }
}
