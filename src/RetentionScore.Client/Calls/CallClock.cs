namespace RetentionScore.Client;

/// <summary>
/// What time it is on a call, in ms from its start: the clock starts with the call and is moved ahead by a message that tells a later time, as the
/// server's is. For one thread.
/// </summary>
internal sealed class CallClock(TimeProvider time)
{
    private long anchor = time.GetTimestamp();
    private int anchorMs;

    /// <summary>Whether a message has told a time: the platform has a clock of its own, and ours follows it.</summary>
    internal bool IsTold { get; private set; }

    /// <summary>The call's time at a timestamp.</summary>
    internal int At(long timestamp) => (int)Math.Clamp(anchorMs + (long)time.GetElapsedTime(anchor, timestamp).TotalMilliseconds, 0, int.MaxValue);

    /// <summary>A message that came at a timestamp told a time.</summary>
    internal void Told(int ms, long timestamp)
    {
        IsTold = true;
        if (ms <= At(timestamp)) return;
        (anchor, anchorMs) = (timestamp, ms);
    }
}
