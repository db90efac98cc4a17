using Grpc.Core;

namespace Grpc.Net.Client;

/// <summary>The requests of a call. Every one is flushed.</summary>
internal sealed class RequestWriter<TRequest, TResponse>(ClientCall<TRequest, TResponse> call) : IClientStreamWriter<TRequest>
    where TRequest : class
    where TResponse : class
{
    private readonly Lock gate = new();
    private bool isWriting;
    private bool isComplete;

    public WriteOptions? WriteOptions { get; set; }

    public Task WriteAsync(TRequest message) => WriteAsync(message, CancellationToken.None);

    public async Task WriteAsync(TRequest message, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(message);
        ObjectDisposedException.ThrowIf(call.IsDisposed, call);
        await using var registration = cancellationToken.UnsafeRegister(static call => ((ClientCall)call!).Cancel(), call).ConfigureAwait(false);
        Enter();
        try
        {
            await call.WriteAsync(message, WriteOptions?.Flags ?? default).ConfigureAwait(false);
        }
        finally
        {
            Leave();
        }
    }

    public Task CompleteAsync()
    {
        ObjectDisposedException.ThrowIf(call.IsDisposed, call);
        lock (gate)
        {
            if (isWriting)
            {
                return Task.FromException(new InvalidOperationException(
                    "Can't complete the client stream writer because the previous write is in progress."));
            }

            isComplete = true;
        }

        call.CompleteRequests();
        return Task.CompletedTask;
    }

    /// <summary>Gives back buffers once the call has ended: now, or when the write that is in progress has failed.</summary>
    internal void Close()
    {
        lock (gate)
        {
            if (isWriting) return;
        }

        call.ReleaseOutgoing();
    }

    private void Leave()
    {
        lock (gate) isWriting = false;
        if (call.End is not null) call.ReleaseOutgoing();
    }

    private void Enter()
    {
        lock (gate)
        {
            if (isComplete) throw new InvalidOperationException("Request stream has already been completed.");
            if (call.End is { } end) throw end.ToException();
            if (isWriting) throw new InvalidOperationException("Can't write the message because the previous write is in progress.");
            isWriting = true;
        }
    }
}
