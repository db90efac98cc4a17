using System.Net;
using System.Net.Http.Headers;
using Grpc.Wire;

namespace Grpc.Net.Client;

/// <summary>
/// The body of a request that its writer fills: hands the stream of the body out when HTTP asks for it, and ends when the writer is done.
/// </summary>
internal sealed class RequestContent : HttpContent
{
    private readonly TaskCompletionSource<Stream> opened = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // Its continuations run inside Complete: the end of the body is under way when the writer comes back, before it can dispose of the call.
    private readonly TaskCompletionSource completed = new();

    internal RequestContent() => Headers.ContentType = new MediaTypeHeaderValue(GrpcHeaders.ContentType);

    /// <summary>The stream to write to, once the request is under way.</summary>
    internal Task<Stream> OpenedAsync => opened.Task;

    /// <summary>Ends the body (END_STREAM).</summary>
    internal void Complete() => completed.TrySetResult();

    /// <summary>Ends the body without its end: the stream is reset unless the response is complete.</summary>
    internal void Abandon() => completed.TrySetCanceled(CancellationToken.None);

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        // The headers go out now, with no message yet: the server may have something to say first.
        await stream.FlushAsync(cancellationToken).ConfigureAwait(false);
        opened.TrySetResult(stream);
        await completed.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    protected override bool TryComputeLength(out long length)
    {
        length = -1;
        return false;
    }
}
