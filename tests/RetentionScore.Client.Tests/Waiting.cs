namespace RetentionScore.Client.Tests;

/// <summary>A time-out on every await.</summary>
internal static class Waiting
{
    internal static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    internal static Task Within(this Task task) => task.WaitAsync(Limit);

    internal static Task<T> Within<T>(this Task<T> task) => task.WaitAsync(Limit);

    internal static Task<T> Within<T>(this ValueTask<T> task) => task.AsTask().WaitAsync(Limit);

    internal static Task Within(this ValueTask task) => task.AsTask().WaitAsync(Limit);

    /// <summary>Waits until something holds.</summary>
    internal static async Task UntilAsync(Func<bool> holds, string what = "")
    {
        long from = Environment.TickCount64;
        while (!holds())
        {
            Assert.True(Environment.TickCount64 - from < Limit.TotalMilliseconds, $"in vain waited for {what}");
            await Task.Delay(5);
        }
    }
}
