using System.Diagnostics;
using RetentionScore.Server.Health;
using RetentionScore.Server.Metrics;
using RetentionScore.Server.Options;
using RetentionScore.Server.Telemetry;

namespace RetentionScore.Server.Journal;

/// <summary>
/// Group commit: one loop writes what all calls have said since the last time, in one transaction. Calls with something to write wait in a stack
/// without locks; what they have to say waits in buffers of their own, bounded together by <see cref="JournalOptions.QueueBytes"/>. A call whose
/// record finds the queue full has a gap from there on (<see cref="CallJournal.HasGap"/>): it is scored on, its updates say NOT_DURABLE, and its
/// client, who keeps what is not durable, is asked to open it again once the journal is back. Nothing is dropped silently.
/// </summary>
internal sealed partial class JournalWriter : IHostedService, IAsyncDisposable
{
    /// <summary>What grpc.health knows the journal by.</summary>
    internal const string ServiceName = "retentionscore.journal";

    private static readonly TimeSpan StopTime = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan PrunePeriod = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan ProbePeriod = TimeSpan.FromSeconds(1);

    private readonly IJournalStore? store;
    private readonly JournalOptions options;
    private readonly TimeProvider time;
    private readonly ServerMetrics metrics;
    private readonly CallTracing tracing;
    private readonly ServingStatus serving;
    private readonly ILogger<JournalWriter> logger;
    private readonly JournalPatience patience;
    private readonly SemaphoreSlim something = new(0, 1), much = new(0, 1);
    private readonly CancellationTokenSource stopping = new(), giveUp = new();
    private readonly List<JournalItem> items = [];
    private readonly List<int> lost = [];
    private readonly List<CallJournal> gaps = [];
    private CallJournal? queue;
    private Task loop = Task.CompletedTask;
    private long pendingBytes;
    private long waitingSince, writtenTo;
    private long prunedAt;
    private bool isOpen, isKnown;
    private int isDisposed;
    private volatile bool isFailing;

    public JournalWriter(ServerOptions options, JournalStoreSource source, TimeProvider time, ServerMetrics metrics, CallTracing tracing, ServingStatus serving, ILogger<JournalWriter> logger)
    {
        store = source.Store;
        this.options = options.Journal;
        this.time = time;
        this.metrics = metrics;
        this.tracing = tracing;
        this.serving = serving;
        this.logger = logger;
        patience = new JournalPatience(options.Journal, time);
    }

    /// <summary>Whether anything is kept.</summary>
    internal bool IsKept => store is not null;

    /// <summary>What is promised of what was committed.</summary>
    internal V1.Durability Durability => store?.Durability ?? V1.Durability.None;

    /// <summary>The last commit, or the one under way, has failed.</summary>
    internal bool IsFailing => isFailing;

    /// <summary>Bytes that wait to be written.</summary>
    internal long PendingBytes => Volatile.Read(ref pendingBytes);

    /// <summary>Age of the oldest record that waits to be written, at most. Zero when none does.</summary>
    internal TimeSpan Lag
    {
        get
        {
            // What was there before the last round began is written; what came when nothing waited is the oldest.
            long since = Math.Max(Volatile.Read(ref waitingSince), Volatile.Read(ref writtenTo));
            return PendingBytes == 0 ? TimeSpan.Zero : time.GetElapsedTime(since);
        }
    }

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (store is null) return;
        prunedAt = time.GetTimestamp();
        try
        {
            await OpenAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            // Scoring goes on without a journal, and says so.
            Fails(exception);
        }

        loop = Task.Run(RunAsync, CancellationToken.None);
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await stopping.CancelAsync().ConfigureAwait(false);
        giveUp.CancelAfter(StopTime);
        await loop.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref isDisposed, 1) == 1) return; // two services are one
        await giveUp.CancelAsync().ConfigureAwait(false);
        await stopping.CancelAsync().ConfigureAwait(false);
        await loop.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (store is not null) await store.DisposeAsync().ConfigureAwait(false);
        something.Dispose();
        much.Dispose();
        stopping.Dispose();
        giveUp.Dispose();
    }

    /// <summary>Claims a call; null where the journal cannot be reached.</summary>
    internal async ValueTask<ClaimOutcome?> ClaimAsync(Claim claim)
    {
        if (isFailing) return null; // nobody waits for what is known to fail; the loop finds out when it is back
        try
        {
            return await patience.OnceAsync((store: store!, claim), static (ask, token) => ask.store.ClaimAsync(ask.claim, token), giveUp.Token).ConfigureAwait(false);
        }
        catch (Exception exception) when (!giveUp.IsCancellationRequested)
        {
            Unreachable(logger, exception.GetType().Name, exception.Message);
            return null;
        }
    }

    /// <summary>Claims a call whose node has died and whose client never came back (<see cref="JournalOptions.OrphanAfter"/>); null where there is none.</summary>
    internal async ValueTask<OrphanedCall?> TakeOrphanAsync()
    {
        if (store is null || isFailing || !isOpen) return null;
        try
        {
            return await store.TakeOrphanAsync(time.GetUtcNow() - options.OrphanAfter, giveUp.Token).ConfigureAwait(false);
        }
        catch (Exception exception) when (!giveUp.IsCancellationRequested)
        {
            Unreachable(logger, exception.GetType().Name, exception.Message);
            return null;
        }
    }

    /// <summary>Says that calls live though nothing is said in them; where the journal cannot be asked, the next time will do.</summary>
    internal async ValueTask TouchAsync(IReadOnlyList<long> callNos)
    {
        if (store is null || isFailing || !isOpen || callNos.Count == 0) return;
        try
        {
            await store.TouchAsync(callNos, giveUp.Token).ConfigureAwait(false);
        }
        catch (Exception exception) when (!giveUp.IsCancellationRequested)
        {
            Unreachable(logger, exception.GetType().Name, exception.Message);
        }
    }

    /// <summary>Says that a call which is held here has a new start: null where the journal cannot be reached, false where another owner has the call.</summary>
    internal async ValueTask<bool?> RenewAsync(CallJournal call, ulong attempt)
    {
        if (call.IsFenced) return false;
        if (call.Epoch == 0 || isFailing) return null; // not claimed yet: the writer sees to it
        try
        {
            call.Hold();
            return await patience.OnceAsync((store: store!, call, attempt), static (ask, token) => ask.store.RenewAsync(ask.call, ask.attempt, token), giveUp.Token).ConfigureAwait(false);
        }
        catch (Exception exception) when (!giveUp.IsCancellationRequested)
        {
            Unreachable(logger, exception.GetType().Name, exception.Message);
            return null;
        }
    }

    /// <summary>Room for a record; false where the queue is full.</summary>
    internal bool TryReserve(int bytes)
    {
        long all = Interlocked.Add(ref pendingBytes, bytes);
        if (all <= options.QueueBytes)
        {
            if (all == bytes) Volatile.Write(ref waitingSince, time.GetTimestamp());
            if (all >= options.BatchBytes && all - bytes < options.BatchBytes) Signal(much);
            return true;
        }

        Interlocked.Add(ref pendingBytes, -bytes);
        return false;
    }

    /// <summary>A call has something to write.</summary>
    internal void Queue(CallJournal call)
    {
        if (Push(ref queue, call)) Signal(something);
    }

    /// <summary>A record of this call found the queue full.</summary>
    internal void Dropped(CallJournal call)
    {
        metrics.JournalDropped();
        lock (gaps) gaps.Add(call);
    }

    private static bool Push(ref CallJournal? stack, CallJournal call)
    {
        CallJournal? first;
        do
        {
            first = Volatile.Read(ref stack);
            call.NextQueued = first;
        }
        while (!ReferenceEquals(Interlocked.CompareExchange(ref stack, call, first), first));
        return first is null;
    }

    private static void Signal(SemaphoreSlim semaphore)
    {
        try
        {
            if (semaphore.CurrentCount == 0) semaphore.Release();
        }
        catch (SemaphoreFullException)
        {
            // Somebody else was quicker.
        }
        catch (ObjectDisposedException)
        {
            // The server is gone.
        }
    }

    private async Task RunAsync()
    {
        while (true)
        {
            bool stops = stopping.IsCancellationRequested;
            if (!stops) await WaitAsync().ConfigureAwait(false);
            long from = time.GetTimestamp();
            TakeAll();
            if (items.Count > 0)
            {
                await WriteAsync().ConfigureAwait(false);
                Volatile.Write(ref writtenTo, from);
            }
            else if (stops) return;
            else if (isFailing) await ProbeAsync().ConfigureAwait(false);
            AskForGaps();
            if (giveUp.IsCancellationRequested) return;
            if (!isFailing && time.GetElapsedTime(prunedAt) >= PrunePeriod) await PruneAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Until something is there, and then a little longer, so that more of it is written at once.</summary>
    private async Task WaitAsync()
    {
        try
        {
            if (!await something.WaitAsync(isFailing ? ProbePeriod : PrunePeriod, stopping.Token).ConfigureAwait(false)) return;
            if (options.BatchDelay > TimeSpan.Zero && PendingBytes < options.BatchBytes)
                await much.WaitAsync(options.BatchDelay, stopping.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // What is left is written, and then no more.
        }
    }

    private void TakeAll()
    {
        CallJournal? call = Interlocked.Exchange(ref queue, null);
        while (call is not null)
        {
            // A call may queue again as soon as it is taken, and then has another next.
            CallJournal? next = call.NextQueued;
            call.NextQueued = null;
            JournalItem item = call.Take();
            if (call.IsFenced) Done(item);
            else items.Add(item);
            call = next;
        }
    }

    private async Task WriteAsync()
    {
        try
        {
            await patience.UntilDoneAsync(this, static (writer, token) => writer.TryWriteAsync(token), Fails, giveUp.Token).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            // Only at the end of the server: what is not written now never is, and no client was told otherwise.
            GaveUp(logger, items.Count, exception.GetType().Name);
        }

        foreach (JournalItem item in items) Done(item);
        items.Clear();
    }

    private async Task TryWriteAsync(CancellationToken cancellationToken)
    {
        if (!isOpen) await OpenAsync(cancellationToken).ConfigureAwait(false);
        foreach (JournalItem item in items)
        {
            if (item.Call.Epoch == 0 && !item.Call.IsFenced) await AdoptAsync(item.Call, cancellationToken).ConfigureAwait(false);
        }

        lost.Clear();
        long from = Stopwatch.GetTimestamp();
        await store!.CommitAsync(items, lost, cancellationToken).ConfigureAwait(false);
        foreach (int place in lost) Lost(items[place].Call);
        long bytes = 0;
        foreach (JournalItem item in items)
        {
            if (item.Call.IsFenced) continue;
            item.Call.Advance(item.LastSeq);
            bytes += item.Length;
        }

        Recovered();
        TimeSpan took = Stopwatch.GetElapsedTime(from);
        metrics.JournalCommitted(bytes, took);
        tracing.Committed(took, items.Count, bytes);
    }

    /// <summary>A call that was opened while the journal could not be reached.</summary>
    private async Task AdoptAsync(CallJournal call, CancellationToken cancellationToken)
    {
        ClaimOutcome outcome = await store!.ClaimAsync(call.Claim with { Mode = ClaimMode.Adopt }, cancellationToken).ConfigureAwait(false);
        if (outcome.Result == ClaimResult.Created) call.Claimed(outcome.Epoch);
        else Lost(call);
    }

    private void Lost(CallJournal call)
    {
        if (call.IsFenced) return;
        metrics.JournalFenced();
        call.Fence();
    }

    private void Done(in JournalItem item)
    {
        Interlocked.Add(ref pendingBytes, -item.Length);
        item.Return();
    }

    private async Task OpenAsync(CancellationToken cancellationToken)
    {
        await store!.OpenAsync(cancellationToken).ConfigureAwait(false);
        isOpen = true;
        Recovered();
    }

    private async Task PruneAsync()
    {
        prunedAt = time.GetTimestamp();
        try
        {
            await store!.PruneAsync(time.GetUtcNow() - options.Retention, giveUp.Token).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            Unreachable(logger, exception.GetType().Name, exception.Message);
        }
    }

    private void Fails(Exception exception)
    {
        metrics.JournalFailed();
        isOpen = false; // opened anew with the next try: a file or a database may be another by then
        if (isFailing) return;
        isFailing = true;
        serving.Set(ServiceName, Grpc.Health.V1.HealthCheckResponse.Types.ServingStatus.NotServing);
        Failing(logger, exception.GetType().Name, exception.Message);
    }

    private void Recovered()
    {
        if (!isFailing && isKnown) return;
        isFailing = false;
        isKnown = true;
        serving.Set(ServiceName, Grpc.Health.V1.HealthCheckResponse.Types.ServingStatus.Serving);
    }

    /// <summary>Once there is room again, clients of calls with gaps send again what the journal lacks.</summary>
    private void AskForGaps()
    {
        if (isFailing || PendingBytes > options.QueueBytes / 2) return;
        CallJournal[] asked;
        lock (gaps)
        {
            if (gaps.Count == 0) return;
            asked = [.. gaps];
            gaps.Clear();
        }

        foreach (CallJournal call in asked) call.AskToRejoin();
    }

    /// <summary>With nothing to write, nobody else would find out that the journal is back.</summary>
    private async Task ProbeAsync()
    {
        try
        {
            await OpenAsync(giveUp.Token).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            Fails(exception);
        }
    }

    [LoggerMessage(1, LogLevel.Error, "The journal fails with {Type}: {Message}. Scoring goes on, updates say NOT_DURABLE, and it is tried again.")]
    private static partial void Failing(ILogger logger, string type, string message);

    [LoggerMessage(2, LogLevel.Warning, "The journal could not be asked: {Type}: {Message}")]
    private static partial void Unreachable(ILogger logger, string type, string message);

    [LoggerMessage(3, LogLevel.Error, "The server ends and what {Calls} calls said last is not in the journal: {Type}. Their clients have it.")]
    private static partial void GaveUp(ILogger logger, int calls, string type);
}
