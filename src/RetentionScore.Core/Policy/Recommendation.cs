namespace RetentionScore.Core.Policy;

/// <summary>What to do now. Values are those of the wire contract.</summary>
public enum RecommendedAction : byte
{
    /// <summary>None.</summary>
    Unspecified = 0,
    /// <summary>Let the customer speak.</summary>
    Listen = 1,
    /// <summary>Say that the request was heard and will be done.</summary>
    AcknowledgeRequest = 2,
    /// <summary>One offer would be welcome.</summary>
    PresentOffer = 3,
    /// <summary>The reason was declined or given.</summary>
    StopAskingWhy = 4,
    /// <summary>The offer was declined.</summary>
    StopOffering = 5,
    /// <summary>Stop selling and process the cancellation.</summary>
    ProcessCancellation = 6,
    /// <summary>Say sorry.</summary>
    Apologize = 7,
    /// <summary>Let the customer finish.</summary>
    StopInterrupting = 8,
    /// <summary>Send it in writing.</summary>
    ConfirmInWriting = 9,
    /// <summary>Thank the customer and leave the door open.</summary>
    CloseGraciously = 10,
    /// <summary>Listen in, before it is bad.</summary>
    SupervisorListenIn = 11,
    /// <summary>Take over, now that it is.</summary>
    SupervisorTakeOver = 12,
    /// <summary>Tell those who answer the public.</summary>
    AlertPublicCare = 13,
    /// <summary>Offer to call back.</summary>
    OfferCallback = 14,
    /// <summary>The agent, too, is somebody to look after.</summary>
    GiveAgentBreak = 15,
}

/// <summary>Whom a recommendation is for. Values are those of the wire contract.</summary>
public enum Audience : byte
{
    /// <summary>None.</summary>
    Unspecified = 0,
    /// <summary>The agent's screen.</summary>
    Agent = 1,
    /// <summary>The supervisor's screen.</summary>
    Supervisor = 2,
    /// <summary>The platform itself.</summary>
    System = 3,
}

/// <summary>How urgent. Values are those of the wire contract.</summary>
public enum Severity : byte
{
    /// <summary>None.</summary>
    Unspecified = 0,
    /// <summary>Good to know.</summary>
    Info = 1,
    /// <summary>A hint.</summary>
    Coaching = 2,
    /// <summary>Never held back.</summary>
    Warning = 3,
    /// <summary>Now.</summary>
    Critical = 4,
}

/// <summary>Where a recommendation stands. Values are those of the wire contract.</summary>
public enum RecommendationState : byte
{
    /// <summary>None.</summary>
    Unspecified = 0,
    /// <summary>Raised by this message.</summary>
    New = 1,
    /// <summary>Raised before and still right.</summary>
    Standing = 2,
    /// <summary>Done; said once, then gone.</summary>
    Fulfilled = 3,
    /// <summary>No longer right; said once, then gone.</summary>
    Withdrawn = 4,
}

/// <summary>
/// Names a prompt for as long as it stands: the seq that raised it and what it asks for, so that restore and replay give the same. Written
/// "seq.action", e.g. "12.6".
/// </summary>
/// <param name="RaisedSeq">The message that raised it; 0 is no prompt.</param>
/// <param name="Action">What it asks for.</param>
public readonly record struct PromptId(uint RaisedSeq, RecommendedAction Action)
{
    /// <summary>Reads "seq.action"; false for anything else.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out PromptId id)
    {
        id = default;
        int dot = text.IndexOf('.');
        if (dot <= 0
            || !uint.TryParse(text[..dot], System.Globalization.NumberStyles.None, null, out uint seq)
            || !byte.TryParse(text[(dot + 1)..], System.Globalization.NumberStyles.None, null, out byte action))
            return false;
        id = new PromptId(seq, (RecommendedAction)action);
        return seq != 0;
    }

    /// <inheritdoc/>
    public override string ToString() => string.Create(null, $"{RaisedSeq}.{(byte)Action}");
}

/// <summary>A recommendation as an update tells it.</summary>
public record struct Recommendation
{
    /// <summary>The same for as long as it stands.</summary>
    public PromptId Id;
    /// <summary>What to do.</summary>
    public readonly RecommendedAction Action => Id.Action;
    /// <summary>For whom.</summary>
    public Audience Audience;
    /// <summary>How urgent.</summary>
    public Severity Severity;
    /// <summary>Why, SCREAMING_SNAKE_CASE, listed in docs/how-it-scores.md.</summary>
    public string Reason;
    /// <summary>Wording that the agent may use, from the policy.</summary>
    public string Say;
    /// <summary>Up to three seqs that it rests on, 0 where unused.</summary>
    public uint Evidence0, Evidence1, Evidence2;
    /// <summary>When it was raised, in ms of the call.</summary>
    public int RaisedAtMs;
    /// <summary>When it lapses by itself, in ms of the call; <see cref="int.MaxValue"/> for never.</summary>
    public int ExpiresAtMs;
    /// <summary>Where it stands.</summary>
    public RecommendationState State;
}
