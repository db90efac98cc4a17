namespace RetentionScore.Core.Calls;

/// <summary>What happened on the call other than speech. Values are those of the wire contract.</summary>
public enum CallEventKind : byte
{
    /// <summary>Not said: keeps its place in the order and changes nothing.</summary>
    Unspecified = 0,
    /// <summary>The customer was put on hold.</summary>
    HoldStarted = 1,
    /// <summary>The customer is back from hold.</summary>
    HoldEnded = 2,
    /// <summary>Another person takes the call.</summary>
    Transferred = 3,
    /// <summary>A supervisor joined.</summary>
    SupervisorJoined = 4,
    /// <summary>The supervisor left.</summary>
    SupervisorLeft = 5,
    /// <summary>An offer was shown or sent.</summary>
    OfferPresented = 6,
    /// <summary>The customer took an offer.</summary>
    OfferAccepted = 7,
    /// <summary>The customer refused an offer.</summary>
    OfferDeclined = 8,
    /// <summary>The platform saw the cancellation begun.</summary>
    CancellationStarted = 9,
    /// <summary>The platform saw the cancellation done.</summary>
    CancellationConfirmed = 10,
    /// <summary>The platform told the parties that the call is recorded.</summary>
    RecordingDisclosed = 11,
    /// <summary>What the platform knows of the call changed: what is set replaces.</summary>
    ContextChanged = 12,
    /// <summary>Nothing but the passing of time.</summary>
    Tick = 13,
    /// <summary>A prompt was shown to the agent or supervisor.</summary>
    PromptShown = 14,
    /// <summary>A prompt was accepted.</summary>
    PromptAccepted = 15,
    /// <summary>A prompt was dismissed: it ends, and its cool-down doubles.</summary>
    PromptDismissed = 16,
}

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
