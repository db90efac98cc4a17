namespace RetentionScore.Client;

/// <summary>What a platform may want to log of a call.</summary>
public enum CallNotice
{
    /// <summary>A stream is open.</summary>
    Opened,
    /// <summary>A stream, or a try to open one, has failed; the client goes on by itself.</summary>
    Broken,
    /// <summary>The node goes away; the client moves the call.</summary>
    Draining,
    /// <summary>The bound of kept messages was reached: the oldest are not kept any more.</summary>
    Dropped,
    /// <summary>No node knows what was before; the call goes on without.</summary>
    HistoryLost,
    /// <summary>The summary came before the journal had all of the call; the client keeps what is not durable and asks again.</summary>
    SummaryNotDurable,
    /// <summary>The call was refused for good.</summary>
    GivenUp,
    /// <summary>A handler of an event threw.</summary>
    HandlerFailed,
}

/// <summary>A notice of a call. Immutable.</summary>
public sealed class CallNoticeEventArgs : EventArgs
{
    /// <summary>What happened.</summary>
    public required CallNotice Notice { get; init; }

    /// <summary>With Broken and GivenUp: the status.</summary>
    public CallRefusal? Refusal { get; init; }

    /// <summary>With Dropped and HistoryLost: the seqs concerned, from; 0 where it is not known.</summary>
    public uint FromSeq { get; init; }

    /// <summary>With Dropped and HistoryLost: the seqs concerned, to.</summary>
    public uint ToSeq { get; init; }

    /// <summary>With HandlerFailed: what it threw.</summary>
    public Exception? Exception { get; init; }
}
