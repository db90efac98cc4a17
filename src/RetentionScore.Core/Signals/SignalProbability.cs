namespace RetentionScore.Core.Signals;

/// <summary>One signal of one utterance.</summary>
/// <param name="Signal">Which.</param>
/// <param name="Probability">0 to 1.</param>
public readonly record struct SignalProbability(Signal Signal, float Probability)
{
    /// <summary>The contract's name, e.g. "cancel_request".</summary>
    public string Name => SignalCatalogue.Name(Signal);
}
