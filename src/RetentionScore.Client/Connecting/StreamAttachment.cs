using Grpc.Core;
using RetentionScore.V1;

namespace RetentionScore.Client;

/// <summary>
/// One stream of a call. A read and a write may be under way at a time; the signal is set when either is done. No token goes into a read or a write:
/// it would cancel the whole stream, and with it the status that tells why it ended. For one user at a time.
/// </summary>
internal sealed class StreamAttachment : IAttachment
{
    private readonly AsyncDuplexStreamingCall<ScoreCallRequest, ScoreCallResponse> stream;
    private readonly Nodes nodes;
    private readonly Connection connection;
    private readonly Signal signal;
    private Task<bool>? reading;
    private Task? writing;
    private bool isDisposed;

    internal StreamAttachment(Nodes nodes, Connection connection, string callId, Signal signal)
    {
        this.nodes = nodes;
        this.connection = connection;
        this.signal = signal;
        stream = connection.Service.ScoreCall(new Metadata { { "call-id", callId } });
    }

    public CallOpened Opened { get; set; } = new();

    /// <summary>A write has failed: the status is behind the answers that are left.</summary>
    private bool IsWriteBroken { get; set; }

    public bool CanWrite
    {
        get
        {
            if (writing is { IsCompleted: false }) return false;
            if (writing is { IsCompletedSuccessfully: false })
            {
                writing.Forget();
                IsWriteBroken = true;
            }

            return !IsWriteBroken;
        }
    }

    public void Write(ScoreCallRequest request)
    {
        writing = stream.RequestStream.WriteAsync(request);
        if (!writing.IsCompleted) writing.GetAwaiter().UnsafeOnCompleted(signal.SetAction);
    }

    public bool TryRead(out ScoreCallResponse? response, out CallRefusal? end)
    {
        (response, end) = (null, null);
        if (reading is null)
        {
            reading = stream.ResponseStream.MoveNext(CancellationToken.None);
            if (!reading.IsCompleted) reading.GetAwaiter().UnsafeOnCompleted(signal.SetAction);
        }

        if (!reading.IsCompleted) return false;
        end = EndOf(reading);
        if (end is not null) return false;
        response = stream.ResponseStream.Current;
        reading = null;
        return true;
    }

    public async Task<(ScoreCallResponse? Response, CallRefusal? End)> OpenAsync(ScoreCallRequest start)
    {
        // A start that cannot be written has its status behind the read.
        Task write = stream.RequestStream.WriteAsync(start);
        Task<bool> read = stream.ResponseStream.MoveNext(CancellationToken.None);
        await ((Task)read).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        write.Forget();
        CallRefusal? end = EndOf(read);
        return end is null ? (stream.ResponseStream.Current, null) : (null, end);
    }

    public void HasGoneSilent(TimeSpan limit) => nodes.Retire(connection);

    public void HalfClose()
    {
        if (CanWrite) stream.RequestStream.CompleteAsync().Forget();
    }

    /// <summary>Cancels the stream unless it has ended; the server detaches the call.</summary>
    public void Dispose()
    {
        if (isDisposed) return;
        isDisposed = true;
        stream.Dispose();
        reading.Forget();
        writing.Forget();
        connection.Leave();
    }

    /// <summary>Why a read came to no message; null where it did.</summary>
    internal static CallRefusal? EndOf(Task<bool> read)
    {
        if (read.IsCompletedSuccessfully) return read.Result ? null : CallRefusal.Own("the server ended the stream");
        return read.Exception?.InnerException switch
        {
            RpcException status => CallRefusal.Of(status),
            { } other => CallRefusal.Own(other.Message),
            null => CallRefusal.Own("the stream was cancelled"),
        };
    }
}
