namespace RetentionScore.Chaos;

/// <summary>A platform whose clock is set now and then, ahead and back. Timers go on as they are; safe for any thread.</summary>
internal sealed class JumpingTime : TimeProvider
{
    private long offsetTicks;

    public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + TimeSpan.FromTicks(Interlocked.Read(ref offsetTicks));

    internal void Jump(TimeSpan by) => Interlocked.Add(ref offsetTicks, by.Ticks);
}
