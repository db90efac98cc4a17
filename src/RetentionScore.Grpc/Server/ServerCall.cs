using System.IO.Compression;
using System.Net.Sockets;
using Grpc.Core;
using Grpc.Framing;
using Grpc.Wire;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

namespace Grpc.AspNetCore.Server;

/// <summary>
/// One call on the server. Two may end it, the handler's return and the deadline; whoever takes <see cref="ResponseGate"/> first and finds
/// <see cref="IsEnded"/> false writes the trailers.
/// </summary>
internal sealed class ServerCall : ServerCallContext, IDisposable
{
    private const int Http2NoError = 0;
    private const int Http2Cancel = 8;

    private static readonly TimeSpan SlowestReader = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan HandlerToNotice = TimeSpan.FromMilliseconds(200);

    private readonly CancellationToken clientLeft;
    private readonly ServerDeadline? deadline;
    private readonly CancellationTokenSource? cancellation;
    private readonly IHttpResponseFeature response;
    private Metadata? requestHeaders;
    private Metadata? responseTrailers;
    private Task? ending;
    private TaskCompletionSource? handlerEnded;
    private string? responseEncoding;
    private string? peer;
    private AuthContext? authContext;

    internal ServerCall(HttpContext context, CallSettings settings)
    {
        HttpContext = context;
        Settings = settings;
        clientLeft = context.RequestAborted;
        response = context.Features.GetRequiredFeature<IHttpResponseFeature>();
        var headers = context.Request.Headers;
        if (GrpcTimeout.TryParse(headers[GrpcHeaders.Timeout], out var timeout))
        {
            deadline = new ServerDeadline(timeout, Expire);
            cancellation = CancellationTokenSource.CreateLinkedTokenSource(clientLeft);
        }
    }

    internal HttpContext HttpContext { get; }

    internal CallSettings Settings { get; }

    /// <summary>Held while a message is put into the response's pipe, and while the call is being ended.</summary>
    internal Lock ResponseGate { get; } = new();

    /// <summary>Whether the trailers are written; nothing may follow. Under <see cref="ResponseGate"/>.</summary>
    internal bool IsEnded { get; private set; }

    /// <summary>Whether the last response waits in the pipe for another to follow.</summary>
    internal bool HasBufferedResponse { get; set; }

    /// <summary>What the deserializer threw of a request: the client's fault, not the handler's.</summary>
    internal Exception? Unreadable { get; set; }

    internal bool HasClientLeft => clientLeft.IsCancellationRequested;

    /// <summary>How responses are compressed; null for not at all.</summary>
    internal CompressionLevel? ResponseCompression =>
        MessageEncoding.IsIdentity(responseEncoding) ? null : Settings.ResponseCompressionLevel;

    protected override string MethodCore => HttpContext.Request.Path.Value!;

    protected override string HostCore => HttpContext.Request.Host.Value ?? "";

    protected override string PeerCore => peer ??= DescribePeer(HttpContext.Connection);

    protected override DateTime DeadlineCore => deadline?.At ?? DateTime.MaxValue;

    protected override Metadata RequestHeadersCore => requestHeaders ??= ReadRequestHeaders();

    protected override CancellationToken CancellationTokenCore => cancellation?.Token ?? clientLeft;

    protected override Metadata ResponseTrailersCore => responseTrailers ??= [];

    protected override Status StatusCore { get; set; } = Status.DefaultSuccess;

    protected override WriteOptions? WriteOptionsCore { get; set; }

    protected override AuthContext AuthContextCore => authContext ??= PeerCertificate.ToAuthContext(HttpContext.Connection.ClientCertificate);

    protected override IDictionary<object, object> UserStateCore => HttpContext.Items!;

    /// <summary>Sets the response headers, to be sent with the first message, and starts the deadline.</summary>
    internal void Start()
    {
        var headers = HttpContext.Response.Headers;
        HttpContext.Response.ContentType = GrpcHeaders.ContentType;
        headers[GrpcHeaders.AcceptEncoding] = MessageEncoding.Offered;
        var wanted = Settings.ResponseCompressionAlgorithm;
        if (wanted is not null && MessageEncoding.IsAccepted(HttpContext.Request.Headers[GrpcHeaders.AcceptEncoding], wanted))
        {
            SetResponseEncoding(wanted);
        }

        deadline?.Start();
    }

    internal FrameDecoder CreateDecoder() =>
        new(HttpContext.Request.Headers[GrpcHeaders.Encoding], Settings.MaxReceiveMessageSize);

    /// <summary>Sends the response headers if they are not sent yet.</summary>
    /// <exception cref="InvalidOperationException">The call has ended.</exception>
    internal Task StartResponseAsync()
    {
        if (response.HasStarted) return Task.CompletedTask;
        lock (ResponseGate)
        {
            if (IsEnded) throw new InvalidOperationException("Can't write the message because the request is complete.");
            return HttpContext.Response.StartAsync(CancellationToken.None);
        }
    }

    /// <summary>Ends the call for an exception out of its handler. What the client is told of it, is the status of an RpcException.</summary>
    internal void Fail(Exception exception, string method, ILogger logger)
    {
        if (exception is RpcException rpc)
        {
            CallLog.Failed(logger, method, rpc.StatusCode, rpc);
            foreach (var entry in rpc.Trailers) ResponseTrailers.Add(entry);
            Status = rpc.Status;
            return;
        }

        if (ReferenceEquals(exception, Unreadable)) CallLog.Unreadable(logger, method, exception.GetType());
        else if (CancellationTokenCore.IsCancellationRequested) CallLog.Left(logger, method, exception);
        else CallLog.Threw(logger, method, exception);
        const string detail = "Exception was thrown by handler.";
        Status = new Status(
            StatusCode.Unknown,
            Settings.EnableDetailedErrors ? $"{detail} {exception.GetType().Name}: {exception.Message}" : detail,
            exception);
    }

    /// <summary>Ends the call with its status, when its handler is done.</summary>
    internal async Task EndAsync()
    {
        deadline?.Dispose();
        lock (ResponseGate)
        {
            if (!IsEnded)
            {
                IsEnded = true;
                ResponseEnd.Write(HttpContext, Status, responseTrailers);
            }
        }

        handlerEnded?.SetResult();

        // The deadline was first: the response must not go back to the server before it has done with it.
        if (ending is not null) await ending.ConfigureAwait(false);
        else if (HasBufferedResponse && !HasClientLeft) await HttpContext.Response.BodyWriter.FlushAsync(CancellationToken.None).ConfigureAwait(false);
    }

    public void Dispose()
    {
        deadline?.Dispose();
        cancellation?.Dispose();
    }

    internal void Abort() => HttpContext.Abort();

    protected override Task WriteResponseHeadersAsyncCore(Metadata responseHeaders)
    {
        if (response.HasStarted) throw new InvalidOperationException("Response headers can only be sent once per call.");
        foreach (var entry in responseHeaders ?? Metadata.Empty)
        {
            if (string.Equals(entry.Key, GrpcHeaders.RequestedEncoding, StringComparison.Ordinal)) SetResponseEncoding(entry.Value);
            else if (!GrpcHeaders.IsReservedResponse(entry.Key)) ResponseEnd.Append(HttpContext.Response.Headers, entry);
        }

        return SendHeadersAsync();
    }

    protected override ContextPropagationToken CreatePropagationTokenCore(ContextPropagationOptions? options) =>
        throw new NotSupportedException("Context propagation is not supported.");

    private static string DescribePeer(ConnectionInfo connection) => connection.RemoteIpAddress switch
    {
        { AddressFamily: AddressFamily.InterNetwork } v4 => $"ipv4:{v4}:{connection.RemotePort}",
        { AddressFamily: AddressFamily.InterNetworkV6 } v6 => $"ipv6:[{v6}]:{connection.RemotePort}",
        _ => "unknown",
    };

    private async Task SendHeadersAsync()
    {
        await StartResponseAsync().ConfigureAwait(false);
        await HttpContext.Response.BodyWriter.FlushAsync(CancellationToken.None).ConfigureAwait(false);
    }

    private void SetResponseEncoding(string encoding)
    {
        if (!MessageEncoding.IsIdentity(encoding) && !string.Equals(encoding, MessageEncoding.Gzip, StringComparison.Ordinal))
        {
            throw new InvalidOperationException($"Unable to find compression provider for '{encoding}'.");
        }

        responseEncoding = encoding;
        HttpContext.Response.Headers[GrpcHeaders.Encoding] = encoding;
    }

    private Metadata ReadRequestHeaders()
    {
        var metadata = new Metadata();
        foreach (var (name, values) in HttpContext.Request.Headers)
        {
            if (GrpcHeaders.IsReservedRequest(name)) continue;
            if (!metadata.TryAddHeader(name, values))
            {
                throw new RpcException(new Status(StatusCode.Internal, $"The value of header '{name}' is not base64."));
            }
        }

        return metadata;
    }

    /// <summary>The deadline has passed: the client is told so at once, and the token tells the handler.</summary>
    private void Expire()
    {
        lock (ResponseGate)
        {
            if (IsEnded) return;
            IsEnded = true;
            handlerEnded = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            ending = EndAtDeadlineAsync(handlerEnded.Task);
        }
    }

    private async Task EndAtDeadlineAsync(Task handler)
    {
        // The end of the call waits for all of this, so that nothing here is disposed of or used for another request too early.
        var reset = HttpContext.Features.Get<IHttpResetFeature>();
        try
        {
            Status = new Status(StatusCode.DeadlineExceeded, "Deadline Exceeded");
            var messages = response.HasStarted ? HttpContext.Response.BodyWriter.FlushAsync(CancellationToken.None).AsTask() : Task.CompletedTask;
            ResponseEnd.Write(HttpContext, Status, responseTrailers);
            var completing = HttpContext.Response.CompleteAsync();
            await cancellation!.CancelAsync().ConfigureAwait(false);

            // Trailers come behind the messages: to a client that does not read, they do not get through. To complete a response is not to send it.
            await messages.WaitAsync(SlowestReader).ConfigureAwait(false);
            await completing.ConfigureAwait(false);

            // When a handler ends, the server ends its stream. One that only waits for requests is woken by a reset, which must not overtake the trailers.
            await handler.WaitAsync(HandlerToNotice).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (!handler.IsCompleted) reset?.Reset(Http2NoError);
        }
        catch (Exception)
        {
            // A timer's thread: nothing may escape. The client does not read or left, the handler was changing trailers, or a callback of the token threw.
            reset?.Reset(Http2Cancel);
            await CancelQuietlyAsync().ConfigureAwait(false);
        }
    }

    private async Task CancelQuietlyAsync()
    {
        try
        {
            await cancellation!.CancelAsync().ConfigureAwait(false);
        }
        catch (AggregateException)
        {
            // Of the handler's own callbacks.
        }
    }
}
