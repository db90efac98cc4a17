using System.Runtime.CompilerServices;

namespace RetentionScore.Core.Dialogue;

/// <summary>What has been said and done in a turn. A turn counts once however much is in it.</summary>
[Flags]
internal enum TurnActs : ushort
{
    None = 0,
    Why = 1,
    Offer = 2,
    Rebuttal = 4,
    SaveCounted = 8,
    PutOff = 16,
    Block = 32,
    AsksIfCancel = 64,
    AsksToRepeat = 128,
    YesNo = 256,
    Neutral = 512,
    Acknowledged = 1024,
    Request = 2048,
    Invites = 4096,
    Asks = 8192,
    Abuse = 16384,
    Disrespect = 32768,
}

/// <summary>The reason a customer gave, coarse: what a summary may keep.</summary>
internal enum ReasonCode : byte
{
    None,
    Price,
    Moving,
    Competitor,
    ServiceQuality,
    NoLongerNeeded,
    Other,
    Declined,
}

/// <summary>
/// The state of a dialogue: a fold over the signal log, see <see cref="Fold"/>. A plain value, so that a copy is a hypothesis and an older
/// copy is a checkpoint. Times are ms of the call; -1 is never.
/// </summary>
internal struct DialogueState
{
    public int NowMs;
    public uint LastSeq;

    // Turns
    public bool CustomerHasTurn, AgentHasTurn, AgentIsBot, NewPerson;
    public TurnActs AgentTurn, AgentTurnBefore, CustomerTurn;
    public int AgentTurns, CustomerTurns;
    public int CustomerStartMs, CustomerEndMs, CustomerTurnStartMs;
    public int AgentStartMs, AgentEndMs, AgentTurnStartMs;
    public bool AgentUtteranceWeighs, OverlapCounted;
    /// <summary>The customer's last words were a request; what he last asked to stop was something else.</summary>
    public bool LastWordsRequested, SpeaksOfOther;

    // The request
    public CancelStage Stage, StageBeforeAcknowledged;
    public int RequestCustomerTurn, OpenedCustomerTurn, AcknowledgedAgentTurn, TurnsSinceRequest, AgentTurnsSinceRequest;
    public int OpenSinceMs, RequestTurnEndMs, HoldAllowanceMs;
    public int FirstRequestMs, AcknowledgedMs, ConfirmedMs, ClosedMs, LongestUnacknowledgedMs;
    public bool WordsOnly;

    // Counts of the call
    public ushort Requests, Repeats, ReasonAsked, ReasonAskedAfterDeclined, ReasonAskedAfterAnswered, ReasonDeclined;
    public ushort SaveAttempts, SaveAttemptsOver, Utterances, Interruptions, AbusiveTurns, Apologies, WrittenConfirmations;
    public ReasonCode Reason;

    // Counts of this request, with features of their own
    public FeatureCounts Facts;

    // With this person
    public ushort PersonWhysAfterAnswer;
    public bool PersonHeardRefusal, PersonHeardReason, RefusedAfterWhy;
    public ushort RefusalsAfterWhy;

    // What is believed and not sure; see Belief
    public float Leaning, HeldBack, HeldBackInTurn;

    // Offers
    public bool OffersRefused;
    public int OfferHeardMs, OfferEventMs;
    public ushort OffersHeard, OffersAccepted;

    // Putting off
    public ushort PutOffs, Transfers, Holds;
    public int HoldStartMs, HoldMs;

    // Ending
    public ExitSeqs Exit;
    public bool SupervisorPresent;

    // Moods as they were when last felt, and when that was: what nobody feels needs no step at every message.
    public Moods Moods;
    public MoodTimes MoodTimes;

    /// <summary>The last message that a feature rests on.</summary>
    public FeatureSeqs Seqs;

    /// <summary>The last questions about leaving, a bit for each content word.</summary>
    public QuestionBits Questions;
    public byte QuestionCount;

    public MomentLog Moments;

    public static DialogueState Start()
    {
        DialogueState state = default;
        state.Stage = CancelStage.None;
        state.CustomerStartMs = state.CustomerEndMs = state.AgentStartMs = state.AgentEndMs = -1;
        state.FirstRequestMs = state.AcknowledgedMs = state.ConfirmedMs = state.ClosedMs = state.HoldStartMs = -1;
        state.OfferHeardMs = state.OfferEventMs = state.OpenSinceMs = -1;
        state.RequestCustomerTurn = state.OpenedCustomerTurn = -1;
        state.AcknowledgedAgentTurn = -10;
        return state;
    }

    /// <summary>A request that is neither done nor taken back.</summary>
    public readonly bool IsOpen => Stage is CancelStage.Requested or CancelStage.Repeated or CancelStage.Acknowledged;

    /// <summary>A request that nobody said yes to, in deed.</summary>
    public readonly bool IsWaiting => Stage is CancelStage.Requested or CancelStage.Repeated;

    public readonly int UnacknowledgedMs => IsWaiting ? Math.Max(NowMs - OpenSinceMs, 0) : 0;

    /// <summary>No acknowledgement within 30 s of the end of the customer's turn, or within two agent turns.</summary>
    public readonly bool IsOverdue => IsWaiting && (TurnsSinceRequest >= 2 || OverdueMs > 0);

    /// <summary>Ms past the 30 s that an acknowledgement may take.</summary>
    public readonly int OverdueMs => IsWaiting ? Math.Max(NowMs - RequestTurnEndMs - HoldAllowanceMs - 30_000, 0) : 0;

    /// <summary>How much facts still weigh: wholly while a request is open, halved every 90 s after.</summary>
    public readonly double FactScale => ClosedMs < 0 ? 1.0 : Logistic.Decay(NowMs - ClosedMs, Fold.MoodHalfLifeMs);

    public readonly int SaveAttemptsLeft(int limit)
    {
        if (SaveAttemptsOver > 0) return -SaveAttemptsOver;
        return OffersRefused || RefusedAfterWhy ? 0 : Math.Max(limit - SaveAttempts, 0);
    }

    public void Count(Feature feature, uint seq, int by = 1)
    {
        Facts[(int)feature] = (byte)Math.Clamp(Facts[(int)feature] + by, 0, 200);
        Seqs[(int)feature] = seq;
    }

    public void Feel(Feature mood, uint seq, double by)
    {
        int at = mood - Features.FirstMood;
        Moods[at] = (float)Math.Min(Mood(mood) + by, 4.0);
        MoodTimes[at] = NowMs;
        Seqs[(int)mood] = seq;
    }

    public readonly double Mood(Feature mood)
    {
        int at = mood - Features.FirstMood;
        return Moods[at] == 0 ? 0 : Moods[at] * Logistic.Decay(NowMs - MoodTimes[at], Fold.MoodHalfLifeMs);
    }
}

[InlineArray((int)Features.FirstMood)]
internal struct FeatureCounts
{
    private byte _first;
}

[InlineArray(Features.MoodCount)]
internal struct Moods
{
    private float _first;
}

[InlineArray(Features.MoodCount)]
internal struct MoodTimes
{
    private int _first;
}

[InlineArray(Features.Count)]
internal struct FeatureSeqs
{
    private uint _first;
}

[InlineArray(6)]
internal struct ExitSeqs
{
    private uint _first;
}

[InlineArray(16)]
internal struct QuestionBits
{
    private ulong _first;
}
