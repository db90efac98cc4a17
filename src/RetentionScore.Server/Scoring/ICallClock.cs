using RetentionScore.Core.Calls;

namespace RetentionScore.Server.Scoring;

/// <summary>The times of a message, in ms of its call.</summary>
internal readonly record struct MessageTimes(int StartMs, int EndMs);

/// <summary>What time it is on a call, for messages that do not say. One for each call; not thread-safe.</summary>
internal interface ICallClock
{
    /// <summary>Whether times are built from words: conduct from timings is not evaluated then.</summary>
    bool IsEstimated { get; }

    /// <summary>Fills in what is missing of an utterance's times.</summary>
    /// <param name="words">How long the utterance is.</param>
    /// <param name="startMs">As told.</param>
    /// <param name="endMs">As told.</param>
    /// <param name="callMs">The latest time that any message of the call told.</param>
    MessageTimes Fill(int words, int? startMs, int? endMs, int callMs);

    /// <summary>The time of an event that does not say.</summary>
    int At(int callMs);

    /// <summary>A message that was counted told this time.</summary>
    void Seen(int ms);

    /// <summary>When the clock stood at 0, in Unix ms: what sets it again on another node. 0 where nothing arrives.</summary>
    long ZeroUnixMs { get; }
}

/// <summary>
/// Live: messages come when they happen. The clock starts with the call and is moved ahead by a message that tells a later time, so that calls
/// that are played faster than they were spoken keep their order.
/// </summary>
/// <param name="time">Where time comes from.</param>
internal sealed class ArrivalClock(TimeProvider time) : ICallClock
{
    private long anchor = time.GetTimestamp();
    private long arrived = time.GetTimestamp();
    private int anchorMs;
    private long anchorUnixMs = time.GetUtcNow().ToUnixTimeMilliseconds();

    public long ZeroUnixMs => anchorUnixMs - anchorMs;

    public bool IsEstimated => false;

    /// <summary>The next message came at this timestamp of the time provider.</summary>
    internal void Arrived(long timestamp) => arrived = timestamp;

    public MessageTimes Fill(int words, int? startMs, int? endMs, int callMs)
    {
        int end = endMs ?? Math.Max(startMs ?? 0, At(callMs));
        // Not before what was said already: nobody interrupted because of a time that we made up.
        int start = startMs ?? Math.Max(Math.Min(callMs, end), end - SpokenTime.OfMs(words));
        return new MessageTimes(start, end);
    }

    public int At(int callMs) => Math.Max(callMs, NowMs());

    public void Seen(int ms)
    {
        if (ms <= NowMs()) return;
        anchorUnixMs += (long)time.GetElapsedTime(anchor, arrived).TotalMilliseconds;
        anchor = arrived;
        anchorMs = ms;
    }

    /// <summary>Goes on as if it had never stopped; the wall clocks of two nodes are the same but for some ms.</summary>
    internal void Restore(long zeroUnixMs) =>
        anchorMs = (int)Math.Clamp(anchorUnixMs - zeroUnixMs, 0, CallTimes.MaxMs);

    private int NowMs() => (int)Math.Min(anchorMs + (long)time.GetElapsedTime(anchor, arrived).TotalMilliseconds, CallTimes.MaxMs);
}

/// <summary>Transcripts and files, where nothing arrives: times are built from the words.</summary>
internal sealed class WordClock : ICallClock
{
    private EstimatedClock clock;

    public bool IsEstimated => true;

    public long ZeroUnixMs => 0;

    public MessageTimes Fill(int words, int? startMs, int? endMs, int callMs)
    {
        if (startMs is { } start) return new MessageTimes(start, endMs ?? start + SpokenTime.OfMs(words));
        if (endMs is { } end) return new MessageTimes(Math.Max(0, end - SpokenTime.OfMs(words)), end);
        (int from, int to) = clock.Next(words);
        return new MessageTimes(from, to);
    }

    public int At(int callMs) => Math.Max(callMs, clock.NowMs);

    public void Seen(int ms) => clock.Seen(ms);
}

/// <summary>How long it takes to say something: 0.4 s and 0.33 s a word.</summary>
internal static class SpokenTime
{
    private const int MaxWords = 10_000;

    internal static int OfMs(int words) => 400 + Math.Min(words, MaxWords) * 330;
}
