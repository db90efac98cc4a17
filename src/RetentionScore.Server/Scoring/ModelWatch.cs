namespace RetentionScore.Server.Scoring;

/// <summary>Looks once a second whether the model's file was exchanged.</summary>
internal sealed class ModelWatch(SignalModels models, TimeProvider time) : IHostedService, IDisposable
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);
    private ITimer? timer;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (models.IsWatched) timer = time.CreateTimer(static watched => ((SignalModels)watched!).Look(), models, Period, Period);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        timer?.Dispose();
        return Task.CompletedTask;
    }

    public void Dispose() => timer?.Dispose();
}
