namespace RetentionScore.Core.Signals;

/// <summary>
/// Belief and decision are separate: what is more likely said than not is told, but the dialogue moves only on what is sure.
/// A wrong word in an explanation costs little, a wrong prompt costs a call its quiet.
/// </summary>
internal static class EvidenceLine
{
    /// <summary>From here on a signal counts as said.</summary>
    public const float Told = 0.5f;

    /// <summary>What the learned model found by itself and is not sure of.</summary>
    public const float Unsure = 0.51f;

    /// <summary>From here on the dialogue moves.</summary>
    public const float Acted = 0.53f;
}
