using System.Runtime.InteropServices;
using Grpc.Health.V1;
using RetentionScore.Server.Calls;
using RetentionScore.Server.Health;
using RetentionScore.Server.Options;
using RetentionScore.Server.Scoring;
using Serving = Grpc.Health.V1.HealthCheckResponse.Types.ServingStatus;

namespace RetentionScore.Server.Draining;

/// <summary>
/// How the server comes and goes. Start: listening first, then warm-up, then ready. Stop, before anything else of the host stops:
/// <list type="number">
/// <item>lame duck: health says NOT_SERVING, all else goes on, so that load balancers look elsewhere;</item>
/// <item>drain: every stream is told, new starts are refused; over as soon as no stream is left;</item>
/// <item>stop: what is left ends with DRAINING, what does not end is cut off, and the host stops.</item>
/// </list>
/// Ctrl-C, at any time, skips the first and shortens the second.
/// </summary>
internal sealed partial class Drain(
    ServerOptions options, ServerPhase phase, DrainNotice notice, OpenStreams streams, OpenConnections connections, ServingStatus serving, WarmUp warmUp, TimeProvider time,
    ILogger<Drain> logger)
    : IHostedLifecycleService, IDisposable
{
    private static readonly TimeSpan InteractiveTime = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan EndingTime = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Glance = TimeSpan.FromMilliseconds(20);

    private readonly TaskCompletionSource interrupted = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private PosixSignalRegistration? ctrlC;

    /// <summary>Ctrl-C was pressed: whoever waits at a terminal does not want to wait.</summary>
    internal void Interrupt() => interrupted.TrySetResult();

    public Task StartingAsync(CancellationToken cancellationToken)
    {
        SetServing(Serving.NotServing);
        ctrlC = PosixSignalRegistration.Create(PosixSignal.SIGINT, _ => Interrupt());
        return Task.CompletedTask;
    }

    public Task StartedAsync(CancellationToken cancellationToken)
    {
        warmUp.Run();
        phase.Enter(Phase.Serving);
        SetServing(Serving.Serving);
        return Task.CompletedTask;
    }

    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        phase.Enter(Phase.LameDuck);
        serving.Stop();
        if (!interrupted.Task.IsCompleted) Entered(logger, Phase.LameDuck, options.Drain.LameDuck.TotalSeconds, streams.Count);
        await WaitAsync(options.Drain.LameDuck, interrupted.Task, cancellationToken);

        TimeSpan left = interrupted.Task.IsCompleted && options.Drain.Time > InteractiveTime ? InteractiveTime : options.Drain.Time;
        notice.Begin(left);
        phase.Enter(Phase.Draining);
        Entered(logger, Phase.Draining, left.TotalSeconds, streams.Count);
        foreach (StreamControl stream in streams.All) stream.RequestDrainNotice();
        await WaitAsync(left, UntilAsync(() => streams.IsEmpty, left, cancellationToken), cancellationToken);

        phase.Enter(Phase.Stopping);
        Entered(logger, Phase.Stopping, EndingTime.TotalSeconds, streams.Count);
        foreach (StreamControl stream in streams.All) stream.RequestStop(StopReason.Draining);
        await WaitAsync(EndingTime, UntilAsync(() => streams.IsEmpty, EndingTime, cancellationToken), cancellationToken);
        // Kestrel says goodbye next and would wait for clients that do not read until the host's own time-out.
        _ = CutOffAsync();
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose() => ctrlC?.Dispose();

    private void SetServing(Serving status)
    {
        serving.Set(ServingStatus.WholeServer, status);
        serving.Set(V1.ScoringService.Descriptor.FullName, status);
    }

    private async Task CutOffAsync()
    {
        await Task.Delay(EndingTime, time);
        connections.Abort();
    }

    private async Task UntilAsync(Func<bool> holds, TimeSpan atMost, CancellationToken cancellationToken)
    {
        long from = time.GetTimestamp();
        while (!holds() && time.GetElapsedTime(from) < atMost) await Task.Delay(Glance, time, cancellationToken);
    }

    private async Task WaitAsync(TimeSpan atMost, Task over, CancellationToken cancellationToken)
    {
        if (atMost == TimeSpan.Zero || over.IsCompleted) return;
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await Task.WhenAny(over, Task.Delay(atMost, time, enough.Token));
        await enough.CancelAsync();
    }

    [LoggerMessage(1, LogLevel.Information, "{Phase} for at most {Seconds} s with {Streams} open streams.")]
    private static partial void Entered(ILogger logger, Phase phase, double seconds, int streams);
}
