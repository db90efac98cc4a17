namespace RetentionScore.Core.Signals.Linear;

/// <summary>Features that are not words, in a short fixed list: each phrase signal, strong or weak, the length, and what was done before.</summary>
internal static class DirectFeature
{
    private const int LengthBuckets = 7, FirstAct = (2 * SignalCatalogue.Count) + LengthBuckets;

    /// <summary>Kinds of <see cref="PriorActs"/>.</summary>
    public const int Acts = 13;

    /// <summary>How many there are.</summary>
    public const int Count = FirstAct + Acts;

    /// <summary>A phrase of that signal was found; weak is below 0.5.</summary>
    public static int Phrase(Signal signal, float probability) => (2 * (int)signal) + (probability >= 0.5f ? 1 : 0);

    /// <summary>One of <see cref="PriorActs"/>, by its bit.</summary>
    public static int Act(int bit) => FirstAct + bit;

    /// <summary>The length in words.</summary>
    public static int Length(int words) => (2 * SignalCatalogue.Count) + (words switch { <= 1 => 0, 2 => 1, <= 4 => 2, <= 8 => 3, <= 16 => 4, <= 32 => 5, _ => 6 });
}
