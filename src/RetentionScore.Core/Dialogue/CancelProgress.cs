namespace RetentionScore.Core.Dialogue;

/// <summary>Where the request to leave stands. All counts are of the call so far.</summary>
public record struct CancelProgress
{
    /// <summary>Times the customer asked, repeats included.</summary>
    public int Requests;
    /// <summary>Times he had to ask again, unsolicited.</summary>
    public int Repeats;
    /// <summary>When he first asked, in ms of the call; negative before.</summary>
    public int FirstRequestMs;
    /// <summary>Call time in ms since the request that is still waiting to be acknowledged; 0 once acknowledged in deed.</summary>
    public int UnacknowledgedMs;
    /// <summary>When it was acknowledged in deed, in ms of the call: what the agent may still take back is not. Negative before.</summary>
    public int AcknowledgedMs;
    /// <summary>When it was first confirmed, in ms of the call; negative before.</summary>
    public int ConfirmedMs;
    /// <summary>Agent turns that asked why.</summary>
    public int ReasonAsked;
    /// <summary>Of those, after the customer declined to say.</summary>
    public int ReasonAskedAfterDeclined;
    /// <summary>Of those, after he had said.</summary>
    public int ReasonAskedAfterAnswered;
    /// <summary>Agent turns after the request with an unasked offer, a rebuttal or a boast.</summary>
    public int SaveAttempts;
    /// <summary>Below 0: over the limit.</summary>
    public int SaveAttemptsLeft;
    /// <summary>The agent said yes and then asked why, offered, rebutted or blocked.</summary>
    public bool AcknowledgedInWordsOnly;
}
