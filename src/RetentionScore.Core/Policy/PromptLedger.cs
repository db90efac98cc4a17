using System.Runtime.CompilerServices;

namespace RetentionScore.Core.Policy;

/// <summary>A prompt that was raised.</summary>
internal struct Prompt
{
    public PromptId Id;
    public Reason Reason;
    public Audience Audience;
    public Severity Severity;
    public RecommendationState State;
    public int RaisedMs, ExpiresMs, SinceMs;
    /// <summary>What was counted, and how many agent turns had begun, when it was raised or last given cause.</summary>
    public int Counted, AgentTurns;
    public uint Evidence0, Evidence1, Evidence2;

    public readonly bool InForce => State is RecommendationState.New or RecommendationState.Standing;

    /// <summary>The lower, the more urgent.</summary>
    public readonly int Urgency => (5 - (int)Severity) * 32 + (Id.Action == RecommendedAction.ProcessCancellation ? 0 : (int)Reason);

    public void AddEvidence(uint seq)
    {
        if (seq == 0 || Evidence0 == seq || Evidence1 == seq || Evidence2 == seq) return;
        if (Evidence0 == 0) Evidence0 = seq;
        else if (Evidence1 == 0) Evidence1 = seq;
        else Evidence2 = seq;
    }
}

/// <summary>
/// What was raised on a call, what it cost of people's attention, and what the rules have already taken note of. Append-only: a prompt that
/// no longer stands is withdrawn, it never un-happened. A plain value of fixed size.
/// </summary>
internal struct PromptLedger
{
    public const int MostInForce = 8;

    public Prompts Active;
    public int ActiveCount;
    public ReasonTimes QuietUntilMs;
    public ChargedTimes ChargedMs;
    public ChargedTimes SupervisorMs;
    public int Raised, HeldBack;
    /// <summary>At the last message: what the budget held back, and what lapsed.</summary>
    public ActionSet HeldBackNow, ExpiredNow;

    // Counters of the dialogue as the rules last saw them.
    public int SeenRequests, SeenRefusals, SeenWhyAfterRefusal, SeenWhyAgain, SeenOfferAfterRefusal, SeenInterruptions;
    public int InterruptedMs, FirstWarningMs, FirstWarningTurns, ListenInMs;
    public bool OfferAdvised, BreakAdvised;

    public static PromptLedger Start()
    {
        PromptLedger ledger = default;
        ledger.InterruptedMs = ledger.FirstWarningMs = ledger.ListenInMs = int.MinValue / 2;
        Span<int> charged = ledger.ChargedMs, supervisor = ledger.SupervisorMs;
        charged.Fill(int.MinValue / 2);
        supervisor.Fill(int.MinValue / 2);
        return ledger;
    }

    public readonly bool HasInForce(RecommendedAction action)
    {
        for (int i = 0; i < ActiveCount; i++)
        {
            if (Active[i].Id.Action == action && Active[i].InForce) return true;
        }

        return false;
    }

    /// <summary>What was said once is gone; what was new stands.</summary>
    public void TurnPage()
    {
        int kept = 0;
        for (int i = 0; i < ActiveCount; i++)
        {
            if (!Active[i].InForce) continue;
            Active[kept] = Active[i];
            Active[kept++].State = RecommendationState.Standing;
        }

        ActiveCount = kept;
    }

    /// <summary>A prompt that its reader dismissed ends, and its cool-down doubles. False for one that is not in force.</summary>
    public bool Dismiss(PromptId id)
    {
        for (int i = 0; i < ActiveCount; i++)
        {
            ref Prompt prompt = ref Active[i];
            if (prompt.Id != id || !prompt.InForce) continue;
            prompt.State = RecommendationState.Withdrawn;
            QuietUntilMs[(int)prompt.Reason] = prompt.RaisedMs + 2 * Advisor.CoolDownMs;
            return true;
        }

        return false;
    }

    public readonly bool Knows(PromptId id)
    {
        for (int i = 0; i < ActiveCount; i++)
        {
            if (Active[i].Id == id) return true;
        }

        return false;
    }
}

[InlineArray(PromptLedger.MostInForce)]
internal struct Prompts
{
    private Prompt _first;
}

[InlineArray(Reasons.Count)]
internal struct ReasonTimes
{
    private int _first;
}

[InlineArray(3)]
internal struct ChargedTimes
{
    private int _first;
}
