using Grpc.Core;
using Grpc.Wire;

namespace Grpc.Net.Client;

/// <summary>
/// What every call on the client has, whatever its messages: one end, which the first of response, failure, deadline, cancellation and disposal
/// decides, and everything else reports.
/// </summary>
internal abstract class ClientCall : IDisposable
{
    private readonly GrpcChannel channel;
    private readonly CancellationTokenSource stop = new();
    private readonly TaskCompletionSource<Metadata> headers = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock gate = new();
    private readonly CancellationToken callerToken;
    private CancellationTokenRegistration callerRegistration;
    private Timer? deadlineTimer;
    private CallEnd? end;

    private protected ClientCall(GrpcChannel channel, CallOptions options)
    {
        this.channel = channel;
        callerToken = options.CancellationToken;
        Deadline = options.Deadline is { } deadline && deadline != DateTime.MaxValue ? Utc(deadline) : null;
        Stopped = stop.Token;
    }

    internal Task<Metadata> ResponseHeadersAsync => headers.Task;

    internal bool IsDisposed { get; private set; }

    /// <summary>How the call ended; null while it is under way.</summary>
    internal CallEnd? End => Volatile.Read(ref end);

    /// <summary>Cancelled once the call has ended; stops whatever HTTP is still doing for it.</summary>
    internal CancellationToken Stopped { get; }

    /// <summary>In UTC; null for none.</summary>
    private protected DateTime? Deadline { get; }

    internal Status GetStatus() =>
        End?.Status ?? throw new InvalidOperationException("Unable to get the status because the call is not complete.");

    internal Metadata GetTrailers() =>
        End?.Trailers ?? throw new InvalidOperationException("Can't get the call trailers because the call has not completed successfully.");

    public void Dispose()
    {
        IsDisposed = true;
        Finish(new Status(StatusCode.Cancelled, "gRPC call disposed."));
    }

    /// <summary>Ends the call as its caller wishes.</summary>
    internal void Cancel() => Finish(new Status(StatusCode.Cancelled, "Call canceled by the client."));

    /// <summary>Ends the call; only the first end counts.</summary>
    /// <returns>The end that counts.</returns>
    internal CallEnd Finish(Status status, Metadata? trailers = null)
    {
        lock (gate)
        {
            if (end is not null) return end;
            Volatile.Write(ref end, new CallEnd(status, trailers));
        }

        deadlineTimer?.Dispose();
        callerRegistration.Unregister();
        channel.Remove(this);

        // Nobody need have asked for the headers.
        if (headers.TrySetException(end.ToException())) _ = headers.Task.Exception;
        OnFinished();
        stop.Cancel();
        return end;
    }

    /// <summary>Ends the call for an exception and says what to throw to the caller.</summary>
    internal RpcException Fail(Exception exception, string doing, bool isBeforeResponse = false)
    {
        // A server resets the stream at the deadline, and its reset may come before our own timer: the deadline is what counts.
        if (Deadline <= DateTime.UtcNow) return Expire().ToException();
        if (exception is RpcException rpc) return Finish(rpc.Status).ToException(rpc);
        return Finish(TransportFailure.ToStatus(exception, doing, isBeforeResponse)).ToException();
    }

    private protected void SetHeaders(Metadata metadata) => headers.TrySetResult(metadata);

    /// <summary>Starts watching token and deadline.</summary>
    /// <returns>False when the call has ended by them already.</returns>
    private protected bool StartWatching()
    {
        if (callerToken.IsCancellationRequested)
        {
            Cancel();
            return false;
        }

        if (Deadline is { } deadline)
        {
            if (deadline <= DateTime.UtcNow)
            {
                Expire();
                return false;
            }

            deadlineTimer = new Timer(static call => ((ClientCall)call!).OnDeadlineTimer(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            OnDeadlineTimer();
        }

        callerRegistration = callerToken.UnsafeRegister(static call => ((ClientCall)call!).Cancel(), this);
        if (End is not null) callerRegistration.Unregister();
        return End is null;
    }

    /// <summary>Called once, when the call has ended.</summary>
    private protected virtual void OnFinished()
    {
    }

    private static DateTime Utc(DateTime deadline) => deadline.Kind == DateTimeKind.Utc || deadline == DateTime.MinValue
        ? deadline
        : throw new InvalidOperationException("Deadline must have a kind DateTimeKind.Utc or be equal to DateTime.MaxValue or DateTime.MinValue.");

    private CallEnd Expire() => Finish(new Status(StatusCode.DeadlineExceeded, ""));

    private void OnDeadlineTimer()
    {
        var rest = Deadline!.Value - DateTime.UtcNow;
        if (rest <= TimeSpan.Zero)
        {
            Expire();
            return;
        }

        try
        {
            deadlineTimer?.Change(TimeSpan.FromMilliseconds(Math.Clamp(Math.Ceiling(rest.TotalMilliseconds), 1, 1e9)), Timeout.InfiniteTimeSpan);
        }
        catch (ObjectDisposedException)
        {
            // The call ended in between.
        }
    }
}
