using RetentionScore.V1;

namespace RetentionScore.Client;

/// <summary>What became of a message by the time that the caller was to wait.</summary>
public enum SendOutcome
{
    /// <summary>The server has answered it.</summary>
    Answered,
    /// <summary>It is on its way; the answer comes with <see cref="ScoredCall.Updates"/>.</summary>
    Sent,
    /// <summary>It is kept here and is sent as soon as there is a stream.</summary>
    Kept,
    /// <summary>A final utterance with this <c>utterance_id</c> was among the last 64: nothing was done.</summary>
    Duplicate,
    /// <summary>An interim while there is no stream: a newer one will come.</summary>
    Skipped,
    /// <summary>The call has ended or was given up: nothing was done.</summary>
    Over,
}

/// <summary>The answer to a send. Immutable.</summary>
/// <param name="Outcome">What became of the message.</param>
/// <param name="Seq">Its place in the call, for <c>corrects_seq</c>; 0 where it has none, or none yet because the call was never opened.</param>
/// <param name="Update">With <see cref="SendOutcome.Answered"/>: the score; null where the answer itself was lost with a connection.</param>
public readonly record struct SendResult(SendOutcome Outcome, uint Seq, ScoreUpdate? Update);

/// <summary>The answer to an end. Immutable.</summary>
/// <param name="Summary">What the call came to; null where it did not come in time, or <paramref name="Refusal"/> says why it will not.</param>
/// <param name="Refusal">Why the call was given up; null where it was not.</param>
public sealed record EndResult(CallSummary? Summary, CallRefusal? Refusal)
{
    /// <summary>
    /// Whether there is a summary and it survives as <c>Opened.Durability</c> says. Where it is not, the server's journal lacks some of the call: the
    /// client goes on asking for <see cref="ScoringClientOptions.DurableSummaryLimit"/>, unless the call is disposed of.
    /// </summary>
    public bool IsDurable => Summary is not null && IsKept(Summary);

    internal static bool IsKept(CallSummary summary) => summary.Last is not { } last || !last.Degraded.Contains(Degradation.NotDurable);
}
