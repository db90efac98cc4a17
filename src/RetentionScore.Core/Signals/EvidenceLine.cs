namespace RetentionScore.Core.Signals;

/// <summary>
/// Belief and decision are separate: how probable a signal is, is told as it is, but the dialogue moves only on what is sure. A wrong word in an
/// explanation costs little, a wrong prompt costs a call its quiet.
/// </summary>
internal static class EvidenceLine
{
    /// <summary>
    /// The operating point: who has to say of each signal whether it holds says yes from here on. Probabilities are calibrated, and F1 is best at half of
    /// what it can be (Lipton, Elkan and Naryanaswamy 2014), so one line serves all signals.
    /// </summary>
    public const float Told = 0.35f;

    /// <summary>Phrases from here on are sure by themselves; below, they are hints.</summary>
    public const float Said = 0.5f;

    /// <summary>From here on the dialogue moves.</summary>
    public const float Acted = 0.53f;

    /// <summary>Below this a belief is not worth a place in the log: risks do not weigh it.</summary>
    public const float Weighed = 0.05f;
}
