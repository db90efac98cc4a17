using System.Net;
using System.Net.Http.Headers;
using Grpc.Wire;

namespace Grpc.Net.Client;

/// <summary>The body of a request, of a length not known before.</summary>
internal abstract class RequestContent : HttpContent
{
    private protected RequestContent() => Headers.ContentType = new MediaTypeHeaderValue(GrpcHeaders.ContentType);

    protected override bool TryComputeLength(out long length)
    {
        length = -1;
        return false;
    }
}

/// <summary>A single request. HTTP may send it again on another connection, when the first one's server had not begun with it.</summary>
internal sealed class SingleRequestContent(ReadOnlyMemory<byte> frame) : RequestContent
{
    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        await stream.WriteAsync(frame).ConfigureAwait(false);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken) =>
        await stream.WriteAsync(frame, cancellationToken).ConfigureAwait(false);
}

/// <summary>
/// A stream of requests: hands the stream of the body out when HTTP asks for it, and ends when the writer is done. As long as nothing was written,
/// HTTP may start it again on another connection.
/// </summary>
internal sealed class StreamRequestContent : RequestContent
{
    private readonly TaskCompletionSource<Stream> opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock gate = new();

    // Its continuations run inside Complete: the end of the body is under way when the writer comes back, before it can dispose of the call.
    private readonly TaskCompletionSource completed = new();
    private Stream? current;
    private bool isTaken;

    /// <summary>The stream to write to, once the request is under way.</summary>
    internal async ValueTask<Stream> OpenAsync(CancellationToken cancellationToken)
    {
        if (!opened.Task.IsCompletedSuccessfully) await opened.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        lock (gate)
        {
            isTaken = true;
            return current!;
        }
    }

    /// <summary>Ends the body (END_STREAM).</summary>
    internal void Complete() => completed.TrySetResult();

    /// <summary>Ends the body without its end: the stream is reset unless the response is complete.</summary>
    internal void Abandon() => completed.TrySetCanceled(CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
    {
        // The headers go out now, with no message yet: the server may have something to say first.
        await stream.FlushAsync().ConfigureAwait(false);
        lock (gate)
        {
            if (isTaken) throw new IOException("Requests of a stream that were sent already cannot be sent again on another connection.");
            current = stream;
        }

        opened.TrySetResult(stream);

        // Not cancelled with the stream: why it ended is for the response to say, and the end of the call abandons this.
        await completed.Task.ConfigureAwait(false);
    }
}
