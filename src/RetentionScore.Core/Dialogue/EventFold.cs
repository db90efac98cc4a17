namespace RetentionScore.Core.Dialogue;

/// <summary>What the platform's events change: holds, transfers, offers, the stages that it sees happen.</summary>
internal static class EventFold
{
    private const int HoldGraceMs = 60_000;
    private const int OfferHeardWindowMs = 10_000;

    public static void Take(ref DialogueState s, in LogEntry e, in Fold.Rules rules)
    {
        switch (e.Event)
        {
            case CallEventKind.HoldStarted:
                s.HoldStartMs = e.EndMs;
                if (s.IsWaiting && ++s.Holds > 1) AgentFold.PutOff(ref s, e.Seq);
                break;
            case CallEventKind.HoldEnded when s.HoldStartMs >= 0:
                int held = Math.Max(e.EndMs - s.HoldStartMs, 0);
                s.HoldMs += held;
                if (s.Holds <= 1) s.HoldAllowanceMs = Math.Min(s.HoldAllowanceMs + held, HoldGraceMs);
                s.HoldStartMs = -1;
                break;
            case CallEventKind.Tick when s.HoldStartMs >= 0 && s.Holds <= 1:
                // A hold that still lasts is not counted against the agent for its first minute.
                s.HoldAllowanceMs = Math.Max(s.HoldAllowanceMs, Math.Min(e.EndMs - s.HoldStartMs, HoldGraceMs));
                break;
            case CallEventKind.Transferred:
                if (s.IsOpen && ++s.Transfers > 1)
                {
                    // A second transfer is putting off by itself.
                    if (s.PutOffs == 0) s.PutOffs = 1;
                    AgentFold.PutOff(ref s, e.Seq);
                }

                Fold.NewPerson(ref s);
                break;
            case CallEventKind.ContextChanged when e.Is(EntryFlags.NewAgent):
                Fold.NewPerson(ref s);
                break;
            case CallEventKind.SupervisorJoined or CallEventKind.SupervisorLeft:
                s.SupervisorPresent = e.Event == CallEventKind.SupervisorJoined;
                break;
            case CallEventKind.OfferPresented:
                TakeOffer(ref s, e, rules);
                break;
            case CallEventKind.OfferAccepted:
                s.OffersAccepted++;
                if (s.IsOpen || s.Stage == CancelStage.Hinted) Fold.Close(ref s, CancelStage.Withdrawn, e.Seq);
                break;
            case CallEventKind.OfferDeclined:
                s.OffersRefused = true;
                s.Count(Feature.OffersRefused, e.Seq);
                break;
            case CallEventKind.CancellationStarted:
                if (s.IsWaiting) Fold.Acknowledge(ref s, e.Seq);
                // Begun in fact: no later why makes it words only.
                s.AcknowledgedAgentTurn = -10;
                break;
            case CallEventKind.CancellationConfirmed:
                if (s.IsOpen || s.Stage == CancelStage.Hinted) Fold.Close(ref s, CancelStage.Confirmed, e.Seq);
                break;
            default:
                break;
        }
    }

    private static void TakeOffer(ref DialogueState s, in LogEntry e, in Fold.Rules rules)
    {
        bool heard = s.OfferHeardMs >= 0 && s.NowMs - s.OfferHeardMs <= OfferHeardWindowMs;
        s.OfferEventMs = s.NowMs;
        if (heard) return;
        s.OffersHeard++;
        if (!s.IsOpen || (s.CustomerTurn & TurnActs.Invites) != 0) return;
        if (s.OffersRefused) s.Count(Feature.OfferAfterRefusal, e.Seq);
        AgentFold.CountSave(ref s, e.Seq, rules.SaveLimit);
    }
}
