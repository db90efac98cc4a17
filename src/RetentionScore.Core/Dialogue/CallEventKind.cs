namespace RetentionScore.Core.Dialogue;

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
