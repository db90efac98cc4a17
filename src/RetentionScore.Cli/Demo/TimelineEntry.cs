using RetentionScore.V1;

namespace RetentionScore.Cli.Demo;

/// <summary>Something that happened on a call, for its timeline. Exactly one of the members after the time says what.</summary>
/// <param name="AtMs">On the call's clock.</param>
internal sealed record TimelineEntry(int AtMs)
{
    /// <summary>Words were spoken.</summary>
    public Utterance? Said { get; init; }

    /// <summary>The score after them.</summary>
    public RiskScores? Risk { get; init; }

    /// <summary>The platform told an event.</summary>
    public CallEvent? Happened { get; init; }

    /// <summary>A recommendation was made.</summary>
    public Recommendation? Advised { get; init; }

    /// <summary>A recommendation is over: followed, or withdrawn.</summary>
    public Recommendation? Settled { get; init; }
}
