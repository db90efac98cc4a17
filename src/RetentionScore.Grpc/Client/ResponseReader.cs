using Grpc.Core;

namespace Grpc.Net.Client;

/// <summary>The responses of a call.</summary>
internal sealed class ResponseReader<TRequest, TResponse>(ClientCall<TRequest, TResponse> call) : IAsyncStreamReader<TResponse>
    where TRequest : class
    where TResponse : class
{
    private int isReading;

    public TResponse Current { get; private set; } = null!;

    public async Task<bool> MoveNext(CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(call.IsDisposed, call);
        if (Interlocked.Exchange(ref isReading, 1) != 0)
        {
            throw new InvalidOperationException("Can't read the next message because the previous read is in progress.");
        }

        try
        {
            await using var registration = cancellationToken.UnsafeRegister(static call => ((ClientCall)call!).Cancel(), call).ConfigureAwait(false);
            Current = null!;
            var message = await call.ReadAsync().ConfigureAwait(false);
            Current = message!;
            return message is not null;
        }
        finally
        {
            Volatile.Write(ref isReading, 0);
        }
    }
}
