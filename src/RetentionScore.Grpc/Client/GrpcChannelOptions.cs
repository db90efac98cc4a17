using Grpc.Core;

namespace Grpc.Net.Client;

/// <summary>How a channel is made. Read once, when it is.</summary>
public sealed class GrpcChannelOptions
{
    /// <summary>Credentials; must fit the address (<c>http</c>: insecure, <c>https</c>: TLS). Null: those that fit the address.</summary>
    public ChannelCredentials? Credentials { get; set; }

    /// <summary>Of one request in bytes, before compression; null for no limit. No limit unless set.</summary>
    public int? MaxSendMessageSize { get; set; }

    /// <summary>Of one response in bytes, compressed and decompressed; null for no limit. 4 MiB unless set.</summary>
    public int? MaxReceiveMessageSize { get; set; } = 4 * 1024 * 1024;

    /// <summary>Makes the HTTP requests; not together with <see cref="HttpHandler"/>.</summary>
    public HttpClient? HttpClient { get; set; }

    /// <summary>
    /// Makes the HTTP requests: for keep-alive pings, connection limits, certificates. Null: a handler of the channel's own that opens another
    /// connection when the server's limit of streams on one is reached.
    /// </summary>
    public HttpMessageHandler? HttpHandler { get; set; }

    /// <summary>Whether <see cref="HttpClient"/> or <see cref="HttpHandler"/> is disposed of with the channel. False unless set.</summary>
    public bool DisposeHttpClient { get; set; }
}
