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

/// <summary>The answer to one message: an update, a summary or a refusal. An update is that which the caller lent, to be sent before the next.</summary>
internal readonly record struct Answer(AnswerKind Kind, V1.ScoreUpdate? Update, V1.CallSummary? Summary, Refusal? Refusal)
{
    internal static Answer Nothing => default;

    internal static Answer With(AnswerKind kind, V1.ScoreUpdate update) => new(kind, update, null, null);

    internal static Answer With(AnswerKind kind, V1.CallSummary summary) => new(kind, null, summary, null);

    internal static Answer Refuse(Refusal refusal) => new(AnswerKind.Refused, null, null, refusal);
}
