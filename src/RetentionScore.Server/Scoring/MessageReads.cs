using Grpc.Core;

namespace RetentionScore.Server.Scoring;

/// <summary>The reads of one stream, one at a time. For the stream's loop alone.</summary>
internal sealed class MessageReads<T>(IAsyncStreamReader<T> requests, ServerCallContext context)
{
    private Task<bool>? reading;

    /// <summary>What the last read brought.</summary>
    internal T Current => requests.Current;

    internal Task<bool> NextAsync() => reading = requests.MoveNext(CancellationToken.None);

    /// <summary>A read left in the body's pipe would meet the next request of the connection, which uses the pipe again: it is woken and awaited.</summary>
    internal async ValueTask EndAsync()
    {
        if (reading is not { IsCompleted: false } left) return;
        context.GetHttpContext().Request.BodyReader.CancelPendingRead();
        await ((Task)left).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }
}
