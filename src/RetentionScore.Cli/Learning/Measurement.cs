using RetentionScore.Cli.Calibrating;

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

    /// <summary>At the shipped operating point, phrases and model together; of a risk at 0.5.</summary>
    public required double F1 { get; init; }

    public Bootstrap.Interval F1Interval { get; init; }

    /// <summary>F1 of phrases alone; null for a risk.</summary>
    public double? PhrasesF1 { get; init; }

    /// <summary>The regression of a day's work.</summary>
    public required double BaselineAuc { get; init; }

    public required double BaselineBestF1 { get; init; }

    /// <summary>Ours less the baseline, paired.</summary>
    public Bootstrap.Interval AucDifference { get; init; }

    public Bootstrap.Interval BestF1Difference { get; init; }

    /// <summary>F1 of the published keyword rule and of the day's rule alone, for requests to cancel.</summary>
    public double? PublishedRuleF1 { get; init; }

    public double? DaysWorkF1 { get; init; }

    public double? AucBar { get; init; }

    public double? BestF1Bar { get; init; }

    /// <summary>Whether probabilities mean what they say, once shifted to the set's base rate.</summary>
    public required Reliability Calibration { get; init; }

    /// <summary>Points of AUC and of best F1 that are lost on spoiled words, by the way of spoiling.</summary>
    public required IReadOnlyDictionary<string, Loss> Losses { get; init; }

    /// <summary>Whether the bars are reached; null where there is none.</summary>
    public bool? IsReached => AucBar is null && BestF1Bar is null ? null : !(Auc < AucBar) && !(BestF1 < BestF1Bar);

    /// <summary>Points: hundredths.</summary>
    internal readonly record struct Loss(double Auc, double BestF1);
}
