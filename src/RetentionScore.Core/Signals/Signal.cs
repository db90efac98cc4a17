namespace RetentionScore.Core.Signals;

/// <summary>
/// What one utterance says. The names (snake_case, see <see cref="SignalCatalogue"/>) are contract; docs/labels.md defines each. Those from
/// <see cref="AsksIfCancel"/> on are marks: read the same way, used by the dialogue, never told to a client.
/// </summary>
public enum Signal : byte
{
    /// <summary>None.</summary>
    None = 0,

#pragma warning disable CS1591 // defined one by one in docs/labels.md
    // Customer
    CancelRequest, CancelOther, CancelHint, InvitesOffer, WithdrawsCancel, GivesReason, DeclinesReason, DeclinesOffer, AcceptsOffer,
    Frustration, Complaint, EscalationRequest, PublicThreat, LegalThreat, RecordingNotice, RepeatsSelf, RepeatContact, LifeEvent,
    Affirms, Denies, Abuse, Gratitude,

    // Agent
    AsksWhy, AsksQuestion, SaveOffer, Rebuts, Boasts, Stalls, BlocksRequest, DisclosesTerms, Verifies, AcknowledgesRequest,
    ConfirmsCancellation, Apology, Empathy, HoldNotice, TransferNotice, Disrespect, Thanks, LeavesDoorOpen,

    // Both
    Goodbye, AsksToRepeat,

#pragma warning restore CS1591
    // Marks
    /// <summary>Agent: "so you'd like to cancel, is that right", "shall I cancel it": a yes is a request, a request in answer is no repeat.</summary>
    AsksIfCancel,
    /// <summary>Either: "are you still there".</summary>
    PresenceCheck,
    /// <summary>Customer: "and the landline as well".</summary>
    NamesAnother,
    /// <summary>Customer: "cancel it": what "it" is, was said before.</summary>
    CancelsIt,
    /// <summary>Customer: asks something that an agent may answer, e.g. what it would cost.</summary>
    CustomerAsks,
    /// <summary>Agent: a question that yes or no answers.</summary>
    AsksYesNo,
    /// <summary>Agent: gives a reference or confirmation number.</summary>
    GivesNumber,
    /// <summary>Agent: says when it ends.</summary>
    GivesDate,
    /// <summary>Agent: says what the last bill will be.</summary>
    FinalBill,
    /// <summary>Agent: sends it in writing.</summary>
    InWriting,
    /// <summary>Customer: the reason is what it costs.</summary>
    ReasonPrice,
    /// <summary>Customer: the reason is a move.</summary>
    ReasonMoving,
    /// <summary>Customer: the reason is another provider.</summary>
    ReasonCompetitor,
    /// <summary>Customer: the reason is how it works.</summary>
    ReasonQuality,
    /// <summary>Customer: the reason is that it is not used.</summary>
    ReasonNotNeeded,
}

/// <summary>The contract's names of the signals, and who may send them.</summary>
public static class SignalCatalogue
{
    /// <summary>How many signals and marks there are, <see cref="Signal.None"/> included.</summary>
    public const int Count = (int)Signal.ReasonNotNeeded + 1;

    private static readonly string[] NamesBySignal = BuildNames();

    /// <summary>The name, e.g. "cancel_request".</summary>
    public static string Name(Signal signal) => NamesBySignal[(int)signal];

    /// <summary>Whether it is a mark: read like a signal, not told to clients.</summary>
    public static bool IsMark(Signal signal) => signal >= Signal.AsksIfCancel;

    /// <summary>Whether a customer's words can carry it.</summary>
    public static bool OfCustomer(Signal signal) => signal is (>= Signal.CancelRequest and <= Signal.Gratitude) or Signal.Goodbye or Signal.AsksToRepeat
        or Signal.PresenceCheck or Signal.NamesAnother or Signal.CancelsIt or Signal.CustomerAsks or >= Signal.ReasonPrice;

    /// <summary>Whether an agent's, a supervisor's or a bot's words can carry it.</summary>
    public static bool OfAgent(Signal signal) => signal is (>= Signal.AsksWhy and <= Signal.PresenceCheck) or (>= Signal.AsksYesNo and <= Signal.InWriting);

    /// <summary>The signal of that name; false for an unknown one.</summary>
    public static bool TryParse(string name, out Signal signal)
    {
        int at = Array.IndexOf(NamesBySignal, name);
        signal = at > 0 ? (Signal)at : Signal.None;
        return at > 0;
    }

    private static string[] BuildNames()
    {
        var names = new string[Count];
        var text = new System.Text.StringBuilder();
        for (int i = 0; i < names.Length; i++)
        {
            text.Clear();
            foreach (char c in ((Signal)i).ToString())
            {
                if (c is >= 'A' and <= 'Z' && text.Length > 0) text.Append('_');
                text.Append((char)(c | 0x20));
            }

            names[i] = text.ToString();
        }

        return names;
    }
}
