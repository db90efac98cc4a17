namespace RetentionScore.LoadTests.Loop;

/// <summary>What an answer is.</summary>
internal enum AnswerKind
{
    Opened,
    Update,
    Summary,
    Draining,
    Other,
}

/// <summary>
/// Tells answers by their first byte, the tag of the oneof's member: ScoreCallResponse of the server, or ScoreCallRequest, which an echo sends back.
/// </summary>
internal static class AnswerKinds
{
    private const byte Member1 = 0x0a, Member2 = 0x12, Member3 = 0x1a, Member4 = 0x22;

    internal static AnswerKind OfServer(ReadOnlySpan<byte> answer) => answer.IsEmpty ? AnswerKind.Other : answer[0] switch
    {
        Member1 => AnswerKind.Opened,
        Member2 => AnswerKind.Update,
        Member3 => AnswerKind.Summary,
        Member4 => AnswerKind.Draining,
        _ => AnswerKind.Other,
    };

    internal static AnswerKind OfEcho(ReadOnlySpan<byte> answer) => answer.IsEmpty ? AnswerKind.Other : answer[0] switch
    {
        Member1 => AnswerKind.Opened,
        Member2 or Member3 => AnswerKind.Update,
        Member4 => AnswerKind.Summary,
        _ => AnswerKind.Other,
    };
}
