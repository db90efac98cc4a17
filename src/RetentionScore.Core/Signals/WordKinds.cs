namespace RetentionScore.Core.Signals;

/// <summary>What a word is besides a word of phrases: which lists of the pattern files that have a meaning of their own hold it.</summary>
[Flags]
internal enum WordKinds : byte
{
    None = 0,
    Negator = 1,
    NegatorOfQuestion = 2,
    NegationCarrier = 4,
    ClauseBreak = 8,
    ClauseSubject = 16,
    VetoBreak = 32,
    Backchannel = 64,
    Stopword = 128,
}

/// <summary>The names of those lists.</summary>
internal static class WordKindLists
{
    internal static readonly (string List, WordKinds Kind)[] Names =
    [
        ("negator", WordKinds.Negator), ("negator_of_question", WordKinds.NegatorOfQuestion), ("negation_carrier", WordKinds.NegationCarrier),
        ("clause_break", WordKinds.ClauseBreak), ("clause_subject", WordKinds.ClauseSubject), ("veto_break", WordKinds.VetoBreak),
        ("backchannel", WordKinds.Backchannel), ("stopword", WordKinds.Stopword),
    ];
}
