using System.Numerics;
using RetentionScore.Core.Signals;

namespace RetentionScore.Core.Dialogue;

/// <summary>
/// What an agent's words change: whys, save attempts, puttings off, conditions, the acknowledgement, the confirmation, the goodbye. A
/// supervisor moves the request as an agent does, with conduct kept apart; a bot is an agent only where it asks why or offers.
/// </summary>
internal static class AgentFold
{
    private const int OfferEventWindowMs = 10_000;

    public static void Hear(ref DialogueState s, in LogEntry e, in Fold.Rules rules)
    {
        if (e.Speaker == Speaker.Bot) s.AgentIsBot = true;
        else if (s.AgentIsBot) Fold.NewPerson(ref s);

        if (e.Speaker == Speaker.Supervisor) s.SupervisorPresent = true;
        TakeTurn(ref s, e);
        ReadOverlap(ref s, e);
        bool judged = e.Speaker != Speaker.Supervisor;
        bool afterQuestion = (s.CustomerTurn & (TurnActs.Invites | TurnActs.Asks)) != 0 && (s.CustomerTurn & TurnActs.Request) == 0;
        ReadQuestions(ref s, e);
        if (judged)
        {
            HearWhy(ref s, e);
            HearSave(ref s, e, afterQuestion || (s.CustomerTurn & TurnActs.Invites) != 0, rules);
            if (e.Speaker == Speaker.Agent) HearPuttingOff(ref s, e);
            if (e.Has(Signal.Disrespect) && (s.AgentTurn & TurnActs.Disrespect) == 0)
            {
                s.AgentTurn |= TurnActs.Disrespect;
                s.Count(Feature.Disrespect, e.Seq);
                s.Moments.Add(e.Seq, s.NowMs, MomentKind.Insulted);
            }
        }

        if (judged) Belief.HearAgent(ref s, e, askedFor: afterQuestion || (s.CustomerTurn & TurnActs.Invites) != 0);
        if (e.Speaker != Speaker.Bot)
        {
            HearAcknowledgement(ref s, e);
            HearEnding(ref s, e);
        }

        s.AgentStartMs = e.StartMs;
        s.AgentEndMs = Math.Max(s.AgentEndMs, e.EndMs);
    }

    /// <summary>The customer takes the turn: an agent turn that did nothing for a waiting request counts.</summary>
    public static void EndTurn(ref DialogueState s)
    {
        if (s.IsWaiting)
        {
            s.AgentTurnsSinceRequest++;
            if ((s.AgentTurn & TurnActs.Neutral) == 0 || (s.AgentTurn & (TurnActs.Why | TurnActs.SaveCounted | TurnActs.Block)) != 0) s.TurnsSinceRequest++;
        }

        if (s.OffersRefused && s.IsOpen && (s.AgentTurn & (TurnActs.Offer | TurnActs.Rebuttal | TurnActs.Why)) == 0 && !s.Moments.Has(MomentKind.RefusalRespected)
            && s.Facts[(int)Feature.OfferAfterRefusal] == 0 && s.Stage == CancelStage.Acknowledged)
            s.Moments.Add(s.LastSeq, s.NowMs, MomentKind.RefusalRespected);
    }

    public static void Interrupted(ref DialogueState s, uint seq)
    {
        s.Interruptions++;
        s.Moments.Add(seq, s.NowMs, MomentKind.Interrupted);
        if (s.IsOpen) s.Feel(Feature.Interruption, seq, 1.0);
        s.Seqs[(int)Feature.Interruption] = seq;
    }

    private static void TakeTurn(ref DialogueState s, in LogEntry e)
    {
        if (e.Is(EntryFlags.Backchannel) || s.AgentHasTurn) return;
        s.CustomerHasTurn = false;
        s.AgentHasTurn = true;
        s.AgentTurns++;
        s.AgentTurnStartMs = e.StartMs;
        s.AgentTurnBefore = s.AgentTurn;
        s.AgentTurn = TurnActs.None;
        s.HeldBackInTurn = 0;
        if (s.IsOpen && !e.Is(EntryFlags.TimingsEstimated) && s.HoldStartMs < 0 && s.CustomerEndMs >= 0 && e.StartMs - s.CustomerEndMs > 8000
            && (s.CustomerTurn & TurnActs.Request) != 0)
            s.Feel(Feature.Silence, e.Seq, 1.0);
    }

    private static void ReadOverlap(ref DialogueState s, in LogEntry e)
    {
        s.AgentUtteranceWeighs = e.Words >= 3 && !e.Is(EntryFlags.Backchannel);
        s.OverlapCounted = false;
        if (e.Is(EntryFlags.TimingsEstimated) || !s.AgentUtteranceWeighs || s.CustomerEndMs < 0) return;
        if (s.CustomerEndMs - e.StartMs < 500 || e.StartMs - s.CustomerStartMs < 1000) return;
        s.OverlapCounted = true;
        Interrupted(ref s, e.Seq);
    }

    private static void ReadQuestions(ref DialogueState s, in LogEntry e)
    {
        if (e.Has(Signal.AsksIfCancel)) s.AgentTurn |= TurnActs.AsksIfCancel;
        if (e.Has(Signal.AsksToRepeat) || e.Has(Signal.PresenceCheck)) s.AgentTurn |= TurnActs.AsksToRepeat | TurnActs.Neutral;
        if (e.Has(Signal.AsksYesNo)) s.AgentTurn |= TurnActs.YesNo;
        // Questions about what is to be ended, or when, move it on as checks of identity do; those about why are told apart below.
        if (e.Has(Signal.Verifies) || e.Has(Signal.AsksQuestion)) s.AgentTurn |= TurnActs.Neutral;
        if ((e.Has(Signal.HoldNotice) && s.Holds == 0) || (e.Has(Signal.TransferNotice) && s.Transfers == 0)) s.AgentTurn |= TurnActs.Neutral;
    }

    private static void HearWhy(ref DialogueState s, in LogEntry e)
    {
        bool aboutLeaving = s.IsOpen || s.Stage == CancelStage.Hinted;
        if (!aboutLeaving || (s.AgentTurn & TurnActs.Why) != 0) return;
        bool asks = e.Has(Signal.AsksWhy);
        if (!asks && !(e.Has(Signal.AsksQuestion) && WasAskedBefore(s, e.ContentBits))) return;
        s.AgentTurn |= TurnActs.Why;
        Remember(ref s, e.ContentBits);
        s.ReasonAsked++;
        if (s.PersonHeardRefusal)
        {
            s.ReasonAskedAfterDeclined++;
            s.Count(Feature.WhyAfterRefusal, e.Seq);
            s.Moments.Add(e.Seq, s.NowMs, MomentKind.WhyAfterRefusal);
        }
        else if (s.PersonHeardReason)
        {
            s.ReasonAskedAfterAnswered++;
            if (++s.PersonWhysAfterAnswer >= 2)
            {
                s.Count(Feature.WhyAgain, e.Seq);
                s.Moments.Add(e.Seq, s.NowMs, MomentKind.WhyAskedAgain);
            }
        }

        TakeBackAcknowledgement(ref s, e.Seq);
    }

    /// <summary>The same question about leaving in other words: most of the content words are those of an earlier one.</summary>
    private static bool WasAskedBefore(in DialogueState s, ulong bits)
    {
        if (BitOperations.PopCount(bits) < 2) return false;
        int known = Math.Min((int)s.QuestionCount, 16);
        for (int i = 0; i < known; i++)
        {
            int both = BitOperations.PopCount(s.Questions[i] & bits), any = BitOperations.PopCount(s.Questions[i] | bits);
            if (both >= 2 && both * 5 >= any * 3) return true;
        }

        return false;
    }

    private static void Remember(ref DialogueState s, ulong bits)
    {
        s.Questions[s.QuestionCount % 16] = bits;
        s.QuestionCount = (byte)(s.QuestionCount == 31 ? 16 : s.QuestionCount + 1);
    }

    private static void HearSave(ref DialogueState s, in LogEntry e, bool askedFor, in Fold.Rules rules)
    {
        bool offers = e.Has(Signal.SaveOffer);
        bool rebuts = e.Has(Signal.Rebuts) || e.Has(Signal.Boasts);
        if (offers)
        {
            s.OffersHeard++;
            s.AgentTurn |= TurnActs.Offer;
            bool sameAsEvent = s.OfferEventMs >= 0 && s.NowMs - s.OfferEventMs <= OfferEventWindowMs;
            s.OfferHeardMs = s.NowMs;
            if (sameAsEvent) offers = false;
        }

        if (!s.IsOpen || askedFor || !(offers || rebuts)) return;
        if (offers && s.OffersRefused && (s.AgentTurn & TurnActs.SaveCounted) == 0)
        {
            s.Count(Feature.OfferAfterRefusal, e.Seq);
            s.Moments.Add(e.Seq, s.NowMs, MomentKind.OfferAfterRefusal);
        }

        if (rebuts && (s.AgentTurn & TurnActs.Rebuttal) == 0)
        {
            s.AgentTurn |= TurnActs.Rebuttal;
            s.Count(Feature.Rebuttal, e.Seq);
        }

        CountSave(ref s, e.Seq, rules.SaveLimit);
        TakeBackAcknowledgement(ref s, e.Seq);
    }

    public static void CountSave(ref DialogueState s, uint seq, int limit)
    {
        if ((s.AgentTurn & TurnActs.SaveCounted) != 0) return;
        s.AgentTurn |= TurnActs.SaveCounted;
        if (s.SaveAttemptsLeft(limit) <= 0)
        {
            s.SaveAttemptsOver++;
            s.Moments.Add(seq, s.NowMs, MomentKind.SaveOverLimit);
        }

        s.SaveAttempts++;
    }

    private static void HearPuttingOff(ref DialogueState s, in LogEntry e)
    {
        if (!s.IsOpen) return;
        if (e.Has(Signal.Stalls) && (s.AgentTurn & TurnActs.PutOff) == 0)
        {
            s.AgentTurn |= TurnActs.PutOff;
            PutOff(ref s, e.Seq);
        }

        if (e.Has(Signal.BlocksRequest) && (s.AgentTurn & TurnActs.Block) == 0)
        {
            s.AgentTurn |= TurnActs.Block;
            s.Count(Feature.Blocked, e.Seq);
            s.Moments.Add(e.Seq, s.NowMs, MomentKind.RequestBlocked);
            TakeBackAcknowledgement(ref s, e.Seq);
        }
    }

    /// <summary>The first time is human, from the second it counts.</summary>
    public static void PutOff(ref DialogueState s, uint seq)
    {
        if (++s.PutOffs < 2) return;
        s.Count(Feature.PutOff, seq);
        s.Moments.Add(seq, s.NowMs, MomentKind.RequestPutOff);
    }

    /// <summary>Asking why, offering, rebutting or blocking in the turn of the yes or in the next one makes it words only.</summary>
    private static void TakeBackAcknowledgement(ref DialogueState s, uint seq)
    {
        if (s.Stage != CancelStage.Acknowledged || s.AgentTurns > s.AcknowledgedAgentTurn + 1) return;
        s.Stage = s.StageBeforeAcknowledged;
        s.AcknowledgedMs = -1;
        s.AcknowledgedAgentTurn = -10;
        if (!s.WordsOnly) s.Moments.Add(seq, s.NowMs, MomentKind.AcknowledgedInWordsOnly);
        s.WordsOnly = true;
    }

    private static void HearAcknowledgement(ref DialogueState s, in LogEntry e)
    {
        if (!s.IsOpen) return;
        if (e.Has(Signal.ConfirmsCancellation))
        {
            Fold.Close(ref s, CancelStage.Confirmed, e.Seq);
            return;
        }

        if (!s.IsWaiting) return;
        bool says = e.Has(Signal.AcknowledgesRequest);
        // Who takes over a call has to hear the request before his checks can be its beginning.
        bool begins = e.Has(Signal.Verifies) && s.AgentTurnsSinceRequest <= 1 && !s.NewPerson;
        if (!says && !begins) return;
        const TurnActs HoldsBack = TurnActs.Why | TurnActs.SaveCounted | TurnActs.Block;
        if ((s.AgentTurn & HoldsBack) != 0)
        {
            s.WordsOnly |= says;
            return;
        }

        Fold.Acknowledge(ref s, e.Seq);
    }

    private static void HearEnding(ref DialogueState s, in LogEntry e)
    {
        if (e.Has(Signal.Apology)) s.Apologies++;
        if (s.FirstRequestMs < 0) return;
        if (s.Stage is CancelStage.Acknowledged or CancelStage.Confirmed) Step(ref s, e, Signal.GivesNumber, 1);
        Step(ref s, e, Signal.GivesDate, 2);
        Step(ref s, e, Signal.FinalBill, 3);
        if (e.Has(Signal.InWriting)) s.WrittenConfirmations++;
        if (s.Stage != CancelStage.Confirmed) return;
        Step(ref s, e, Signal.Thanks, 4);
        if (s.Exit[5] == 0 && e.Has(Signal.LeavesDoorOpen)) s.Moments.Add(e.Seq, s.NowMs, MomentKind.DoorLeftOpen);
        Step(ref s, e, Signal.LeavesDoorOpen, 5);
    }

    private static void Step(ref DialogueState s, in LogEntry e, Signal signal, int step)
    {
        if (s.Exit[step] == 0 && e.Has(signal)) s.Exit[step] = e.Seq;
    }
}
