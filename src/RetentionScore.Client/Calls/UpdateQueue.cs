using System.Runtime.CompilerServices;
using System.Threading.Channels;
using RetentionScore.V1;

namespace RetentionScore.Client;

/// <summary>
/// A call's updates until its platform reads them. Never holds up whoever writes: past its own bound, or its part of the bound of all calls, the oldest is
/// dropped. One writer; <see cref="Write"/> and <see cref="Complete"/> are its.
/// </summary>
internal sealed class UpdateQueue
{
    private readonly Share share;
    private readonly Channel<ScoreUpdate> waiting;
    private long unread;
    private int counted; // of those that wait, what the share knows

    internal UpdateQueue(int most, Share share)
    {
        this.share = share;
        share.Join();
        waiting = Channel.CreateBounded<ScoreUpdate>(
            new BoundedChannelOptions(most) { FullMode = BoundedChannelFullMode.DropOldest, SingleWriter = true }, _ => Dropped());
    }

    /// <summary>Dropped, because nobody read them in time.</summary>
    internal long Unread => Interlocked.Read(ref unread);

    internal void Write(ScoreUpdate update)
    {
        if (share.IsOver(Volatile.Read(ref counted)) && waiting.Reader.TryRead(out _)) Dropped();
        Interlocked.Increment(ref counted);
        share.Add(1);
        waiting.Writer.TryWrite(update);
    }

    /// <summary>Nothing more will come. What waits can still be read, and is nobody's part any more.</summary>
    internal void Complete()
    {
        if (!waiting.Writer.TryComplete()) return;
        share.Add(-Interlocked.Exchange(ref counted, 0));
        share.Leave();
    }

    internal async IAsyncEnumerable<ScoreUpdate> ReadAllAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        while (await waiting.Reader.WaitToReadAsync(cancellationToken).ConfigureAwait(false))
        {
            while (waiting.Reader.TryRead(out ScoreUpdate? update))
            {
                Uncount();
                yield return update;
            }
        }
    }

    private void Dropped()
    {
        Interlocked.Increment(ref unread);
        Uncount();
    }

    private void Uncount()
    {
        int now;
        do
        {
            now = Volatile.Read(ref counted);
            if (now == 0) return;
        }
        while (Interlocked.CompareExchange(ref counted, now - 1, now) != now);
        share.Add(-1);
    }
}
