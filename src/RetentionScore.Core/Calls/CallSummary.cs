using RetentionScore.Core.Dialogue;
using RetentionScore.Core.Risk;

namespace RetentionScore.Core.Calls;

/// <summary>A moment worth talking about afterwards.</summary>
/// <param name="Seq">The message.</param>
/// <param name="AtMs">In ms of the call.</param>
/// <param name="Kind">SCREAMING_SNAKE_CASE, listed in docs/how-it-scores.md.</param>
/// <param name="Note">One line for a person.</param>
/// <param name="Praise">What went well is taught too.</param>
public readonly record struct TeachableMoment(uint Seq, int AtMs, string Kind, string Note, bool Praise);

/// <summary>A step of the checklist of a good goodbye.</summary>
/// <param name="Step">ACKNOWLEDGED, CONFIRMATION_NUMBER, EFFECTIVE_DATE, FINAL_BILL, THANKED, DOOR_LEFT_OPEN.</param>
/// <param name="Done">Whether it was heard.</param>
/// <param name="Seq">Where it was heard, 0 if not.</param>
public readonly record struct ExitStep(string Step, bool Done, uint Seq);

/// <summary>What a call came to. Immutable.</summary>
public sealed record CallSummary
{
    /// <summary>How it ended, as the platform says.</summary>
    public required Disposition Disposition { get; init; }
    /// <summary>The highest of each score; of save likelihood too.</summary>
    public required RiskScores Peak { get; init; }
    /// <summary>The stage at the end.</summary>
    public required CancelStage Stage { get; init; }
    /// <summary>The counts at the end.</summary>
    public required CancelProgress Progress { get; init; }
    /// <summary>When it was acknowledged in deed, in ms of the call; negative if never.</summary>
    public required int AcknowledgedMs { get; init; }
    /// <summary>When it was confirmed, in ms of the call; negative if never.</summary>
    public required int ConfirmedMs { get; init; }
    /// <summary>Times the customer declined to say why.</summary>
    public required int ReasonDeclined { get; init; }
    /// <summary>PRICE, MOVING, COMPETITOR, SERVICE_QUALITY, NO_LONGER_NEEDED, OTHER, DECLINED, or empty. Never a life event.</summary>
    public required string ReasonCode { get; init; }
    /// <summary>Save attempts over the limit.</summary>
    public required int SaveAttemptsOverLimit { get; init; }
    /// <summary>Times the agent interrupted; 0 where timings were estimated.</summary>
    public required int Interruptions { get; init; }
    /// <summary>Time on hold, ms.</summary>
    public required int HoldMs { get; init; }
    /// <summary>The call's clock at its end, ms.</summary>
    public required int DurationMs { get; init; }
    /// <summary>The longest time a request waited to be acknowledged, ms.</summary>
    public required int LongestUnacknowledgedMs { get; init; }
    /// <summary>Final utterances scored.</summary>
    public required int Utterances { get; init; }
    /// <summary>Prompts raised to anyone.</summary>
    public required int PromptsRaised { get; init; }
    /// <summary>In the order they happened, at most 12.</summary>
    public required IReadOnlyList<TeachableMoment> Moments { get; init; }
    /// <summary>The six steps; empty where nobody asked to leave.</summary>
    public required IReadOnlyList<ExitStep> ExitSteps { get; init; }
}
