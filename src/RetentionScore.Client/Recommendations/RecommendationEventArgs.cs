using RetentionScore.V1;

namespace RetentionScore.Client;

/// <summary>What happened to a recommendation.</summary>
public enum RecommendationChange
{
    /// <summary>To be shown.</summary>
    New,
    /// <summary>Shown already; its words, urgency or expiry are others now.</summary>
    Changed,
    /// <summary>To be taken away: fulfilled, withdrawn or lapsed.</summary>
    Gone,
}

/// <summary>A change of what agent and supervisor should do. Immutable.</summary>
public sealed class RecommendationEventArgs : EventArgs
{
    /// <summary>What happened.</summary>
    public required RecommendationChange Change { get; init; }

    /// <summary>As last told; with Gone its <c>state</c> says FULFILLED or WITHDRAWN where the server said so.</summary>
    public required Recommendation Recommendation { get; init; }
}
