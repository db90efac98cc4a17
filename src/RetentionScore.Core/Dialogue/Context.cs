using RetentionScore.Core.Signals;

namespace RetentionScore.Core.Dialogue;

/// <summary>
/// What was said before decides what short and vague words mean: "cancel it", "what happened", "no" are hints by themselves (0.3 to 0.5) and
/// plain where a request is open, a reason was asked for or an offer made. Where the context fits, weak evidence is raised over the line.
/// </summary>
internal static class Context
{
    private const float Weak = 0.3f;
    private const float Line = EvidenceLine.Said;
    private const float Raised = 0.25f;

    private static readonly Signal[] OfCustomerWhenOpen = [Signal.CancelRequest, Signal.WithdrawsCancel];
    private static readonly Signal[] OfCustomerAfterWhy = [Signal.GivesReason, Signal.DeclinesReason];
    private static readonly Signal[] OfCustomerAfterOffer = [Signal.DeclinesOffer, Signal.AcceptsOffer];

    private static readonly Signal[] OfAgentWhenOpen =
    [
        Signal.AsksWhy, Signal.SaveOffer, Signal.Rebuts, Signal.Boasts, Signal.Stalls, Signal.BlocksRequest, Signal.DisclosesTerms,
        Signal.AcknowledgesRequest, Signal.ConfirmsCancellation,
    ];

    private static readonly (TurnActs Act, PriorActs Prior)[] OfAgent =
    [
        (TurnActs.Why, PriorActs.Why), (TurnActs.Offer, PriorActs.Offer), (TurnActs.Rebuttal, PriorActs.Rebuttal), (TurnActs.PutOff, PriorActs.PutOff),
        (TurnActs.Block, PriorActs.Block), (TurnActs.AsksIfCancel, PriorActs.AsksIfCancel), (TurnActs.AsksToRepeat, PriorActs.AsksToRepeat),
        (TurnActs.YesNo, PriorActs.YesNo), (TurnActs.Neutral, PriorActs.Neutral),
    ];

    private static readonly (TurnActs Act, PriorActs Prior)[] OfCustomer =
        [(TurnActs.Request, PriorActs.Request), (TurnActs.Invites, PriorActs.Invites), (TurnActs.Asks, PriorActs.Asks)];

    /// <summary>Reads an utterance's weak evidence in the light of the dialogue so far.</summary>
    public static void Apply(in DialogueState s, Speaker speaker, SignalReading reading)
    {
        bool open = s.IsOpen || s.Stage == CancelStage.Hinted;
        if (speaker == Speaker.Customer)
        {
            if (open) Raise(reading, OfCustomerWhenOpen);
            else if (s.SpeaksOfOther && reading.Evidence(Signal.CancelsIt) >= Line)
            {
                // "Just cancel it" of an order is no request to leave.
                reading.RuleOut(Signal.CancelRequest);
                reading.Lift(Signal.CancelOther, reading.Evidence(Signal.CancelsIt));
            }

            if ((s.AgentTurn & TurnActs.Why) != 0) Raise(reading, OfCustomerAfterWhy);
            if ((s.AgentTurn & TurnActs.Offer) != 0) Raise(reading, OfCustomerAfterOffer);
        }
        else if (open && speaker != Speaker.Unspecified)
        {
            Raise(reading, OfAgentWhenOpen);
        }
    }

    /// <summary>What was done before the next words of a speaker.</summary>
    public static PriorActs Before(in DialogueState s, Speaker speaker)
    {
        PriorActs acts = s.IsOpen || s.Stage == CancelStage.Hinted ? PriorActs.Open : PriorActs.None;
        if (speaker == Speaker.Unspecified) return acts;
        TurnActs turn = speaker == Speaker.Customer ? s.AgentTurn : s.CustomerTurn;
        foreach (var (act, prior) in speaker == Speaker.Customer ? OfAgent : OfCustomer)
        {
            if ((turn & act) != 0) acts |= prior;
        }

        return acts;
    }

    private static void Raise(SignalReading reading, Signal[] signals)
    {
        foreach (Signal signal in signals)
        {
            float p = reading.Evidence(signal);
            if (p >= Weak && p < Line) reading.Lift(signal, Raised);
        }
    }
}
