using RetentionScore.V1;

namespace RetentionScore.Client;

/// <summary>Where a call stands with its server.</summary>
public enum CallState
{
    /// <summary>A stream is being opened; messages are kept.</summary>
    Connecting,
    /// <summary>A stream is open.</summary>
    Attached,
    /// <summary>The server closed the stream because nobody spoke; it is opened again with the next message.</summary>
    Quiet,
    /// <summary>The call has ended: <see cref="CallStatus.Summary"/>.</summary>
    Ended,
    /// <summary>The server refused the call for good: <see cref="CallStatus.Refusal"/>.</summary>
    GivenUp,
    /// <summary>This object was disposed of; the call lives on at the server for its resume window.</summary>
    Detached,
}

/// <summary>How far a call has come. An immutable snapshot.</summary>
public sealed record CallStatus
{
    /// <summary>Where it stands.</summary>
    public CallState State { get; init; }

    /// <summary>The server's last <c>opened</c>: its node, versions, what <see cref="DurableSeq"/> promises; null before the first one.</summary>
    public CallOpened? Opened { get; init; }

    /// <summary>Everything up to this seq was answered, or counted before a break.</summary>
    public uint AnsweredSeq { get; init; }

    /// <summary>Everything up to this seq survives as <c>Opened.Durability</c> says, and is not kept here any more.</summary>
    public uint DurableSeq { get; init; }

    /// <summary>Messages that are kept: not sent yet, not answered, or not durable.</summary>
    public int Kept { get; init; }

    /// <summary>Messages dropped over the bound before the server had counted them: lost.</summary>
    public long Lost { get; init; }

    /// <summary>Updates that nobody read in time: dropped.</summary>
    public long UnreadUpdates { get; init; }

    /// <summary>How often a stream broke or was refused.</summary>
    public int Breaks { get; init; }

    /// <summary>Whether a server opened the call without what was before: its updates are flagged HISTORY_LOST.</summary>
    public bool HistoryLost { get; init; }

    /// <summary>Why the last stream ended; null while none did.</summary>
    public CallRefusal? Refusal { get; init; }

    /// <summary>What the call came to; null before its end. While the state is not Ended yet, the journal lacks some of it.</summary>
    public CallSummary? Summary { get; init; }

    /// <summary>Whether nothing more will come.</summary>
    public bool IsOver => State is CallState.Ended or CallState.GivenUp or CallState.Detached;
}
