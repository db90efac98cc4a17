using System.Globalization;
using Grpc.Core;
using Microsoft.AspNetCore.Http.Features;

namespace RetentionScore.Server.Scoring;

/// <summary>
/// A client that does not read what it is answered. It is waited for once, then the stream ends with SLOW_CONSUMER behind the answers that wait; where it
/// does not read those either, the stream is reset, so that nothing is kept for it. One for each stream; for its handler alone.
/// </summary>
internal sealed class SlowReader(TimeSpan patience, TimeSpan retryAfter, TimeProvider time)
{
    private const int EnhanceYourCalm = 11; // which gRPC reads as RESOURCE_EXHAUSTED

    private Task? unread;

    /// <summary>Waits until an answer has gone out.</summary>
    /// <param name="writing">Its write.</param>
    /// <param name="stopped">Ends the wait, too; whoever asked for it sees to the rest.</param>
    /// <returns>Null, or why the stream ends.</returns>
    internal async ValueTask<Refusal?> WaitAsync(Task writing, Task stopped)
    {
        using var over = new CancellationTokenSource();
        await Task.WhenAny(writing, stopped, Task.Delay(patience, time, over.Token)).ConfigureAwait(false);
        await over.CancelAsync().ConfigureAwait(false);
        if (writing.IsCompleted)
        {
            await writing.ConfigureAwait(false);
            return null;
        }

        unread = writing;
        return stopped.IsCompleted ? null : Slow();
    }

    /// <summary>The handler is done: what is still unread is waited for once more, then the stream is reset.</summary>
    internal async Task LeaveAsync(ServerCallContext context)
    {
        if (unread is null) return;
        using var over = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken);
        await Task.WhenAny(unread, Task.Delay(patience, time, over.Token)).ConfigureAwait(false);
        await over.CancelAsync().ConfigureAwait(false);
        if (!unread.IsCompleted) context.GetHttpContext().Features.Get<IHttpResetFeature>()?.Reset(EnhanceYourCalm);
        // It ends with the request; what it says then is of no use to anyone.
        await unread.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private Refusal Slow()
    {
        string limit = patience.TotalSeconds.ToString(CultureInfo.InvariantCulture);
        return new Refusal(RefusalReason.SlowConsumer, $"an answer was not read for {limit} s, the limit is {limit} s")
        {
            Field = "unread_s",
            Value = limit,
            Limit = limit,
            RetryAfter = retryAfter,
        };
    }
}
