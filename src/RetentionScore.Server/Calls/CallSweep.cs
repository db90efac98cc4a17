using RetentionScore.Server.Options;

namespace RetentionScore.Server.Calls;

/// <summary>
/// Once a second: stops streams that say nothing, ends and forgets calls that nobody holds. Once a minute: ends those of nodes that are gone.
/// </summary>
internal sealed partial class CallSweep(
    CallRegistry calls, OpenStreams streams, ServerOptions options, TimeProvider time, ILogger<CallSweep> logger) : IHostedService, IDisposable
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1), OrphansPeriod = TimeSpan.FromMinutes(1);
    private ITimer? timer;
    private Task orphans = Task.CompletedTask;
    private long orphansAt = time.GetTimestamp();

    public Task StartAsync(CancellationToken cancellationToken)
    {
        timer = time.CreateTimer(static sweep => ((CallSweep)sweep!).Sweep(), this, Period, Period);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        timer?.Dispose();
        return Task.CompletedTask;
    }

    public void Dispose() => timer?.Dispose();

    private void Sweep()
    {
        try
        {
            long now = time.GetTimestamp();
            foreach (StreamControl stream in streams.All)
            {
                TimeSpan most = stream.HasCall ? options.Calls.IdleTimeout : options.Calls.FirstMessage;
                if (time.GetElapsedTime(stream.LastActivity, now) >= most) stream.RequestStop(StopReason.Idle);
            }

            calls.Sweep();
            if (!orphans.IsCompleted || time.GetElapsedTime(orphansAt, now) < OrphansPeriod) return;
            orphansAt = now;
            orphans = Task.Run(EndOrphansAsync);
        }
        catch (Exception exception)
        {
            Failed(logger, exception);
        }
    }

    private async Task EndOrphansAsync()
    {
        try
        {
            await calls.EndOrphansAsync().ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            Failed(logger, exception);
        }
    }

    [LoggerMessage(1, LogLevel.Error, "The sweep of quiet calls failed; the next goes on.")]
    private static partial void Failed(ILogger logger, Exception exception);
}
