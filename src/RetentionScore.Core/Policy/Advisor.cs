using RetentionScore.Core.Dialogue;
using RetentionScore.Core.Risk;

namespace RetentionScore.Core.Policy;

/// <summary>
/// What a thoughtful supervisor would whisper. Each message first settles what stands (<see cref="Settlement"/>), then asks the rules in the
/// order below; the attention of people is the scarce thing, so a prompt has a cool-down, a life-time and a budget.
/// </summary>
internal static class Advisor
{
    public const int CoolDownMs = 60_000;
    public const int LifeMs = 45_000;
    private const int BudgetWindowMs = 60_000;
    private const int SupervisorWindowMs = 300_000;
    private const int LongTalkMs = 30_000;
    private const int LongHoldMs = 120_000;
    private const double WidestInterval = 0.35;

    /// <summary>What the rules look at.</summary>
    internal readonly ref struct Sight(in DialogueState state, in LogEntry message, in RiskScores risk, RiskBand band, RetentionPolicy policy, int saveLimit)
    {
        public readonly ref readonly DialogueState State = ref state;
        public readonly ref readonly LogEntry Message = ref message;
        public readonly ref readonly RiskScores Risk = ref risk;
        public RiskBand Band { get; } = band;
        public RetentionPolicy Policy { get; } = policy;
        public int SaveLimit { get; } = saveLimit;
        public bool FromCustomer => Message.Kind == EntryKind.Utterance && Message.Speaker == Speaker.Customer;
        public bool FromAgent => Message.Kind == EntryKind.Utterance && Message.Speaker == Speaker.Agent;

        /// <summary>The recogniser is sure enough for a prompt that intrudes.</summary>
        public bool Sure => Risk.OverallHigh - Risk.OverallLow <= WidestInterval;

        public int Fact(Feature feature) => State.Facts[(int)feature];
        public uint Seq(Feature feature) => State.Seqs[(int)feature];
    }

    /// <summary>Brings the ledger up to date with one message. Returns how many prompts the budget held back.</summary>
    public static int Advise(ref PromptLedger ledger, in Sight sight)
    {
        int heldBefore = ledger.HeldBack;
        ledger.HeldBackNow = ledger.ExpiredNow = default;
        Settlement.Settle(ref ledger, sight);
        ClampSeen(ref ledger, sight.State);
        bool newToAgent = false;
        AdviseProcessing(ref ledger, sight, ref newToAgent);
        AdviseStops(ref ledger, sight, ref newToAgent);
        AdviseRequest(ref ledger, sight, ref newToAgent);
        AdviseEnding(ref ledger, sight, ref newToAgent);
        AdviseManners(ref ledger, sight, ref newToAgent);
        AdviseSupervisor(ref ledger, sight);
        return ledger.HeldBack - heldBefore;
    }

    /// <summary>At the end of a call: the agent who was insulted gets a break.</summary>
    public static void AdviseAtEnd(ref PromptLedger ledger, in Sight sight)
    {
        if (sight.State.AbusiveTurns >= 1) AdviseBreak(ref ledger, sight);
    }

    /// <summary>A correction may have taken back what was counted.</summary>
    private static void ClampSeen(ref PromptLedger l, in DialogueState s)
    {
        l.SeenRequests = Math.Min(l.SeenRequests, s.Requests);
        l.SeenRefusals = Math.Min(l.SeenRefusals, s.RefusalsAfterWhy);
        l.SeenWhyAfterRefusal = Math.Min(l.SeenWhyAfterRefusal, s.Facts[(int)Feature.WhyAfterRefusal]);
        l.SeenWhyAgain = Math.Min(l.SeenWhyAgain, s.Facts[(int)Feature.WhyAgain]);
        l.SeenOfferAfterRefusal = Math.Min(l.SeenOfferAfterRefusal, s.Facts[(int)Feature.OfferAfterRefusal]);
        l.SeenInterruptions = Math.Min(l.SeenInterruptions, s.Interruptions);
    }

    private static void AdviseProcessing(ref PromptLedger l, in Sight sight, ref bool newToAgent)
    {
        ref readonly var s = ref sight.State;
        if (!s.IsOpen) return;
        Severity severity = sight.Risk.RetentionPressure >= 0.8 ? Severity.Critical : Severity.Warning;
        if (s.IsWaiting && sight.Fact(Feature.Repeat) > 0)
            Raise(ref l, sight, RecommendedAction.ProcessCancellation, Reason.RequestRepeated, severity, sight.Seq(Feature.Repeat), ref newToAgent);
        if (s.SaveAttemptsOver > 0 && !IsInDeed(s))
            Raise(ref l, sight, RecommendedAction.ProcessCancellation, Reason.SaveLimitExceeded, severity, s.LastSeq, ref newToAgent);
        if (s.IsOverdue)
            Raise(ref l, sight, RecommendedAction.ProcessCancellation, Reason.AcknowledgementOverdue, severity, sight.Seq(Feature.Requested), ref newToAgent);
    }

    /// <summary>The yes outlived the agent's next turn, or the platform saw the cancellation begun.</summary>
    internal static bool IsInDeed(in DialogueState s) =>
        s.Stage == CancelStage.Acknowledged && (s.AcknowledgedAgentTurn < 0 || Completed(s) > s.AcknowledgedAgentTurn);

    internal static int Completed(in DialogueState s) => s.AgentTurns - (s.AgentHasTurn ? 1 : 0);

    private static void AdviseStops(ref PromptLedger l, in Sight sight, ref bool newToAgent)
    {
        ref readonly var s = ref sight.State;
        if (sight.Fact(Feature.WhyAfterRefusal) > l.SeenWhyAfterRefusal)
            Raise(ref l, sight, RecommendedAction.StopAskingWhy, Reason.WhyAskedAfterRefusal, Severity.Warning, sight.Seq(Feature.WhyAfterRefusal), ref newToAgent);
        if (sight.Fact(Feature.WhyAgain) > l.SeenWhyAgain)
            Raise(ref l, sight, RecommendedAction.StopAskingWhy, Reason.WhyAskedAgain, Severity.Warning, sight.Seq(Feature.WhyAgain), ref newToAgent);
        if (sight.Fact(Feature.OfferAfterRefusal) > l.SeenOfferAfterRefusal)
            Raise(ref l, sight, RecommendedAction.StopOffering, Reason.OfferAfterRefusal, Severity.Warning, sight.Seq(Feature.OfferAfterRefusal), ref newToAgent);
        if (s.Interruptions > l.SeenInterruptions)
        {
            if (s.NowMs - l.InterruptedMs <= BudgetWindowMs)
                Raise(ref l, sight, RecommendedAction.StopInterrupting, Reason.InterruptedTwice, Severity.Warning, sight.Seq(Feature.Interruption), ref newToAgent);
            l.InterruptedMs = s.NowMs;
        }

        if (s.RefusalsAfterWhy > l.SeenRefusals && (s.IsOpen || s.Stage == CancelStage.Hinted))
            Raise(ref l, sight, RecommendedAction.StopAskingWhy, Reason.ReasonDeclined, Severity.Info, sight.Seq(Feature.ReasonRefused), ref newToAgent);
        l.SeenWhyAfterRefusal = sight.Fact(Feature.WhyAfterRefusal);
        l.SeenWhyAgain = sight.Fact(Feature.WhyAgain);
        l.SeenOfferAfterRefusal = sight.Fact(Feature.OfferAfterRefusal);
        l.SeenInterruptions = s.Interruptions;
        l.SeenRefusals = s.RefusalsAfterWhy;
    }

    private static void AdviseRequest(ref PromptLedger l, in Sight sight, ref bool newToAgent)
    {
        ref readonly var s = ref sight.State;
        if (s.Requests > l.SeenRequests && s.Stage == CancelStage.Requested)
            Raise(ref l, sight, RecommendedAction.AcknowledgeRequest, Reason.FirstRequest, Severity.Coaching, sight.Seq(Feature.Requested), ref newToAgent);
        l.SeenRequests = s.Requests;
        bool welcome = !l.OfferAdvised && sight.FromCustomer && (s.IsOpen || s.Stage == CancelStage.Hinted) && s.SaveAttemptsLeft(sight.SaveLimit) > 0
            && !s.OffersRefused && s.ReasonDeclined == 0 && sight.Fact(Feature.LifeEvent) == 0 && s.Repeats == 0
            && sight.Risk.SaveLikelihood >= sight.Policy.OfferWorthwhile;
        if (welcome && Raise(ref l, sight, RecommendedAction.PresentOffer, Reason.OfferWelcome, Severity.Coaching, s.LastSeq, ref newToAgent))
            l.OfferAdvised = true;
    }

    private static void AdviseEnding(ref PromptLedger l, in Sight sight, ref bool newToAgent)
    {
        ref readonly var s = ref sight.State;
        if (s.Stage != CancelStage.Confirmed) return;
        uint seq = sight.Seq(Feature.Confirmed);
        if (s.WrittenConfirmations == 0)
            Raise(ref l, sight, RecommendedAction.ConfirmInWriting, Reason.InWritingDue, Severity.Coaching, seq, ref newToAgent);
        if (s.Exit[4] == 0 && s.Exit[5] == 0)
            Raise(ref l, sight, RecommendedAction.CloseGraciously, Reason.GoodbyeDue, Severity.Coaching, seq, ref newToAgent);
    }

    private static void AdviseManners(ref PromptLedger l, in Sight sight, ref bool newToAgent)
    {
        ref readonly var s = ref sight.State;
        bool conduct = sight.Fact(Feature.WhyAfterRefusal) + sight.Fact(Feature.WhyAgain) + sight.Fact(Feature.Blocked) + sight.Fact(Feature.PutOff)
            + sight.Fact(Feature.Repeat) + s.Interruptions > 0;
        bool upset = sight.Message.Has(Signals.Signal.Frustration) || sight.Message.Has(Signals.Signal.Complaint);
        if (conduct && upset && sight.FromCustomer && s.Apologies == 0)
            Raise(ref l, sight, RecommendedAction.Apologize, Reason.ApologyDue, Severity.Coaching, s.LastSeq, ref newToAgent);

        bool talksOn = s.IsWaiting && sight.FromAgent && s.AgentHasTurn && !sight.Message.Is(EntryFlags.TimingsEstimated)
            && s.AgentEndMs - s.AgentTurnStartMs >= LongTalkMs;
        if (talksOn && !newToAgent)
            Raise(ref l, sight, RecommendedAction.Listen, Reason.LongMonologue, Severity.Coaching, s.LastSeq, ref newToAgent);

        bool waitsLong = s.HoldStartMs >= 0 && s.NowMs - s.HoldStartMs >= LongHoldMs && !s.IsOpen;
        if (waitsLong) Raise(ref l, sight, RecommendedAction.OfferCallback, Reason.LongHold, Severity.Info, s.LastSeq, ref newToAgent);
    }

    private static void AdviseSupervisor(ref PromptLedger l, in Sight sight)
    {
        ref readonly var s = ref sight.State;
        if (s.AbusiveTurns >= 2) AdviseBreak(ref l, sight);
        if (sight.Risk.Exposure >= 0.5 && sight.Sure)
            RaiseAlways(ref l, sight, RecommendedAction.AlertPublicCare, Reason.GoesPublic, Audience.System, Severity.Warning,
                Math.Max(sight.Seq(Feature.PublicThreat), Math.Max(sight.Seq(Feature.LegalThreat), sight.Seq(Feature.Recording))));
        if (s.SupervisorPresent || !sight.Sure) return;

        int sinceMs = s.NowMs - l.FirstWarningMs, sinceTurns = Completed(s) - l.FirstWarningTurns;
        bool goesOn = l.FirstWarningMs >= 0 && s.IsOpen && !IsInDeed(s) && (sinceMs >= 30_000 || sinceTurns >= 2);
        bool pressed = s.IsOpen && sight.Risk.RetentionPressure >= 0.5;
        if (goesOn || pressed) RaiseToSupervisor(ref l, sight, RecommendedAction.SupervisorListenIn, Reason.PressureRising, Severity.Warning);
        bool asksForSomebody = sight.FromCustomer && sight.Message.Has(Signals.Signal.EscalationRequest) && (s.IsWaiting || s.Mood(Feature.EscalationAsked) >= 1.2);
        if (asksForSomebody) RaiseToSupervisor(ref l, sight, RecommendedAction.SupervisorListenIn, Reason.CustomerEscalates, Severity.Coaching);
        bool bad = s.IsOpen && sight.Band >= RiskBand.High && sight.Risk.OverallLow >= sight.Policy.Elevated && sight.Risk.RetentionPressure >= 0.7
            && l.ListenInMs >= 0 && s.NowMs - l.ListenInMs >= 15_000;
        if (bad) RaiseToSupervisor(ref l, sight, RecommendedAction.SupervisorTakeOver, Reason.EndingBadly, Severity.Critical);
    }

    private static void AdviseBreak(ref PromptLedger l, in Sight sight)
    {
        if (l.BreakAdvised) return;
        l.BreakAdvised = RaiseAlways(ref l, sight, RecommendedAction.GiveAgentBreak, Reason.AgentAbused, Audience.Supervisor, Severity.Info, sight.Seq(Feature.Abuse));
    }

    private static void RaiseToSupervisor(ref PromptLedger l, in Sight sight, RecommendedAction action, Reason reason, Severity severity)
    {
        int now = sight.State.NowMs;
        // At most two in five minutes: the ring holds the last two.
        if (now - l.SupervisorMs[0] < SupervisorWindowMs)
        {
            if (!l.HasInForce(action) && now >= l.QuietUntilMs[(int)reason]) HoldBack(ref l, action);
            return;
        }

        if (!RaiseAlways(ref l, sight, action, reason, Audience.Supervisor, severity, sight.State.LastSeq)) return;
        l.SupervisorMs[0] = l.SupervisorMs[1];
        l.SupervisorMs[1] = now;
        if (action == RecommendedAction.SupervisorListenIn) l.ListenInMs = now;
    }

    private static bool Raise(ref PromptLedger l, in Sight sight, RecommendedAction action, Reason reason, Severity severity, uint seq, ref bool newToAgent)
    {
        ref readonly var s = ref sight.State;
        int now = s.NowMs;
        if (!sight.Policy.PromptAgent) return false;
        if (s.AgentIsBot || s.SupervisorPresent)
        {
            // A bot has no screen, and a supervisor who is on the line is not to be prompted as an agent.
            if (severity >= Severity.Warning) NoteWarning(ref l, s, reason);
            return false;
        }

        if (l.HasInForce(action) && !(action == RecommendedAction.StopAskingWhy && severity == Severity.Warning)) return false;
        if (now < l.QuietUntilMs[(int)reason]) return false;
        bool neverHeld = severity >= Severity.Warning;
        bool explained = reason == Reason.ReasonDeclined;
        if (!neverHeld)
        {
            bool speaking = s.AgentEndMs > sight.Message.EndMs;
            bool overBudget = now - l.ChargedMs[0] < BudgetWindowMs;
            bool lessUrgent = !explained && HasMoreUrgent(l, severity);
            if (speaking || overBudget || lessUrgent || newToAgent)
            {
                HoldBack(ref l, action);
                return false;
            }
        }

        bool replaced = !explained && ReplaceLessUrgent(ref l, severity, action);
        if (!RaiseAlways(ref l, sight, action, reason, Audience.Agent, severity, seq)) return false;
        newToAgent = true;
        if (neverHeld) NoteWarning(ref l, s, reason);
        else if (!replaced)
        {
            l.ChargedMs[0] = l.ChargedMs[1];
            l.ChargedMs[1] = l.ChargedMs[2];
            l.ChargedMs[2] = now;
        }

        return true;
    }

    private static void HoldBack(ref PromptLedger l, RecommendedAction action)
    {
        l.HeldBack++;
        l.HeldBackNow = l.HeldBackNow.With(action);
    }

    private static void NoteWarning(ref PromptLedger l, in DialogueState s, Reason reason)
    {
        if (l.FirstWarningMs >= 0 || reason == Reason.InterruptedTwice) return;
        l.FirstWarningMs = s.NowMs;
        l.FirstWarningTurns = Completed(s);
    }

    private static bool HasMoreUrgent(in PromptLedger l, Severity severity)
    {
        for (int i = 0; i < l.ActiveCount; i++)
        {
            if (l.Active[i].InForce && l.Active[i].Audience == Audience.Agent && l.Active[i].Severity > severity) return true;
        }

        return false;
    }

    /// <summary>Hints give way to what is more urgent; warnings stand beside each other, the most urgent first.</summary>
    private static bool ReplaceLessUrgent(ref PromptLedger l, Severity severity, RecommendedAction action)
    {
        bool replaced = false;
        for (int i = 0; i < l.ActiveCount; i++)
        {
            ref Prompt prompt = ref l.Active[i];
            if (!prompt.InForce || prompt.Audience != Audience.Agent || prompt.Severity >= Severity.Warning) continue;
            if (prompt.Severity >= severity && prompt.Id.Action != action) continue;
            prompt.State = RecommendationState.Withdrawn;
            replaced = true;
        }

        return replaced;
    }

    private static bool RaiseAlways(ref PromptLedger l, in Sight sight, RecommendedAction action, Reason reason, Audience audience, Severity severity, uint seq)
    {
        int now = sight.State.NowMs;
        if (now < l.QuietUntilMs[(int)reason] || l.ActiveCount == PromptLedger.MostInForce) return false;
        if (audience != Audience.Agent && l.HasInForce(action)) return false;
        ref Prompt prompt = ref l.Active[l.ActiveCount++];
        prompt = default;
        prompt.Id = new PromptId(sight.State.LastSeq, action);
        prompt.Reason = reason;
        prompt.Audience = audience;
        prompt.Severity = severity;
        prompt.State = RecommendationState.New;
        prompt.RaisedMs = prompt.SinceMs = now;
        prompt.ExpiresMs = action == RecommendedAction.ProcessCancellation ? int.MaxValue : now + LifeMs;
        prompt.AgentTurns = sight.State.AgentTurns;
        prompt.Counted = Settlement.Count(action, sight.State);
        prompt.AddEvidence(seq);
        prompt.AddEvidence(sight.State.LastSeq);
        l.QuietUntilMs[(int)reason] = now + CoolDownMs;
        l.Raised++;
        return true;
    }
}
