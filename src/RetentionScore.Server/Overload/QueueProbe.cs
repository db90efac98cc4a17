namespace RetentionScore.Server.Overload;

/// <summary>
/// How long what is ready to be read waits: the streams' loops run in the thread pool, one after the other, and so does the probe, which is put into the
/// same queue twenty times a second. A probe that is still in the queue has waited since it was put there.
/// </summary>
internal sealed class QueueProbe(Shedding shedding, TimeProvider time) : IHostedService, IThreadPoolWorkItem, IDisposable
{
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(50);

    private ITimer? timer;
    private long queuedAt;
    private long lastWait;
    private int isQueued;
    private int isLooking;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        timer = time.CreateTimer(static probe => ((QueueProbe)probe!).Look(), this, Period, Period);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        timer?.Dispose();
        return Task.CompletedTask;
    }

    public void Dispose() => timer?.Dispose();

    void IThreadPoolWorkItem.Execute()
    {
        Volatile.Write(ref lastWait, time.GetElapsedTime(Volatile.Read(ref queuedAt)).Ticks);
        Volatile.Write(ref isQueued, 0);
    }

    private void Look()
    {
        // Timers are run by the same pool: late ones come several at once.
        if (Interlocked.Exchange(ref isLooking, 1) == 1) return;
        try
        {
            bool waits = Volatile.Read(ref isQueued) == 1;
            shedding.Look(waits ? time.GetElapsedTime(Volatile.Read(ref queuedAt)) : TimeSpan.FromTicks(Volatile.Read(ref lastWait)));
            if (waits) return;
            Volatile.Write(ref queuedAt, time.GetTimestamp());
            Volatile.Write(ref isQueued, 1);
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }
        finally
        {
            Volatile.Write(ref isLooking, 0);
        }
    }
}
