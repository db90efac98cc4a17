using Grpc.Core;
using Grpc.Framing;

namespace Grpc.AspNetCore.Server;

/// <summary>The requests of a call, read from the request's body.</summary>
internal sealed class RequestReader<TRequest> : IAsyncStreamReader<TRequest>, IDisposable
    where TRequest : class
{
    private static readonly Task<bool> Found = Task.FromResult(true);
    private static readonly Task<bool> End = Task.FromResult(false);

    private readonly ServerCall call;
    private readonly Func<DeserializationContext, TRequest> deserializer;
    private readonly MessageReader<TRequest> messages;
    private int isReading;
    private Task<bool>? pending;
    private volatile bool isComplete;

    internal RequestReader(ServerCall call, Func<DeserializationContext, TRequest> deserializer)
    {
        this.call = call;
        this.deserializer = deserializer;
        messages = new MessageReader<TRequest>(call.HttpContext.Request.BodyReader, call.CreateDecoder(), Deserialize);
    }

    public TRequest Current { get; private set; } = null!;

    public Task<bool> MoveNext(CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested) return Task.FromCanceled<bool>(cancellationToken);
        if (isComplete || call.HasClientLeft)
        {
            return Task.FromException<bool>(new InvalidOperationException("Can't read messages after the request is complete."));
        }

        if (Interlocked.Exchange(ref isReading, 1) != 0)
        {
            return Task.FromException<bool>(new InvalidOperationException("Can't read the next message because the previous read is in progress."));
        }

        // What was read before need not live while the next is awaited.
        Current = null!;
        ValueTask<TRequest?> read;
        try
        {
            read = messages.ReadAsync(cancellationToken);
        }
        catch (Exception exception)
        {
            Volatile.Write(ref isReading, 0);
            return Task.FromException<bool>(exception);
        }

        return read.IsCompletedSuccessfully ? Take(read.Result) ? Found : End : pending = AwaitAsync(read);
    }

    internal async ValueTask<TRequest> ReadSingleAsync(Status none, Status more) =>
        await messages.ReadSingleAsync(none, more, CancellationToken.None).ConfigureAwait(false);

    /// <summary>
    /// Ends reading. A read that the handler left pending is woken and awaited: the server uses the body's pipe again for the next request of the
    /// connection, and a read left in it would meet that request's.
    /// </summary>
    internal async ValueTask CompleteAsync()
    {
        isComplete = true;
        if (pending is not { IsCompleted: false } left) return;
        call.HttpContext.Request.BodyReader.CancelPendingRead();
        await ((Task)left).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>Gives back buffers.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref isReading, 1) == 0) messages.Release();
    }

    private TRequest Deserialize(DeserializationContext context)
    {
        try
        {
            return deserializer(context);
        }
        catch (Exception exception)
        {
            call.Unreadable = exception;
            throw;
        }
    }

    private async Task<bool> AwaitAsync(ValueTask<TRequest?> read)
    {
        TRequest? request;
        try
        {
            request = await read.ConfigureAwait(false);
        }
        catch
        {
            Volatile.Write(ref isReading, 0);
            throw;
        }

        return Take(request);
    }

    private bool Take(TRequest? request)
    {
        Current = request!;
        Volatile.Write(ref isReading, 0);
        return request is not null;
    }
}
