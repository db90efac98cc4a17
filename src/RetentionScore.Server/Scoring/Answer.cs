using RetentionScore.Server.Scoring.Wire;

namespace RetentionScore.Server.Scoring;

/// <summary>What a message came to.</summary>
internal enum AnswerKind
{
    /// <summary>Nothing is answered.</summary>
    Nothing,
    /// <summary>A message with a seq was counted.</summary>
    Counted,
    /// <summary>Of those: a correction.</summary>
    Correction,
    /// <summary>It was counted before.</summary>
    Duplicate,
    /// <summary>A hypothesis was scored on a copy.</summary>
    Interim,
    /// <summary>The call has ended with this message.</summary>
    Ended,
    /// <summary>It had ended before: the same summary.</summary>
    EndedBefore,
    /// <summary>The stream ends.</summary>
    Refused,
}

/// <summary>The answer to one message.</summary>
internal readonly record struct Answer
{
    /// <summary>What the message came to.</summary>
    internal AnswerKind Kind { get; private init; }

    /// <summary>What was scored: the workspace's, to be sent before it scores again. Beside a summary, the last score.</summary>
    internal ScoredUpdate? Update { get; private init; }

    /// <summary>A duplicate's update, of a call that has ended: nothing of it is left but what it told.</summary>
    internal V1.ScoreUpdate? Told { get; private init; }

    /// <summary>The answer to an end.</summary>
    internal V1.CallSummary? Summary { get; private init; }

    /// <summary>The stream ends with it.</summary>
    internal Refusal? Refusal { get; private init; }

    internal static Answer Nothing => default;

    internal static Answer With(AnswerKind kind, ScoredUpdate update) => new() { Kind = kind, Update = update };

    internal static Answer Repeat(V1.ScoreUpdate told) => new() { Kind = AnswerKind.Duplicate, Told = told };

    internal static Answer End(V1.CallSummary summary, ScoredUpdate last) => new() { Kind = AnswerKind.Ended, Summary = summary, Update = last };

    internal static Answer EndedBefore(V1.CallSummary summary) => new() { Kind = AnswerKind.EndedBefore, Summary = summary };

    internal static Answer Refuse(Refusal refusal) => new() { Kind = AnswerKind.Refused, Refusal = refusal };
}
