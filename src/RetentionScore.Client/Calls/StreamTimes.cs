namespace RetentionScore.Client;

/// <summary>When what was sent and answered on one stream, and what is due on it. A plain struct of its loop; timestamps of its time provider.</summary>
internal struct StreamTimes(TimeProvider time, TimeSpan answerLimit, long now)
{
    private long lastSpoken = now; // anything but heartbeats
    private long lastWritten = now;
    private long awaitedSince; // 0 while nothing is due
    private uint sentSeq;
    private uint answeredSeq;
    private bool isBeating;
    private uint? flushedSeq;

    /// <summary>The end of a call that had ended before was sent again.</summary>
    internal bool IsEndSent { get; private set; }

    internal readonly long Ticks(TimeSpan span) => (long)(span.TotalSeconds * (time ?? TimeProvider.System).TimestampFrequency);

    internal void Sent(long at) => lastSpoken = lastWritten = at;

    internal void Sent(uint seq, long at)
    {
        Sent(at);
        sentSeq = Math.Max(sentSeq, seq);
        Await(at);
    }

    internal void EndSent(long at)
    {
        IsEndSent = true;
        Sent(at);
        Await(at);
    }

    /// <param name="flushSeq">What is to be durable when it is answered; 0 for one that is answered at once.</param>
    /// <param name="at">Now.</param>
    internal void HeartbeatSent(uint flushSeq, long at)
    {
        lastWritten = at;
        if (flushSeq > 0)
        {
            flushedSeq = flushSeq; // the journal may take its time
            return;
        }

        isBeating = true;
        Await(at);
    }

    internal void Answered(uint seq, long at)
    {
        answeredSeq = Math.Max(answeredSeq, seq);
        Heard(at);
    }

    internal void Beaten(uint durableSeq, long at)
    {
        isBeating = false;
        if (flushedSeq <= durableSeq) flushedSeq = null;
        Heard(at);
    }

    /// <summary>An answer is due for longer than the limit.</summary>
    internal readonly bool IsDead(long at) => awaitedSince != 0 && at - awaitedSince >= Ticks(answerLimit);

    internal readonly bool IsTickDue(long at, TimeSpan interval) => interval > TimeSpan.Zero && at - lastSpoken >= Ticks(interval);

    internal readonly bool IsHeartbeatDue(long at, TimeSpan interval) => !isBeating && at - lastWritten >= Ticks(interval);

    internal readonly bool IsFlushDue(long at, TimeSpan delay) => flushedSeq is null && at >= NextFlush(delay);

    internal readonly long NextFlush(TimeSpan delay) => flushedSeq is null ? lastWritten + Ticks(delay) : long.MaxValue;

    internal readonly long NextDue(TimeSpan tickInterval, TimeSpan heartbeatInterval)
    {
        long next = isBeating ? long.MaxValue : lastWritten + Ticks(heartbeatInterval);
        if (tickInterval > TimeSpan.Zero) next = Math.Min(next, lastSpoken + Ticks(tickInterval));
        if (awaitedSince != 0) next = Math.Min(next, awaitedSince + Ticks(answerLimit));
        return next;
    }

    private void Await(long at)
    {
        if (awaitedSince == 0) awaitedSince = at;
    }

    private void Heard(long at) => awaitedSince = answeredSeq < sentSeq || isBeating || IsEndSent ? at : 0;
}
