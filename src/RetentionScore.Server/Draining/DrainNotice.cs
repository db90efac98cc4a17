using RetentionScore.Server.Options;
using RetentionScore.Server.Scoring;

namespace RetentionScore.Server.Draining;

/// <summary>What streams are told while the server drains. Safe for any thread.</summary>
internal sealed class DrainNotice(ServerOptions options, TimeProvider time)
{
    private long endsAt;

    /// <summary>The drain begins and ends after this time.</summary>
    internal void Begin(TimeSpan left) => Volatile.Write(ref endsAt, time.GetTimestamp() + (long)(left.TotalSeconds * time.TimestampFrequency));

    /// <summary>Spread over the first three quarters of the time left, so that clients do not come to another node at once.</summary>
    internal V1.Draining Say()
    {
        long now = time.GetTimestamp(), end = Volatile.Read(ref endsAt);
        uint left = now < end ? (uint)time.GetElapsedTime(now, end).TotalMilliseconds : 0;
        return new V1.Draining { TimeLeftMs = left, ReconnectAfterMs = (uint)(Random.Shared.NextDouble() * left * 0.75) };
    }

    internal Refusal Refuse() => new(RefusalReason.Draining, "the server is going away") { RetryAfter = options.Calls.RetryAfter };
}
