using Grpc.Core;

namespace Grpc.Net.Client;

/// <summary>A channel to one address. Make one and share it; safe for any number of calls at once.</summary>
public sealed class GrpcChannel : ChannelBase, IDisposable
{
    private readonly HttpMessageInvoker http;
    private readonly bool disposesHttp;
    private readonly HashSet<ClientCall> calls = [];
    private bool isDisposed;

    private GrpcChannel(Uri address, GrpcChannelOptions options)
        : base(address.Authority)
    {
        if (options.HttpClient is not null && options.HttpHandler is not null)
        {
            throw new ArgumentException($"{nameof(options.HttpClient)} and {nameof(options.HttpHandler)} have been configured. Only one HTTP caller can be specified.", nameof(options));
        }

        IsSecure = string.Equals(address.Scheme, Uri.UriSchemeHttps, StringComparison.Ordinal);
        if (!IsSecure && !string.Equals(address.Scheme, Uri.UriSchemeHttp, StringComparison.Ordinal))
        {
            throw new ArgumentException($"The address '{address}' is neither http nor https.", nameof(address));
        }

        if (options.Credentials is { } credentials && credentials.IsSecure != IsSecure)
        {
            throw new InvalidOperationException($"The channel's credentials do not fit the scheme of its address, '{address.Scheme}'.");
        }

        Address = new Uri(address.GetLeftPart(UriPartial.Authority));
        Credentials = options.Credentials?.Calls;
        MaxReceiveMessageSize = options.MaxReceiveMessageSize;
        MaxSendMessageSize = options.MaxSendMessageSize;
        disposesHttp = options.DisposeHttpClient || (options.HttpClient is null && options.HttpHandler is null);
        http = (HttpMessageInvoker?)options.HttpClient
            ?? new HttpMessageInvoker(options.HttpHandler ?? new SocketsHttpHandler { EnableMultipleHttp2Connections = true }, disposesHttp);
    }

    internal Uri Address { get; }

    internal bool IsSecure { get; }

    internal CallCredentials? Credentials { get; }

    internal int? MaxReceiveMessageSize { get; }

    internal int? MaxSendMessageSize { get; }

    /// <summary>A channel to an address.</summary>
    /// <param name="address"><c>http://host:port</c> (HTTP/2 without TLS) or <c>https://host:port</c>.</param>
    /// <returns>The channel; it connects with its first call.</returns>
    public static GrpcChannel ForAddress(string address) => ForAddress(address, new GrpcChannelOptions());

    /// <summary>A channel to an address.</summary>
    /// <param name="address"><c>http://host:port</c> (HTTP/2 without TLS) or <c>https://host:port</c>.</param>
    /// <param name="channelOptions">How it is made.</param>
    /// <returns>The channel; it connects with its first call.</returns>
    public static GrpcChannel ForAddress(string address, GrpcChannelOptions channelOptions) => ForAddress(new Uri(address), channelOptions);

    /// <summary>A channel to an address.</summary>
    /// <param name="address"><c>http://host:port</c> (HTTP/2 without TLS) or <c>https://host:port</c>.</param>
    /// <returns>The channel; it connects with its first call.</returns>
    public static GrpcChannel ForAddress(Uri address) => ForAddress(address, new GrpcChannelOptions());

    /// <summary>A channel to an address.</summary>
    /// <param name="address"><c>http://host:port</c> (HTTP/2 without TLS) or <c>https://host:port</c>.</param>
    /// <param name="channelOptions">How it is made.</param>
    /// <returns>The channel; it connects with its first call.</returns>
    public static GrpcChannel ForAddress(Uri address, GrpcChannelOptions channelOptions)
    {
        ArgumentNullException.ThrowIfNull(address);
        ArgumentNullException.ThrowIfNull(channelOptions);
        return new GrpcChannel(address, channelOptions);
    }

    /// <inheritdoc/>
    /// <exception cref="ObjectDisposedException">The channel is disposed of.</exception>
    public override CallInvoker CreateCallInvoker()
    {
        ObjectDisposedException.ThrowIf(isDisposed, this);
        return new HttpCallInvoker(this);
    }

    /// <summary>Cancels the calls under way and closes the connections, those of a caller's own handler excepted.</summary>
    public void Dispose()
    {
        ClientCall[] underWay;
        lock (calls)
        {
            if (isDisposed) return;
            isDisposed = true;
            underWay = [.. calls];
        }

        foreach (var call in underWay) call.Dispose();
        if (disposesHttp) http.Dispose();
    }

    /// <summary>Remembers a call under way, so that disposing of the channel ends it.</summary>
    internal void Add(ClientCall call)
    {
        lock (calls)
        {
            ObjectDisposedException.ThrowIf(isDisposed, this);
            calls.Add(call);
        }
    }

    internal void Remove(ClientCall call)
    {
        lock (calls) calls.Remove(call);
    }

    internal Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) => http is HttpClient client
        ? client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken)
        : http.SendAsync(request, cancellationToken);

    /// <inheritdoc/>
    protected override Task ShutdownAsyncCore()
    {
        Dispose();
        return Task.CompletedTask;
    }
}
