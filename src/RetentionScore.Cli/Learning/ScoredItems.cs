namespace RetentionScore.Cli.Learning;

/// <summary>What was measured, item by item: all lists are in the same order.</summary>
/// <param name="Texts">What the baselines read, as it was written.</param>
/// <param name="Positive">Labels.</param>
/// <param name="Groups">What is drawn together for intervals.</param>
internal sealed record ScoredItems(string[] Texts, bool[] Positive, string[] Groups)
{
    /// <summary>Log-odds of ours, on the words as they are.</summary>
    public required double[] LogOdds { get; init; }

    /// <summary>Probabilities as they are told.</summary>
    public required double[] Probabilities { get; init; }

    /// <summary>Of phrases alone; null for a risk.</summary>
    public double[]? Phrases { get; init; }

    /// <summary>Log-odds of the regression of a day's work.</summary>
    public required double[] Baseline { get; init; }

    /// <summary>Log-odds of ours on spoiled words, by the name of the way.</summary>
    public required IReadOnlyDictionary<string, double[]> Spoiled { get; init; }
}
