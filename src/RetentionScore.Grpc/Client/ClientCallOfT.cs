using System.IO.Compression;
using System.IO.Pipelines;
using System.Net;
using Grpc.Core;
using Grpc.Framing;
using Grpc.Wire;

namespace Grpc.Net.Client;

/// <summary>
/// A call on the client. Start reading here:
/// 1. token and deadline are watched, the request is made of method, headers and deadline;
/// 2. the request is sent; its body stays open for <see cref="Requests"/>, or holds the only request;
/// 3. the response's headers are checked: HTTP status, content type, a status without messages (trailers-only);
/// 4. messages are read; behind the last come the trailers with the status, and the call has ended.
/// </summary>
internal sealed class ClientCall<TRequest, TResponse> : ClientCall
    where TRequest : class
    where TResponse : class
{
    private const string UserAgent = "grpc-dotnet-retentionscore/0.1.0";

    private static readonly Status NoResponse = new(StatusCode.Internal, "Failed to deserialize response message.");
    private static readonly Status MoreResponses = new(StatusCode.Internal, "More than one response to a call with a single one.");

    private readonly GrpcChannel channel;
    private readonly Method<TRequest, TResponse> method;
    private readonly string? host;
    private readonly CallOptions options;
    private readonly PooledBuffer outgoing = new();
    private readonly MessageSerializer serializer;
    private Task<MessageReader<TResponse>?> opening = null!;
    private TRequest? single;
    private StreamRequestContent? content;
    private HttpResponseMessage? response;
    private CompressionLevel? compression;

    internal ClientCall(GrpcChannel channel, Method<TRequest, TResponse> method, string? host, CallOptions options)
        : base(channel, options)
    {
        this.channel = channel;
        this.method = method;
        this.host = host;
        this.options = options;
        serializer = new MessageSerializer(channel.MaxSendMessageSize);
        Requests = new RequestWriter<TRequest, TResponse>(this) { WriteOptions = options.WriteOptions };
        Responses = new ResponseReader<TRequest, TResponse>(this);
    }

    internal RequestWriter<TRequest, TResponse> Requests { get; }

    internal ResponseReader<TRequest, TResponse> Responses { get; }

    /// <summary>Sends the call.</summary>
    /// <param name="request">The only request; null when requests are a stream.</param>
    internal void Start(TRequest? request)
    {
        single = request;
        content = request is null ? new StreamRequestContent() : null;
        opening = StartWatching() ? OpenAsync() : Task.FromResult<MessageReader<TResponse>?>(null);
    }

    /// <summary>The only response; the call has ended then.</summary>
    internal async Task<TResponse> ReadSingleAsync()
    {
        var message = await ReadMessageAsync().ConfigureAwait(false);
        if (message is not null && await ReadMessageAsync().ConfigureAwait(false) is not null) throw Finish(MoreResponses).ToException();
        var end = End ?? FinishFromTrailers(hasNoMessage: message is null);
        return end.IsOk ? message! : throw end.ToException();
    }

    /// <summary>The next response, or null when the call has ended with OK.</summary>
    /// <exception cref="RpcException">The call has ended with another status.</exception>
    internal async ValueTask<TResponse?> ReadAsync()
    {
        if (await ReadMessageAsync().ConfigureAwait(false) is { } message) return message;
        var end = End ?? FinishFromTrailers(hasNoMessage: false);
        return end.IsOk ? null : throw end.ToException();
    }

    /// <summary>
    /// Writes a request; the call's writer sees to it that there is one at a time. A failure does not end the call: the server may have ended it with a
    /// status, which is read behind its responses.
    /// </summary>
    internal async Task WriteAsync(TRequest message, WriteFlags flags)
    {
        try
        {
            var body = await content!.OpenAsync(Stopped).ConfigureAwait(false);
            var frame = Serialize(message, flags);
            await body.WriteAsync(frame, Stopped).ConfigureAwait(false);
            await body.FlushAsync(Stopped).ConfigureAwait(false);
        }
        catch (Exception exception) when (End is not null || exception is OperationCanceledException or IOException or HttpRequestException)
        {
            throw End?.ToException()
                ?? new RpcException(TransportFailure.ToStatus(exception, "Error writing message.", isBeforeResponse: response is null));
        }
    }

    /// <summary>Gives the buffers of requests back to the pool. The call has ended, so that nothing is written any more.</summary>
    internal void ReleaseOutgoing()
    {
        outgoing.Dispose();
        serializer.Dispose();
    }

    internal void CompleteRequests() => content!.Complete();

    private protected override void OnFinished()
    {
        content?.Abandon();
        if (content is not null) Requests.Close();

        // Resets the stream, if the server has not ended it.
        response?.Dispose();
    }

    /// <summary>The next response, or null when there are no more: the call has ended, or its trailers are there.</summary>
    private async ValueTask<TResponse?> ReadMessageAsync()
    {
        var messages = await opening.ConfigureAwait(false);
        if (messages is null || End is not null) return null;
        try
        {
            if (await messages.ReadAsync(Stopped).ConfigureAwait(false) is { } message) return message;
            messages.Close();
            return null;
        }
        catch (Exception exception)
        {
            var isCutShort = messages.IsCutShort;
            messages.Close();

            // A server that ends a call in the middle of a message says in the trailers why.
            if (isCutShort && ResponseStatus.Read(response!.TrailingHeaders) is { StatusCode: not StatusCode.OK })
            {
                FinishFromTrailers(hasNoMessage: false);
                return null;
            }

            throw Fail(exception, "Error reading next message.");
        }
    }

    /// <summary>What a deserializer throws says nothing of the network, even if it is an <see cref="IOException"/>, as protobuf's is.</summary>
    private TResponse Deserialize(DeserializationContext context)
    {
        try
        {
            return method.ResponseMarshaller.ContextualDeserializer(context);
        }
        catch (Exception exception) when (exception is not RpcException)
        {
            throw new RpcException(new Status(
                StatusCode.Internal, $"{NoResponse.Detail} {TransportFailure.Describe(exception)}", exception));
        }
    }

    private ReadOnlyMemory<byte> Serialize(TRequest message, WriteFlags flags)
    {
        outgoing.Clear();
        var level = flags.HasFlag(WriteFlags.NoCompress) ? null : compression;
        serializer.Write(message, method.RequestMarshaller.ContextualSerializer, outgoing, level);
        return outgoing.Memory;
    }

    /// <returns>The responses, or null when the call ended without any.</returns>
    private async Task<MessageReader<TResponse>?> OpenAsync()
    {
        try
        {
            using var request = await CreateRequestAsync().ConfigureAwait(false);
            response = await channel.SendAsync(request, Stopped).ConfigureAwait(false);
            if (End is not null)
            {
                response.Dispose();
                return null;
            }

            if (ResponseStatus.InHeaders(response) is { } status)
            {
                var headers = ResponseStatus.ToMetadata(response.Headers);
                SetHeaders(headers);
                Finish(status, headers);
                return null;
            }

            if (ResponseStatus.OfHttp(response) is { } refused)
            {
                Finish(refused);
                return null;
            }

            SetHeaders(ResponseStatus.ToMetadata(response.Headers));
            var body = await response.Content.ReadAsStreamAsync(Stopped).ConfigureAwait(false);
            var decoder = new FrameDecoder(ResponseStatus.Header(response.Headers, GrpcHeaders.Encoding), channel.MaxReceiveMessageSize);
            return new MessageReader<TResponse>(PipeReader.Create(body), decoder, Deserialize);
        }
        catch (Exception exception)
        {
            Fail(exception, "Error starting gRPC call.", isBeforeResponse: response is null);
            return null;
        }
    }

    private async Task<HttpRequestMessage> CreateRequestAsync()
    {
        var request = new HttpRequestMessage(HttpMethod.Post, new Uri(channel.Address, method.FullName))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        var headers = request.Headers;
        headers.Host = host;
        headers.TryAddWithoutValidation("user-agent", UserAgent);
        headers.TryAddWithoutValidation("te", "trailers");
        headers.TryAddWithoutValidation(GrpcHeaders.AcceptEncoding, MessageEncoding.Offered);
        foreach (var entry in options.Headers ?? Metadata.Empty) AddHeader(request, entry);
        foreach (var entry in await CredentialHeadersAsync().ConfigureAwait(false)) AddHeader(request, entry);
        if (Deadline is { } deadline)
        {
            headers.TryAddWithoutValidation(GrpcHeaders.Timeout, GrpcTimeout.Format(deadline - DateTime.UtcNow));
        }

        request.Content = single is null
            ? content
            : new SingleRequestContent(Serialize(single, options.WriteOptions?.Flags ?? default));
        return request;
    }

    private void AddHeader(HttpRequestMessage request, Metadata.Entry entry)
    {
        if (string.Equals(entry.Key, GrpcHeaders.RequestedEncoding, StringComparison.Ordinal))
        {
            UseEncoding(entry.Value);
            request.Headers.TryAddWithoutValidation(GrpcHeaders.Encoding, entry.Value);
        }
        else if (!GrpcHeaders.IsReservedRequest(entry.Key))
        {
            request.Headers.TryAddWithoutValidation(entry.Key, entry.ToHeaderValue());
        }
    }

    private void UseEncoding(string encoding)
    {
        if (MessageEncoding.IsIdentity(encoding)) return;
        if (!string.Equals(encoding, MessageEncoding.Gzip, StringComparison.Ordinal))
        {
            throw new RpcException(new Status(StatusCode.Internal, $"Could not find compression provider for '{encoding}'."));
        }

        compression = CompressionLevel.Fastest;
    }

    private async Task<Metadata> CredentialHeadersAsync()
    {
        // Never in the clear.
        if (!channel.IsSecure || (channel.Credentials is null && options.Credentials is null)) return Metadata.Empty;

        var added = new Metadata();
        var context = new AuthInterceptorContext(new Uri(channel.Address, method.ServiceName).ToString(), method.Name);
        if (channel.Credentials is { } ofChannel) await ofChannel.AddAsync(context, added).ConfigureAwait(false);
        if (options.Credentials is { } ofCall) await ofCall.AddAsync(context, added).ConfigureAwait(false);
        return added;
    }

    /// <param name="hasNoMessage">Whether a message that must have come before an OK is missing.</param>
    private CallEnd FinishFromTrailers(bool hasNoMessage)
    {
        var trailers = response!.TrailingHeaders;
        var status = ResponseStatus.Read(trailers) ?? new Status(StatusCode.Cancelled, "No grpc-status found on response.");
        if (hasNoMessage && status.StatusCode == StatusCode.OK) status = NoResponse;
        return Finish(status, ResponseStatus.ToMetadata(trailers));
    }
}
