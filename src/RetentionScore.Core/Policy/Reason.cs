namespace RetentionScore.Core.Policy;

/// <summary>Why a prompt is raised. Told as SCREAMING_SNAKE_CASE; listed in docs/how-it-scores.md.</summary>
internal enum Reason : byte
{
    None,
    FirstRequest,
    OfferWelcome,
    ReasonDeclined,
    WhyAskedAfterRefusal,
    WhyAskedAgain,
    OfferAfterRefusal,
    RequestRepeated,
    SaveLimitExceeded,
    AcknowledgementOverdue,
    ApologyDue,
    InterruptedTwice,
    LongMonologue,
    InWritingDue,
    GoodbyeDue,
    PressureRising,
    CustomerEscalates,
    EndingBadly,
    GoesPublic,
    AgentAbused,
    LongHold,
}

/// <summary>The words of reasons and prompts.</summary>
internal static class Reasons
{
    public const int Count = (int)Reason.LongHold + 1;

    private static readonly string[] Names = [.. Enum.GetValues<Reason>().Select(ToName)];

    public static string Name(Reason reason) => Names[(int)reason];

    private static string ToName(Reason reason)
    {
        var text = new System.Text.StringBuilder();
        foreach (char c in reason.ToString())
        {
            if (c is >= 'A' and <= 'Z' && text.Length > 0) text.Append('_');
            text.Append(c is >= 'a' and <= 'z' ? (char)(c & ~0x20) : c);
        }

        return text.ToString();
    }
}
