namespace RetentionScore.Client;

/// <summary>Waits that end with whatever comes first, and say nothing of it. Stateless.</summary>
internal static class Waits
{
    /// <summary>Waits for a task, for so long, or until the token is cancelled; throws nothing of all that.</summary>
    internal static async ValueTask WaitAtMostAsync(this Task task, TimeSpan atMost, TimeProvider time, CancellationToken cancellationToken)
    {
        if (task.IsCompleted || atMost == TimeSpan.Zero) return;
        await task.WaitAsync(atMost, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>Nobody will look at how this ended.</summary>
    internal static void Forget(this Task? task) => _ =
        task?.ContinueWith(static ended => _ = ended.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
}
