using Grpc.Core;
using RetentionScore.Server.Scoring;

namespace RetentionScore.Server.Tests;

/// <summary>Every reason as clients get it: a status, a name, and a time to wait where waiting is what helps.</summary>
public class RefusalTests
{
    public static TheoryData<RefusalReason> Reasons() => [.. Enum.GetValues<RefusalReason>()];

    [Theory]
    [MemberData(nameof(Reasons))]
    public void Refusal_HasAReason_AndRetryInfoExactlyWhereItIsRetried(RefusalReason reason)
    {
        Refused refused = Refused.From(new Refusal(reason, "why").ToException());
        Assert.Equal(Refusal.NameOf(reason), refused.Reason);
        Assert.Equal("why", refused.Message);
        bool isRetried = refused.Code is StatusCode.ResourceExhausted or StatusCode.Unavailable or StatusCode.Internal;
        Assert.Equal(isRetried, refused.RetryAfter > TimeSpan.Zero);
        Assert.Equal(isRetried, new Refusal(reason, "why").ToCallError().RetryAfterMs > 0);
    }

    [Fact]
    public void Refusal_WithATimeOfItsOwn_TellsThat() =>
        Assert.Equal(TimeSpan.FromSeconds(7), Refused.From(new Refusal(RefusalReason.TooMany, "why") { RetryAfter = TimeSpan.FromSeconds(7) }.ToException()).RetryAfter);
}
