using System.IO.Pipelines;
using Grpc.Core;
using Grpc.Framing;

namespace Grpc.AspNetCore.Server;

/// <summary>
/// Writes the responses of a call straight into the response's pipe. Completes synchronously unless the client reads more slowly than
/// the handler writes.
/// </summary>
internal sealed class ResponseWriter<TResponse>(ServerCall call, Action<TResponse, SerializationContext> serializer)
    : IServerStreamWriter<TResponse>, IDisposable
    where TResponse : class
{
    private readonly MessageSerializer messages = new(call.Settings.MaxSendMessageSize);
    private int isWriting;
    private volatile bool isComplete;

    public WriteOptions? WriteOptions
    {
        get => call.WriteOptions;
        set => call.WriteOptions = value;
    }

    public Task WriteAsync(TResponse message) => message is null
        ? Task.FromException(new ArgumentNullException(nameof(message)))
        : WriteCore(message, isLast: false);

    public Task WriteAsync(TResponse message, CancellationToken cancellationToken)
    {
        if (message is null) return Task.FromException(new ArgumentNullException(nameof(message)));
        if (!cancellationToken.CanBeCanceled) return WriteCore(message, isLast: false);
        return WriteCancellableAsync(message, cancellationToken);
    }

    /// <summary>Writes the only response of a call; it goes out together with the trailers.</summary>
    internal Task WriteLastAsync(TResponse message) => WriteCore(message, isLast: true);

    internal void Complete() => isComplete = true;

    /// <summary>Gives back buffers, unless the handler left a write pending.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref isWriting, 1) == 0) messages.Dispose();
    }

    private Task WriteCore(TResponse message, bool isLast)
    {
        if (isComplete || call.HasClientLeft)
        {
            return Task.FromException(new InvalidOperationException("Can't write the message because the request is complete."));
        }

        if (Interlocked.Exchange(ref isWriting, 1) != 0)
        {
            return Task.FromException(new InvalidOperationException("Can't write the message because the previous write is in progress."));
        }

        var isPending = false;
        try
        {
            var flags = call.WriteOptions?.Flags ?? default;
            var starting = call.StartResponseAsync();
            if (!starting.IsCompletedSuccessfully)
            {
                isPending = true;
                return StartThenWriteAsync(starting, message, flags, isLast);
            }

            var flushing = Write(message, flags, isLast);
            if (flushing.IsCompletedSuccessfully)
            {
                _ = flushing.Result;
                return Task.CompletedTask;
            }

            isPending = true;
            return FlushAsync(flushing);
        }
        catch (Exception exception)
        {
            return Task.FromException(exception);
        }
        finally
        {
            if (!isPending) Volatile.Write(ref isWriting, 0);
        }
    }

    private ValueTask<FlushResult> Write(TResponse message, WriteFlags flags, bool isLast)
    {
        var compression = !flags.HasFlag(WriteFlags.NoCompress) ? call.ResponseCompression : null;
        var isBuffered = isLast || flags.HasFlag(WriteFlags.BufferHint);
        lock (call.ResponseGate)
        {
            if (call.IsEnded) throw new InvalidOperationException("Can't write the message because the request is complete.");
            var body = call.HttpContext.Response.BodyWriter;
            messages.Write(message, serializer, body, compression);
            call.HasBufferedResponse = isBuffered;
            return isBuffered ? default : body.FlushAsync();
        }
    }

    private async Task StartThenWriteAsync(Task starting, TResponse message, WriteFlags flags, bool isLast)
    {
        try
        {
            await starting.ConfigureAwait(false);
            await Write(message, flags, isLast).ConfigureAwait(false);
        }
        finally
        {
            Volatile.Write(ref isWriting, 0);
        }
    }

    private async Task FlushAsync(ValueTask<FlushResult> flushing)
    {
        try
        {
            await flushing.ConfigureAwait(false);
        }
        finally
        {
            Volatile.Write(ref isWriting, 0);
        }
    }

    private async Task WriteCancellableAsync(TResponse message, CancellationToken cancellationToken)
    {
        // A message cut off in the middle would make rubbish of the stream: the token ends the call.
        await using var registration = cancellationToken.UnsafeRegister(static state => ((ServerCall)state!).Abort(), call).ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
        await WriteCore(message, isLast: false).ConfigureAwait(false);
    }
}
