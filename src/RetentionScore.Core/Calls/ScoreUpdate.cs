using RetentionScore.Core.Dialogue;
using RetentionScore.Core.Policy;
using RetentionScore.Core.Risk;
using RetentionScore.Core.Signals;

namespace RetentionScore.Core.Calls;

/// <summary>What was left out or could not be evaluated.</summary>
[Flags]
public enum Degradations
{
    /// <summary>Nothing.</summary>
    None = 0,
    /// <summary>Scoring this message failed; it keeps its place in the order.</summary>
    NotEvaluated = 1,
    /// <summary>The corrected utterance is unknown or too old: counted, not applied.</summary>
    CorrectionTooOld = 2,
    /// <summary>Conduct from timings is not evaluated.</summary>
    TimingsEstimated = 4,
    /// <summary>No model for this language, which is not "no risk".</summary>
    LanguageNotEvaluated = 8,
    /// <summary>An event of unknown kind, or one that names an unknown prompt.</summary>
    InputIgnored = 16,
}

/// <summary>Why a score moved. All items of a score add up to its log-odds.</summary>
/// <param name="Score">Which score.</param>
/// <param name="Signal">The signal or feature; "prior" holds the bias.</param>
/// <param name="Seq">The message it rests on; 0 for none.</param>
/// <param name="BeginChar">UTF-16 code units into the utterance's text; equal to <paramref name="EndChar"/> where it is not a span.</param>
/// <param name="EndChar">One past the span.</param>
/// <param name="Contribution">Signed log-odds.</param>
/// <param name="Note">One line for a person.</param>
public readonly record struct Evidence(Score Score, string Signal, uint Seq, int BeginChar, int EndChar, float Contribution, string Note);

/// <summary>
/// What one message did to a call. Owned and reused by the <see cref="ScoringScratch"/> that scored it: read it before the next message.
/// Not thread-safe.
/// </summary>
public sealed class ScoreUpdate
{
    internal readonly List<Recommendation> RecommendationList = new(16);
    internal readonly List<Evidence> EvidenceList = new(128);
    internal readonly List<SignalProbability> SignalList = new(48);

    /// <summary>The message that is answered; 0 for an interim.</summary>
    public uint Seq { get; internal set; }
    /// <summary>The last seq in this score.</summary>
    public uint AsOfSeq { get; internal set; }
    /// <summary>Scored on a copy.</summary>
    public bool Interim { get; internal set; }
    /// <summary>Whether <see cref="Risk"/> says anything: false while nothing could be evaluated.</summary>
    public bool HasRisk { get; internal set; }
    /// <summary>The scores.</summary>
    public RiskScores Risk { get; internal set; }
    /// <summary>The band of the overall score, with hysteresis.</summary>
    public RiskBand Band { get; internal set; }
    /// <summary>Change of the overall score a minute, over the last minute.</summary>
    public float Trend { get; internal set; }
    /// <summary>How far a request to leave has come.</summary>
    public CancelStage Stage { get; internal set; }
    /// <summary>Where the request stands; says nothing while the stage is <see cref="CancelStage.None"/>.</summary>
    public CancelProgress Progress { get; internal set; }
    /// <summary>All that is in force and what was fulfilled or withdrawn by this message, the most urgent first; empty on an interim.</summary>
    public IReadOnlyList<Recommendation> Recommendations => RecommendationList;
    /// <summary>With explanation, of every score; without, of the overall score and only where a recommendation is new.</summary>
    public IReadOnlyList<Evidence> Evidence => EvidenceList;
    /// <summary>With explanation: the signals of this utterance of at least 0.01, sorted by name.</summary>
    public IReadOnlyList<SignalProbability> Signals => SignalList;
    /// <summary>What was left out.</summary>
    public Degradations Degraded { get; internal set; }
    /// <summary>With a correction: updates from this seq on are stale; 0 otherwise.</summary>
    public uint RescoredFromSeq { get; internal set; }
    /// <summary>Prompts that the attention budget held back at this message.</summary>
    public int HeldBack { get; internal set; }
    /// <summary>What those asked for.</summary>
    public ActionSet HeldBackActions { get; internal set; }
    /// <summary>What was asked for until this message, when its time ran out.</summary>
    public ActionSet ExpiredActions { get; internal set; }
}
