using RetentionScore.Cli.Calls;
using RetentionScore.V1;

namespace RetentionScore.Cli.Replay;

/// <summary>One playing of a call. Its callbacks come one at a time, in the order of the messages.</summary>
/// <param name="Call">What is played.</param>
/// <param name="CallId">Its id on the wire.</param>
internal sealed record CallPlay(RecordedCall Call, string CallId)
{
    /// <summary>Signals and evidence in every update.</summary>
    public bool Explain { get; init; }

    /// <summary>Whether silence is told by ticks, as a live platform would.</summary>
    public bool Ticks { get; init; } = true;

    /// <summary>Called with each message that was answered, and its answer.</summary>
    public Action<Due, ScoreUpdate>? Scored { get; init; }
}

/// <summary>How playing a call ended.</summary>
/// <param name="Summary">Null where it broke off.</param>
/// <param name="Problem">Why there is no summary, in one line; null where all went well.</param>
/// <param name="Breaks">How often the stream broke and was opened again.</param>
internal sealed record PlayedCall(CallSummary? Summary, string? Problem, int Breaks);
