namespace RetentionScore.Server.Journal;

/// <summary>
/// How far one call has come in the journal. Its holder asks, the journal's writer answers; nobody who scores ever waits for a disk. Safe for any
/// thread.
/// </summary>
internal sealed class CallJournal(V1.Durability durability, TimeProvider time)
{
    /// <summary>How long the summary of a call waits for the journal.</summary>
    internal static readonly TimeSpan SummaryWait = TimeSpan.FromSeconds(1);

    private readonly Lock gate = new();
    private List<Waiter>? waiters;
    private long durableSeq;
    private volatile bool isBehind;

    /// <summary>Of transcripts, and of servers that keep nothing: there is nothing to wait for.</summary>
    internal static CallJournal None { get; } = new(V1.Durability.None, TimeProvider.System);

    /// <summary>What <see cref="DurableSeq"/> promises.</summary>
    internal V1.Durability Durability => durability;

    /// <summary>Everything up to this seq survives as <see cref="Durability"/> says; 0 for nothing.</summary>
    internal uint DurableSeq => (uint)Volatile.Read(ref durableSeq);

    /// <summary>The claim's number in the journal; a claim with a higher one ends this one. 0 without a journal.</summary>
    internal ulong Epoch { get; private set; }

    /// <summary>The journal is down, or cannot keep up: updates say NOT_DURABLE.</summary>
    internal bool IsBehind => isBehind;

    /// <summary>Whether everything up to this seq is durable, or nothing ever is.</summary>
    internal bool IsDurable(uint seq) => durability == V1.Durability.None || seq <= DurableSeq;

    /// <summary>
    /// Ends with true once everything up to <paramref name="seq"/> is durable, or at once where nothing is ever kept; with false when
    /// <paramref name="atMost"/> has passed, which may be infinite. Blocks nobody.
    /// </summary>
    internal ValueTask<bool> WhenDurableAsync(uint seq, TimeSpan atMost)
    {
        if (IsDurable(seq)) return new(true);
        Task<bool> durable;
        lock (gate)
        {
            if (seq <= DurableSeq) return new(true);
            var waiter = new Waiter(seq, new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously));
            (waiters ??= []).Add(waiter);
            durable = waiter.Done.Task;
        }

        return atMost == Timeout.InfiniteTimeSpan ? new(durable) : WithinAsync(durable, atMost);
    }

    /// <summary>The journal has everything up to this seq.</summary>
    internal void Advance(uint seq)
    {
        lock (gate)
        {
            if (seq <= DurableSeq) return;
            Volatile.Write(ref durableSeq, seq);
            if (waiters is null) return;
            for (int i = waiters.Count - 1; i >= 0; i--)
            {
                if (waiters[i].Seq > seq) continue;
                waiters[i].Done.TrySetResult(true);
                waiters.RemoveAt(i);
            }
        }
    }

    /// <summary>Whether the journal fails this call just now.</summary>
    internal void SetBehind(bool behind) => isBehind = behind;

    private async ValueTask<bool> WithinAsync(Task<bool> durable, TimeSpan atMost)
    {
        using var over = new CancellationTokenSource();
        Task first = await Task.WhenAny(durable, Task.Delay(atMost, time, over.Token)).ConfigureAwait(false);
        await over.CancelAsync().ConfigureAwait(false);
        return ReferenceEquals(first, durable);
    }

    private readonly record struct Waiter(uint Seq, TaskCompletionSource<bool> Done);
}
