using RetentionScore.V1;

namespace RetentionScore.Cli.Scoring;

/// <summary>The worst, and the most, of what was said of one call. Filled update by update, by one thread.</summary>
internal sealed class CallTally
{
    /// <summary>Updates of messages with a seq.</summary>
    public int Messages { get; private set; }

    /// <summary>How far the request to leave came; WITHDRAWN only where it was there from nothing.</summary>
    public CancelStage FurthestStage { get; private set; } = CancelStage.None;

    /// <summary>Where it stands.</summary>
    public CancelStage Stage { get; private set; } = CancelStage.None;

    /// <summary>The highest band.</summary>
    public RiskBand PeakBand { get; private set; }

    /// <summary>The highest <c>risk.overall</c>, 0 to 1.</summary>
    public float PeakOverall { get; private set; }

    /// <summary>The highest <c>risk.retention_pressure</c>, 0 to 1.</summary>
    public float PeakPressure { get; private set; }

    /// <summary>Every recommendation that was new, in its order; each id once.</summary>
    public IReadOnlyCollection<Recommendation> Raised => raised.Values;

    private readonly OrderedDictionary<string, Recommendation> raised = new(StringComparer.Ordinal);

    /// <summary>Whether the customer asked to leave, as the server saw it.</summary>
    public bool ReachedRequested => FurthestStage is >= CancelStage.Requested and <= CancelStage.Confirmed;

    /// <summary>Whether the ending was held to be more likely bad than not.</summary>
    public bool ReachedHigh => PeakBand >= RiskBand.High;

    /// <summary>Whether an action was recommended at any time.</summary>
    public bool Advised(RecommendedAction action) => raised.Values.Any(recommendation => recommendation.Action == action);

    /// <summary>Takes one update, and tells which recommendations are new with it.</summary>
    public IReadOnlyList<Recommendation> Add(ScoreUpdate update)
    {
        Messages++;
        Stage = update.CancelStage;
        if (update.CancelStage <= CancelStage.Confirmed && update.CancelStage > FurthestStage) FurthestStage = update.CancelStage;
        if (update.Band > PeakBand) PeakBand = update.Band;
        if (update.Risk is { } risk)
        {
            PeakOverall = Math.Max(PeakOverall, risk.Overall);
            PeakPressure = Math.Max(PeakPressure, risk.RetentionPressure);
        }

        return [.. update.Recommendations.Where(IsInForce).Where(recommendation => raised.TryAdd(recommendation.Id, recommendation))];
    }

    private static bool IsInForce(Recommendation recommendation) => recommendation.State is RecommendationState.New or RecommendationState.Standing;
}
