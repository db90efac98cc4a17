using System.Buffers;
using RetentionScore.Core.Signals;
using RetentionScore.Server.Calls;

namespace RetentionScore.Server.Journal;

/// <summary>
/// One call's part of the journal: what it has said that is not written yet, and how far what is written goes. Its holder appends and asks, the
/// journal's writer takes and answers; nobody who scores ever waits for a disk. Safe for any thread.
/// </summary>
internal sealed class CallJournal
{
    /// <summary>How long the summary of a call waits for the journal.</summary>
    internal static readonly TimeSpan SummaryWait = TimeSpan.FromSeconds(1);

    private const int FirstBytes = 256;

    private readonly Lock gate = new();
    private readonly JournalWriter? writer;
    private readonly TimeProvider time;
    private List<Waiter>? waiters;
    private Action? onFenced, onRejoin;
    private byte[]? pending;
    private int pendingBytes;
    private uint pendingSeq;
    private LastWords words;
    private byte[]? summary;
    private string? customerId;
    private bool released, queued, hasEnd;
    private long durableSeq;
    private long epoch;
    private volatile bool isBehind, isFenced;

    /// <summary>A call that is kept: claimed, or, with epoch 0, to be claimed once the journal can be reached.</summary>
    internal CallJournal(JournalWriter writer, in Claim claim, long callNo, ulong epoch, TimeProvider time)
    {
        this.writer = writer;
        this.time = time;
        this.epoch = (long)epoch;
        Durability = writer.Durability;
        CallNo = callNo;
        Claim = claim;
    }

    /// <summary>A call without a writer: nothing of it is kept, or it has ended and all of it is.</summary>
    internal CallJournal(V1.Durability durability, TimeProvider time, uint durableSeq = 0, ulong epoch = 0)
    {
        Durability = durability;
        this.time = time;
        this.durableSeq = durableSeq;
        this.epoch = (long)epoch;
    }

    /// <summary>Of transcripts, and of servers that keep nothing: there is nothing to wait for.</summary>
    internal static CallJournal None { get; } = new(V1.Durability.None, TimeProvider.System);

    /// <summary>What <see cref="DurableSeq"/> promises.</summary>
    internal V1.Durability Durability { get; }

    /// <summary>The call's name in the journal, chosen at random by whoever opened it.</summary>
    internal long CallNo { get; }

    /// <summary>What it was claimed with.</summary>
    internal Claim Claim { get; }

    /// <summary>Everything up to this seq survives as <see cref="Durability"/> says; 0 for nothing.</summary>
    internal uint DurableSeq => (uint)Volatile.Read(ref durableSeq);

    /// <summary>The claim's number in the journal; a claim with a higher one ends this one. 0 without a claim.</summary>
    internal ulong Epoch => (ulong)Volatile.Read(ref epoch);

    /// <summary>Whether what is said is to be appended.</summary>
    internal bool IsKept => writer is not null && !isFenced;

    /// <summary>The journal is down, or cannot keep up: updates say NOT_DURABLE.</summary>
    internal bool IsBehind => isBehind || writer is { IsFailing: true };

    /// <summary>Something of this call was not taken because the queue was full; what follows is of no use to a restore and is not taken either.</summary>
    internal bool HasGap { get; private set; }

    /// <summary>Another owner has the call; nothing is written any more.</summary>
    internal bool IsFenced => isFenced;

    /// <summary>The file's state at which the claim was last found to hold: <see cref="SqliteStore"/>'s own.</summary>
    internal long SeenVersion { get; set; } = -1;

    /// <summary>The next of those with something to write: <see cref="JournalWriter"/>'s own.</summary>
    internal CallJournal? NextQueued { get; set; }

    /// <summary>Whether everything up to this seq is durable, or nothing ever is.</summary>
    internal bool IsDurable(uint seq) => Durability == V1.Durability.None || seq <= DurableSeq;

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

    /// <summary>Says who is told, once, that another owner has the call.</summary>
    /// <param name="told">Called once, then.</param>
    /// <param name="rejoin">Called when the journal can take again what it lacks of the call.</param>
    internal void WhenFenced(Action told, Action rejoin)
    {
        lock (gate)
        {
            onFenced = told;
            onRejoin = rejoin;
            if (!isFenced) return;
        }

        told();
    }

    /// <summary>The journal is back: the client is asked to send again what is not durable.</summary>
    internal void AskToRejoin()
    {
        Action? rejoin;
        lock (gate) rejoin = isFenced ? null : onRejoin;
        rejoin?.Invoke();
    }

    /// <summary>Hands a record over; it is written soon. Allocates nothing once the buffers are warm.</summary>
    /// <param name="seq">Of the message.</param>
    /// <param name="record">Its bytes, copied.</param>
    /// <param name="customer">The last words of the customer.</param>
    /// <param name="agent">The last words of the other side.</param>
    /// <param name="endsWith">The summary, with the last record of a call; otherwise null.</param>
    /// <param name="customerId">Where it changed; otherwise null.</param>
    internal void Append(uint seq, ReadOnlySpan<byte> record, in TailWords customer, in TailWords agent, byte[]? endsWith = null, string? customerId = null)
    {
        if (writer is null || isFenced) return;
        bool wake;
        lock (gate)
        {
            if (HasGap || !writer.TryReserve(record.Length))
            {
                if (!HasGap) writer.Dropped(this);
                HasGap = isBehind = true;
                return;
            }

            Grow(record.Length);
            record.CopyTo(pending.AsSpan(pendingBytes));
            pendingBytes += record.Length;
            pendingSeq = seq;
            words = new LastWords(customer, agent);
            summary ??= endsWith;
            hasEnd |= endsWith is not null;
            this.customerId = customerId ?? this.customerId;
            wake = !queued;
            queued = true;
        }

        if (wake) writer.Queue(this);
    }

    /// <summary>No stream holds the call any more: a start with any attempt may have it.</summary>
    internal void Release()
    {
        if (writer is null || isFenced || Epoch == 0) return;
        lock (gate)
        {
            if (hasEnd) return; // whoever writes it lets go of the call, too
            released = true;
            if (queued) return;
            queued = true;
        }

        writer.Queue(this);
    }

    /// <summary>A stream holds the call again.</summary>
    internal void Hold()
    {
        lock (gate) released = false;
    }

    /// <summary>Takes all that is to be written; the bytes go back with <see cref="JournalItem.Return"/>.</summary>
    internal JournalItem Take()
    {
        lock (gate)
        {
            var item = new JournalItem(this, pending, pendingBytes, pendingSeq, words, summary, customerId, released);
            pending = null;
            pendingBytes = 0;
            summary = null;
            customerId = null;
            queued = released = false;
            return item;
        }
    }

    /// <summary>The call is claimed now, or claimed anew.</summary>
    internal void Claimed(ulong newEpoch) => Volatile.Write(ref epoch, (long)newEpoch);

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

    /// <summary>Another owner has the call.</summary>
    internal void Fence()
    {
        Action? told;
        lock (gate)
        {
            if (isFenced) return;
            isFenced = true;
            told = onFenced;
        }

        told?.Invoke();
    }

    /// <summary>Whether the journal fails this call just now.</summary>
    internal void SetBehind(bool behind) => isBehind = behind;

    private void Grow(int more)
    {
        if (pending is not null && pending.Length - pendingBytes >= more) return;
        byte[] larger = ArrayPool<byte>.Shared.Rent(Math.Max(FirstBytes, Math.Max(pendingBytes + more, pendingBytes * 2)));
        if (pending is not null)
        {
            pending.AsSpan(0, pendingBytes).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(pending);
        }

        pending = larger;
    }

    private async ValueTask<bool> WithinAsync(Task<bool> durable, TimeSpan atMost)
    {
        using var over = new CancellationTokenSource();
        Task first = await Task.WhenAny(durable, Task.Delay(atMost, time, over.Token)).ConfigureAwait(false);
        await over.CancelAsync().ConfigureAwait(false);
        return ReferenceEquals(first, durable);
    }

    private readonly record struct Waiter(uint Seq, TaskCompletionSource<bool> Done);
}
