using System.Threading.Tasks.Sources;

namespace RetentionScore.Server.Calls;

/// <summary>Why a stream has to end, whatever its client does.</summary>
internal enum StopReason
{
    None,
    Superseded,
    Draining,
    Idle,
    /// <summary>The journal is back and lacks what the client still has.</summary>
    Rejoin,
}

/// <summary>
/// What others may ask of a stream: to stop, or to say that the server drains. They set a flag and wake the stream's loop, which acts between two
/// messages; nobody but the loop writes to the stream or touches its call. Safe for any thread but for <see cref="WaitAsync"/>, which is the loop's.
/// </summary>
internal sealed class StreamControl : IValueTaskSource
{
    private TaskCompletionSource? stopped, released; // made for whoever waits: hardly ever
    private readonly Action wake;
    private readonly Action? signalled;
    private ManualResetValueTaskSourceCore<bool> wait;
    private Task? watched;
    private int waiting;
    private int stop;
    private volatile int drainNotice;
    private volatile bool hasCall;
    private volatile bool isReleased;
    private int flushNotice;
    private long lastActivity;

    /// <param name="now">Timestamp.</param>
    /// <param name="signalled">
    /// Of a trunk's call: called in place of the wait, which is the trunk's, when somebody asks for something. Whoever calls it may hold a lock.
    /// </param>
    internal StreamControl(long now, Action? signalled = null)
    {
        this.signalled = signalled;
        wake = Wake;
        lastActivity = now;
    }

    /// <summary>Rises with every start of one caller for one call. Set before the call is claimed.</summary>
    internal ulong Attempt { get; set; }

    /// <summary>Whether the stream got past its start.</summary>
    internal bool HasCall
    {
        get => hasCall;
        set => hasCall = value;
    }

    /// <summary>Timestamp of the last message.</summary>
    internal long LastActivity
    {
        get => Volatile.Read(ref lastActivity);
        set => Volatile.Write(ref lastActivity, value);
    }

    internal StopReason Stop => (StopReason)Volatile.Read(ref stop);

    /// <summary>Ends when <see cref="Stop"/> is set.</summary>
    internal Task Stopped
    {
        get
        {
            TaskCompletionSource waited = Made(ref stopped);
            if (Stop != StopReason.None) waited.TrySetResult();
            return waited.Task;
        }
    }

    /// <summary>Ends when the stream has let go of its call and will not touch it again.</summary>
    internal Task Released
    {
        get
        {
            TaskCompletionSource waited = Made(ref released);
            if (isReleased) waited.TrySetResult();
            return waited.Task;
        }
    }

    private bool IsSignalled => Stop != StopReason.None || drainNotice == 1 || Volatile.Read(ref flushNotice) == 1;

    /// <summary>The first reason stays.</summary>
    internal void RequestStop(StopReason reason)
    {
        if (Interlocked.CompareExchange(ref stop, (int)reason, (int)StopReason.None) != (int)StopReason.None) return;
        Volatile.Read(ref stopped)?.TrySetResult();
        WakeElsewhere();
    }

    /// <summary>The stream says once that the server drains.</summary>
    internal void RequestDrainNotice()
    {
        if (Interlocked.CompareExchange(ref drainNotice, 1, 0) == 0) WakeElsewhere();
    }

    /// <summary>Whether the server's draining is to be said now; true once.</summary>
    internal bool TakeDrainNotice() => drainNotice == 1 && Interlocked.CompareExchange(ref drainNotice, 2, 1) == 1;

    /// <summary>What the stream waits for has become durable; on a trunk: one of its calls is to be looked at.</summary>
    internal void RequestFlushNotice()
    {
        if (Interlocked.Exchange(ref flushNotice, 1) == 0) WakeElsewhere();
    }

    /// <summary>Whether something that was waited for has become durable since the last time.</summary>
    internal bool TakeFlushNotice() => Interlocked.Exchange(ref flushNotice, 0) == 1;

    internal void SetReleased()
    {
        isReleased = true;
        Interlocked.MemoryBarrier(); // whoever makes a source now finds the flag, or the source is found here
        Volatile.Read(ref released)?.TrySetResult();
    }

    /// <summary>Waits until the read has ended or somebody asked for something; now and then for nothing. Allocates nothing.</summary>
    internal ValueTask WaitAsync(Task read)
    {
        wait.Reset();
        Interlocked.Exchange(ref waiting, 1);
        if (!ReferenceEquals(watched, read))
        {
            watched = read;
            read.ConfigureAwait(false).GetAwaiter().UnsafeOnCompleted(wake);
        }

        // Whoever signalled, and a read watched before that ended, before `waiting` was set has woken nobody.
        if (IsSignalled || read.IsCompleted) Wake();
        return new ValueTask(this, wait.Version);
    }

    void IValueTaskSource.GetResult(short token) => wait.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => wait.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        wait.OnCompleted(continuation, state, token, flags);

    private static TaskCompletionSource Made(ref TaskCompletionSource? source)
    {
        if (Volatile.Read(ref source) is { } known) return known;
        Interlocked.CompareExchange(ref source, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously), null);
        return source!;
    }

    private void Wake()
    {
        if (Interlocked.Exchange(ref waiting, 0) == 1) wait.SetResult(true);
    }

    // The loop goes on in whoever wakes it: not in a thread that holds a lock or has other streams to wake.
    private void WakeElsewhere()
    {
        if (signalled is not null) signalled();
        else ThreadPool.UnsafeQueueUserWorkItem(static control => control.Wake(), this, preferLocal: false);
    }
}
