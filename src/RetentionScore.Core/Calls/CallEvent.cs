using RetentionScore.Core.Dialogue;

namespace RetentionScore.Core.Calls;

/// <summary>One event on a call.</summary>
public readonly record struct CallEvent
{
    /// <summary>Place in the call's one total order, from 1.</summary>
    public required uint Seq { get; init; }

    /// <summary>Milliseconds from the start of the call.</summary>
    public required int AtMs { get; init; }

    /// <summary>What happened.</summary>
    public required CallEventKind Kind { get; init; }

    /// <summary>With <see cref="CallEventKind.ContextChanged"/>: what is set replaces.</summary>
    public CallContext? Context { get; init; }

    /// <summary>With the prompt kinds: the <see cref="Policy.PromptId"/> of the prompt that is meant; an unknown one changes nothing.</summary>
    public Policy.PromptId Prompt { get; init; }
}

/// <summary>The end of a call.</summary>
/// <param name="Seq">Place in the call's one total order.</param>
/// <param name="AtMs">Milliseconds from the start of the call.</param>
/// <param name="Disposition">How it ended, as the platform says.</param>
public readonly record struct CallEnd(uint Seq, int AtMs, Disposition Disposition);

/// <summary>How a call ended. Values are those of the wire contract.</summary>
public enum Disposition : byte
{
    /// <summary>Not said, or nobody ended the call.</summary>
    Unspecified = 0,
    /// <summary>The service was cancelled.</summary>
    Cancelled = 1,
    /// <summary>The customer stays.</summary>
    Saved = 2,
    /// <summary>The customer hung up.</summary>
    CustomerHungUp = 3,
    /// <summary>The call went elsewhere.</summary>
    Transferred = 4,
    /// <summary>The matter was settled.</summary>
    Resolved = 5,
    /// <summary>The agent or the line dropped it.</summary>
    Dropped = 6,
}
