using RetentionScore.Core.Dialogue;

namespace RetentionScore.Core.Policy;

/// <summary>Decides of each prompt in force whether it was followed, is no longer right, lapses, or stands.</summary>
internal static class Settlement
{
    private const int PassedMs = 30_000;

    public static void Settle(ref PromptLedger ledger, in Advisor.Sight sight)
    {
        ref readonly var s = ref sight.State;
        for (int i = ledger.ActiveCount - 1; i >= 0; i--)
        {
            ref Prompt prompt = ref ledger.Active[i];
            if (!prompt.InForce) continue;
            Renew(ref prompt, s);
            if (s.NowMs > prompt.ExpiresMs)
            {
                ledger.ExpiredNow = ledger.ExpiredNow.With(prompt.Id.Action);
                Remove(ref ledger, i);
                continue;
            }

            prompt.State = Judge(prompt, s);
        }
    }

    /// <summary>What a prompt asks to stop, or to do, as a count: more of it is another cause, or the fulfilment.</summary>
    public static int Count(RecommendedAction action, in DialogueState s) => action switch
    {
        RecommendedAction.StopAskingWhy => s.ReasonAsked,
        RecommendedAction.StopOffering or RecommendedAction.PresentOffer => s.OffersHeard,
        RecommendedAction.StopInterrupting => s.Interruptions,
        RecommendedAction.Apologize => s.Apologies,
        RecommendedAction.ConfirmInWriting => s.WrittenConfirmations,
        RecommendedAction.Listen => s.CustomerTurns,
        _ => 0,
    };

    /// <summary>The thing happened again: the prompt lives on.</summary>
    private static void Renew(ref Prompt prompt, in DialogueState s)
    {
        if (prompt.Id.Action is not (RecommendedAction.StopAskingWhy or RecommendedAction.StopOffering or RecommendedAction.StopInterrupting)) return;
        int count = Count(prompt.Id.Action, s);
        if (count <= prompt.Counted) return;
        prompt.Counted = count;
        prompt.AgentTurns = s.AgentTurns;
        prompt.SinceMs = s.NowMs;
        prompt.ExpiresMs = s.NowMs + Advisor.LifeMs;
        prompt.AddEvidence(s.LastSeq);
    }

    private static RecommendationState Judge(in Prompt prompt, in DialogueState s)
    {
        const RecommendationState Stands = RecommendationState.Standing, Done = RecommendationState.Fulfilled, Wrong = RecommendationState.Withdrawn;
        bool more = Count(prompt.Id.Action, s) > prompt.Counted;
        bool aboutLeaving = s.IsOpen || s.Stage == CancelStage.Hinted;
        switch (prompt.Id.Action)
        {
            case RecommendedAction.AcknowledgeRequest:
                if (s.Stage is CancelStage.Acknowledged or CancelStage.Confirmed) return Done;
                return s.IsOpen ? Stands : Wrong;
            case RecommendedAction.ProcessCancellation:
                if (s.Stage == CancelStage.Confirmed || Advisor.IsInDeed(s)) return Done;
                return s.IsOpen ? Stands : Wrong;
            case RecommendedAction.PresentOffer:
                if (more) return Done;
                return aboutLeaving && !s.OffersRefused && s.ReasonDeclined == 0 ? Stands : Wrong;
            case RecommendedAction.StopAskingWhy or RecommendedAction.StopOffering:
                if (!aboutLeaving) return Wrong;
                return PassedWithout(prompt, s) ? Done : Stands;
            case RecommendedAction.StopInterrupting:
                return PassedWithout(prompt, s) ? Done : Stands;
            case RecommendedAction.Apologize or RecommendedAction.ConfirmInWriting or RecommendedAction.Listen:
                return more ? Done : Stands;
            case RecommendedAction.CloseGraciously:
                if (s.Stage != CancelStage.Confirmed) return Wrong;
                return s.Exit[4] != 0 || s.Exit[5] != 0 ? Done : Stands;
            case RecommendedAction.SupervisorListenIn or RecommendedAction.SupervisorTakeOver:
                if (s.SupervisorPresent) return Done;
                return prompt.Reason == Reason.CustomerEscalates || s.IsOpen ? Stands : Wrong;
            case RecommendedAction.OfferCallback:
                return s.HoldStartMs >= 0 && !s.IsOpen ? Stands : Wrong;
            default:
                return Stands;
        }
    }

    /// <summary>Two agent turns, or one and 30 s, passed without the thing.</summary>
    private static bool PassedWithout(in Prompt prompt, in DialogueState s)
    {
        int passed = Advisor.Completed(s) - prompt.AgentTurns;
        return passed >= 2 || (passed >= 1 && s.NowMs - prompt.SinceMs >= PassedMs);
    }

    private static void Remove(ref PromptLedger ledger, int at)
    {
        for (int i = at + 1; i < ledger.ActiveCount; i++) ledger.Active[i - 1] = ledger.Active[i];
        ledger.ActiveCount--;
    }
}
