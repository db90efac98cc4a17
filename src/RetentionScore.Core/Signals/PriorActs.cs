namespace RetentionScore.Core.Signals;

/// <summary>
/// What was done before an utterance, as far as it changes what short words mean: acts of the other side's last turn, and whether the customer has asked to leave.
/// Numbers are part of the weights' format.
/// </summary>
[Flags]
internal enum PriorActs : ushort
{
    None = 0,

    /// <summary>The agent asked why.</summary>
    Why = 1,
    Offer = 2,
    Rebuttal = 4,
    PutOff = 8,
    Block = 16,

    /// <summary>The agent asked whether to cancel.</summary>
    AsksIfCancel = 32,
    AsksToRepeat = 64,

    /// <summary>The agent asked what yes or no answers.</summary>
    YesNo = 128,

    /// <summary>The agent asked, checked or announced something else.</summary>
    Neutral = 256,

    /// <summary>The customer asked to leave in his last turn.</summary>
    Request = 512,
    Invites = 1024,

    /// <summary>The customer asked something.</summary>
    Asks = 2048,

    /// <summary>A request or a hint is open.</summary>
    Open = 4096,
}
