namespace RetentionScore.Cli.Learning;

/// <summary>What a task came to.</summary>
internal sealed record Measurement
{
    public required string Set { get; init; }

    public required string Name { get; init; }

    public required int Items { get; init; }

    public required int Positives { get; init; }

    public required double Auc { get; init; }

    public Bootstrap.Interval AucInterval { get; init; }

    public required double BestF1 { get; init; }

    public Bootstrap.Interval BestF1Interval { get; init; }

    /// <summary>At the shipped line: a probability of 0.5, phrases and model together.</summary>
    public required double F1 { get; init; }

    public Bootstrap.Interval F1Interval { get; init; }

    /// <summary>F1 of phrases alone at 0.5.</summary>
    public required double PhrasesF1 { get; init; }

    /// <summary>The TF-IDF regression trained on the set, where it is cross-validated.</summary>
    public double? BaselineAuc { get; init; }

    public double? BaselineBestF1 { get; init; }

    public Bootstrap.Interval? AucDifference { get; init; }

    public Bootstrap.Interval? BestF1Difference { get; init; }

    /// <summary>F1 of the published keyword rule and of a day's work, for requests to cancel.</summary>
    public double? PublishedRuleF1 { get; init; }

    public double? DaysWorkF1 { get; init; }

    public double? AucBar { get; init; }

    public double? BestF1Bar { get; init; }
}
