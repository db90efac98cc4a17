using RetentionScore.Server.Calls;

namespace RetentionScore.Server.Journal;

/// <summary>
/// The heartbeats with `flush` of one stream that wait for the journal, in their order. Bounded: of more than <see cref="Capacity"/> the last ones
/// are answered as one. For the stream's loop alone.
/// </summary>
internal sealed class FlushQueue(CallJournal journal, StreamControl control)
{
    internal const int Capacity = 64;

    private readonly List<uint> seqs = [];

    /// <summary>Whether everything up to a seq is durable. If not, it waits here, and the stream is told with a flush notice.</summary>
    internal bool IsFlushed(uint seq)
    {
        if (seqs.Count == 0 && journal.IsDurable(seq)) return true;
        if (seqs.Count == Capacity) seqs[^1] = seq;
        else seqs.Add(seq);
        if (seqs.Count == 1) WatchFirst();
        return false;
    }

    /// <summary>How many of those that waited are to be answered now.</summary>
    internal int TakeFlushed()
    {
        int flushed = 0;
        while (flushed < seqs.Count && journal.IsDurable(seqs[flushed])) flushed++;
        seqs.RemoveRange(0, flushed);
        if (seqs.Count > 0) WatchFirst();
        return flushed;
    }

    private void WatchFirst() => _ = journal.WhenDurableAsync(seqs[0], Timeout.InfiniteTimeSpan).AsTask().ContinueWith(
        static (_, control) => ((StreamControl)control!).RequestFlushNotice(), control, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
}
