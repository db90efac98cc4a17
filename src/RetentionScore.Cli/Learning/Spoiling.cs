namespace RetentionScore.Cli.Learning;

/// <summary>Ways in which a recogniser spoils words, to measure what is lost by them. Drawn by the text, so that a run can be repeated.</summary>
internal static class Spoiling
{
    /// <summary>The names of the ways.</summary>
    public static readonly string[] Names = ["dropped", "misheard"];

    private static readonly Dictionary<string, string> Misheard = new(StringComparer.Ordinal)
    {
        ["cancel"] = "council", ["cancelled"] = "counselled", ["account"] = "a count", ["contract"] = "contact", ["close"] = "clothes", ["leave"] = "leaf", ["leaving"] = "living",
        ["want"] = "won't", ["your"] = "you're", ["you're"] = "your", ["their"] = "there", ["there"] = "their", ["to"] = "two", ["for"] = "four", ["our"] = "are", ["are"] = "our",
        ["bill"] = "build", ["line"] = "lie", ["broadband"] = "broad band", ["no"] = "know", ["know"] = "no", ["right"] = "write", ["here"] = "hear", ["hear"] = "here", ["by"] = "bye",
        ["bye"] = "by", ["off"] = "of", ["of"] = "off", ["it's"] = "its", ["i'd"] = "i", ["i'll"] = "i", ["i've"] = "i", ["that's"] = "that", ["than"] = "then", ["then"] = "than",
        ["an"] = "and", ["and"] = "an", ["in"] = "and", ["can"] = "could", ["would"] = "will", ["sorry"] = "sorely", ["thanks"] = "banks", ["manager"] = "manage a", ["speak"] = "peak",
        ["complain"] = "company", ["service"] = "surface", ["refund"] = "re fund", ["card"] = "car", ["payment"] = "pavement", ["please"] = "police", ["why"] = "y", ["hold"] = "old",
    };

    /// <summary>A way by its name.</summary>
    public static Func<string, string> Way(string name) => name switch
    {
        "dropped" => Drop,
        "misheard" => Mishear,
        _ => text => text,
    };

    private static string Drop(string text)
    {
        string[] words = text.Split(' ');
        string kept = string.Join(' ', words.Where((_, i) => Drawing.Number(11, text, i) % 10 != 0));
        return kept.Length == 0 ? text : kept;
    }

    /// <summary>One word in five that sounds like others becomes one of them, and one in twenty loses its end.</summary>
    private static string Mishear(string text) => string.Join(' ', text.Split(' ').Select((word, i) =>
    {
        ulong draw = Drawing.Number(13, text, i);
        if (draw % 5 == 0 && Misheard.TryGetValue(word, out string? other)) return other;
        return draw % 20 == 1 && word.Length > 4 ? word[..^2] : word;
    }));
}
