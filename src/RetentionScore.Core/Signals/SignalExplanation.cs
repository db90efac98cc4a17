namespace RetentionScore.Core.Signals;

/// <summary>What a contribution rests on.</summary>
public enum ContributionKind : byte
{
    /// <summary>A word of the utterance: itself, its letters, the pair with the word before it, where it stands, what denies it.</summary>
    Word,
    /// <summary>What phrases found; the span is theirs.</summary>
    Phrase,
    /// <summary>How long the utterance is.</summary>
    Length,
    /// <summary>What was done before it.</summary>
    Before,
    /// <summary>What the model believes of an utterance of which nothing is known, calibration included.</summary>
    Bias,
}

/// <summary>One thing that moved a signal.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Name">Of a phrase its signal, of what was done before its name; empty otherwise.</param>
/// <param name="BeginChar">UTF-16 code units into the text; equal to <paramref name="EndChar"/> where it is not a span.</param>
/// <param name="EndChar">One past the span.</param>
/// <param name="LogOdds">Signed.</param>
public readonly record struct SignalContribution(ContributionKind Kind, string Name, int BeginChar, int EndChar, double LogOdds);

/// <summary>Why the learned model believes a signal of one utterance as much as it does.</summary>
/// <param name="Signal">The signal.</param>
/// <param name="LogOdds">What the model believes.</param>
/// <param name="Probability">What is told: the model's probability, or that of a phrase which is sure, where that is more.</param>
/// <param name="Contributions">They add up to <paramref name="LogOdds"/>. Of a long utterance the words of the window that counts.</param>
public sealed record SignalExplanation(Signal Signal, double LogOdds, float Probability, IReadOnlyList<SignalContribution> Contributions);
