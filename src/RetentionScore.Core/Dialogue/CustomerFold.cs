using RetentionScore.Core.Signals;

namespace RetentionScore.Core.Dialogue;

/// <summary>What the customer's words change: the turn, the request, reasons and offers, moods and threats.</summary>
internal static class CustomerFold
{
    private const int GoesOnMs = 1500;
    private const int ShortAnswerWords = 4;

    public static void Hear(ref DialogueState s, in LogEntry e, in Fold.Rules rules)
    {
        bool goesOn = s.LastWordsRequested && s.CustomerEndMs >= 0 && e.StartMs - s.CustomerEndMs <= GoesOnMs;
        TakeTurn(ref s, e);
        ReadOverlap(ref s, e);
        s.CustomerStartMs = e.StartMs;
        s.CustomerEndMs = Math.Max(s.CustomerEndMs, e.EndMs);

        // The order matters: a reason given with the request belongs to it, and a request outweighs what takes it back.
        HearReason(ref s, e);
        bool requests = HearRequest(ref s, e, rules, goesOn);
        s.LastWordsRequested = requests;
        s.SpeaksOfOther = !requests && (e.Has(Signal.CancelOther) || (s.SpeaksOfOther && s.Stage == CancelStage.None));
        if (!requests) HearWithdrawal(ref s, e);
        HearAnswerToOffers(ref s, e);
        HearMoods(ref s, e);
        Belief.HearCustomer(ref s, e);
        // The agent cannot answer before the turn that opened the request is over.
        if (s.IsWaiting && s.OpenedCustomerTurn == s.CustomerTurns) s.RequestTurnEndMs = s.NowMs;
    }

    private static void TakeTurn(ref DialogueState s, in LogEntry e)
    {
        if (e.Is(EntryFlags.Backchannel) || s.CustomerHasTurn) return;
        if (s.AgentHasTurn) AgentFold.EndTurn(ref s);
        s.CustomerHasTurn = true;
        s.AgentHasTurn = false;
        s.CustomerTurns++;
        s.CustomerTurnStartMs = e.StartMs;
        s.CustomerTurn = TurnActs.None;
    }

    /// <summary>The agent's interruption may be told before the customer's words that it cut.</summary>
    private static void ReadOverlap(ref DialogueState s, in LogEntry e)
    {
        if (e.Is(EntryFlags.TimingsEstimated) || !s.AgentUtteranceWeighs || s.OverlapCounted) return;
        if (s.AgentStartMs - e.StartMs < 1000 || e.EndMs - s.AgentStartMs < 500) return;
        s.OverlapCounted = true;
        AgentFold.Interrupted(ref s, e.Seq);
    }

    private static bool HearRequest(ref DialogueState s, in LogEntry e, in Fold.Rules rules, bool goesOn)
    {
        bool said = e.Has(Signal.CancelRequest) && e[Signal.CancelRequest] >= rules.RequestLine;
        bool yes = !said && e.Words <= ShortAnswerWords && e.Has(Signal.Affirms) && (s.AgentTurn & TurnActs.AsksIfCancel) != 0;
        if (said && e.Has(Signal.WithdrawsCancel) && e[Signal.WithdrawsCancel] > e[Signal.CancelRequest]) return false;
        if (!said && !yes)
        {
            if (s.Stage == CancelStage.None && e.Has(Signal.CancelHint))
            {
                s.Stage = CancelStage.Hinted;
                s.Seqs[(int)Feature.Hinted] = e.Seq;
            }

            return false;
        }

        switch (s.Stage)
        {
            case CancelStage.None or CancelStage.Hinted or CancelStage.Withdrawn:
                Open(ref s, e.Seq);
                break;
            case CancelStage.Confirmed when said && e.Has(Signal.NamesAnother):
                s.Facts = default;
                s.SaveAttempts = s.SaveAttemptsOver = 0;
                s.OffersRefused = s.RefusedAfterWhy = false;
                Open(ref s, e.Seq);
                break;
            case CancelStage.Confirmed:
                return true;
            default:
                AskAgain(ref s, e.Seq, solicited: yes || goesOn || IsSolicited(s));
                break;
        }

        s.CustomerTurn |= TurnActs.Request;
        s.Seqs[(int)Feature.Requested] = e.Seq;
        return true;
    }

    /// <summary>The agent read the request back, or asked to hear it again: and did nothing else that holds it up.</summary>
    private static bool IsSolicited(in DialogueState s)
    {
        const TurnActs HoldsUp = TurnActs.Why | TurnActs.SaveCounted | TurnActs.PutOff | TurnActs.Block;
        return (s.AgentTurn & (TurnActs.AsksIfCancel | TurnActs.AsksToRepeat)) != 0 && (s.AgentTurn & HoldsUp) == 0;
    }

    private static void Open(ref DialogueState s, uint seq)
    {
        s.Stage = CancelStage.Requested;
        s.Requests++;
        s.OpenSinceMs = s.RequestTurnEndMs = s.NowMs;
        if (s.FirstRequestMs < 0) s.FirstRequestMs = s.NowMs;
        s.RequestCustomerTurn = s.OpenedCustomerTurn = s.CustomerTurns;
        s.TurnsSinceRequest = s.AgentTurnsSinceRequest = 0;
        s.HoldAllowanceMs = 0;
        s.ClosedMs = -1;
        s.AcknowledgedMs = -1;
        s.AcknowledgedAgentTurn = -10;
        s.WordsOnly = false;
        s.NewPerson = false;
        s.Transfers = s.Holds = s.PutOffs = 0;
        s.Count(Feature.Requested, seq);
    }

    private static void AskAgain(ref DialogueState s, uint seq, bool solicited)
    {
        if (s.RequestCustomerTurn == s.CustomerTurns) return;
        s.Requests++;
        s.RequestCustomerTurn = s.CustomerTurns;
        if (s.NewPerson)
        {
            s.NewPerson = false;
            if (s.Stage != CancelStage.Acknowledged) return;
            // What the one before said yes to, this one has yet to say yes to.
            s.Stage = CancelStage.Requested;
            RestartClock(ref s);
            return;
        }

        if (solicited) return;
        s.Repeats++;
        s.Count(Feature.Repeat, seq);
        s.Moments.Add(seq, s.NowMs, MomentKind.RequestRepeated);
        if (s.Stage == CancelStage.Acknowledged)
        {
            // It was said to be done and has to be asked for again.
            RestartClock(ref s);
        }

        s.Stage = CancelStage.Repeated;
    }

    private static void RestartClock(ref DialogueState s)
    {
        s.OpenSinceMs = s.RequestTurnEndMs = s.NowMs;
        s.OpenedCustomerTurn = s.CustomerTurns;
        s.TurnsSinceRequest = s.AgentTurnsSinceRequest = 0;
        s.HoldAllowanceMs = 0;
    }

    private static void HearReason(ref DialogueState s, in LogEntry e)
    {
        bool answers = (s.AgentTurn & TurnActs.Why) != 0;
        bool shortNo = answers && e.Words <= ShortAnswerWords && e.Has(Signal.Denies) && !e.Has(Signal.GivesReason);
        bool declines = e.Has(Signal.DeclinesReason) && (answers || s.IsOpen || s.Stage == CancelStage.Hinted || e.Has(Signal.CancelRequest));
        if (declines || shortNo)
        {
            s.PersonHeardRefusal = true;
            s.ReasonDeclined++;
            s.Count(Feature.ReasonRefused, e.Seq);
            if (s.Reason == ReasonCode.None) s.Reason = ReasonCode.Declined;
            if (answers)
            {
                s.RefusedAfterWhy = true;
                s.RefusalsAfterWhy++;
            }
        }

        if (!e.Has(Signal.GivesReason)) return;
        s.PersonHeardReason = true;
        ReasonCode code = ReasonOf(e);
        // A reason that says little takes the place of none, not of one that was told, or declined.
        if (code != ReasonCode.Other || s.Reason == ReasonCode.None) s.Reason = code;
        if (s.Reason == ReasonCode.Price) s.Count(Feature.PriceReason, e.Seq);
    }

    private static ReasonCode ReasonOf(in LogEntry e)
    {
        if (e.Has(Signal.ReasonMoving)) return ReasonCode.Moving;
        if (e.Has(Signal.ReasonPrice)) return ReasonCode.Price;
        if (e.Has(Signal.ReasonCompetitor)) return ReasonCode.Competitor;
        if (e.Has(Signal.ReasonQuality)) return ReasonCode.ServiceQuality;
        return e.Has(Signal.ReasonNotNeeded) ? ReasonCode.NoLongerNeeded : ReasonCode.Other;
    }

    private static void HearWithdrawal(ref DialogueState s, in LogEntry e)
    {
        bool canWithdraw = s.IsOpen || s.Stage == CancelStage.Hinted;
        bool saysYesToOffer = e.Words <= ShortAnswerWords && e.Has(Signal.Affirms)
            && (s.AgentTurn & (TurnActs.Offer | TurnActs.YesNo)) == (TurnActs.Offer | TurnActs.YesNo);
        bool accepts = s.OffersHeard > 0 && (e.Has(Signal.AcceptsOffer) || saysYesToOffer);
        if (accepts) s.OffersAccepted++;
        if (canWithdraw && (accepts || e.Has(Signal.WithdrawsCancel))) Fold.Close(ref s, CancelStage.Withdrawn, e.Seq);
    }

    private static void HearAnswerToOffers(ref DialogueState s, in LogEntry e)
    {
        if (e.Has(Signal.InvitesOffer))
        {
            s.CustomerTurn |= TurnActs.Invites;
            s.OffersRefused = false;
            s.Count(Feature.OfferInvited, e.Seq);
        }

        if (e.Has(Signal.CustomerAsks) && !e.Has(Signal.CancelRequest)) s.CustomerTurn |= TurnActs.Asks;
        bool shortNo = e.Words <= ShortAnswerWords && e.Has(Signal.Denies) && (s.AgentTurn & TurnActs.Offer) != 0 && (s.AgentTurn & TurnActs.Why) == 0;
        if (!shortNo && !(e.Has(Signal.DeclinesOffer) && (s.OffersHeard > 0 || s.IsOpen))) return;
        s.OffersRefused = true;
        s.Count(Feature.OffersRefused, e.Seq);
    }

    private static void HearMoods(ref DialogueState s, in LogEntry e)
    {
        Feel(ref s, e, Signal.Frustration, Feature.Frustration);
        Feel(ref s, e, Signal.Complaint, Feature.Complaint);
        Feel(ref s, e, Signal.EscalationRequest, Feature.EscalationAsked);
        if (e.Has(Signal.PublicThreat)) s.Feel(Feature.Threat, e.Seq, e[Signal.PublicThreat]);
        if (e.Has(Signal.LegalThreat)) s.Feel(Feature.Threat, e.Seq, e[Signal.LegalThreat]);
        Feel(ref s, e, Signal.RepeatsSelf, Feature.RepeatsSelf);
        // What calms has to be as good as said: "no thank you" is half a thanks.
        Feel(ref s, e, Signal.Gratitude, Feature.Gratitude, Belief.Calmed);
        Feel(ref s, e, Signal.Abuse, Feature.Abuse);
        CountFact(ref s, e, Signal.RecordingNotice, Feature.Recording);
        CountFact(ref s, e, Signal.PublicThreat, Feature.PublicThreat);
        CountFact(ref s, e, Signal.LegalThreat, Feature.LegalThreat);
        CountFact(ref s, e, Signal.RepeatContact, Feature.RepeatContact);
        CountFact(ref s, e, Signal.LifeEvent, Feature.LifeEvent);
        if (e.Has(Signal.Abuse) && (s.CustomerTurn & TurnActs.Abuse) == 0)
        {
            s.CustomerTurn |= TurnActs.Abuse;
            s.AbusiveTurns++;
        }
    }

    private static void Feel(ref DialogueState s, in LogEntry e, Signal signal, Feature mood, double from = Belief.Felt)
    {
        double p = e[signal];
        if (e.Has(signal) || p >= from) s.Feel(mood, e.Seq, p);
    }

    private static void CountFact(ref DialogueState s, in LogEntry e, Signal signal, Feature fact)
    {
        if (e.Has(signal)) s.Count(fact, e.Seq);
    }
}
