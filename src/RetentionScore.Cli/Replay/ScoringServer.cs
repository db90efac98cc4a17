using Grpc.Core;
using Grpc.Net.Client;
using RetentionScore.V1;

namespace RetentionScore.Cli.Replay;

/// <summary>A server that answered. Owns its channel.</summary>
internal sealed class ScoringServer : IDisposable
{
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(10);
    private readonly GrpcChannel channel;

    private ScoringServer(GrpcChannel channel, ScoringService.ScoringServiceClient client, GetServerInfoResponse info)
    {
        this.channel = channel;
        Client = client;
        Info = info;
    }

    /// <summary>The service.</summary>
    public ScoringService.ScoringServiceClient Client { get; }

    /// <summary>What the server says of itself.</summary>
    public GetServerInfoResponse Info { get; }

    /// <summary>Whether a text is the address of a server: http or https, with a host.</summary>
    public static bool IsAddress(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out Uri? address) && address is { Scheme: "http" or "https", Host.Length: > 0, PathAndQuery: "/" };

    /// <summary>Connects and asks who is there; or says why that was not possible.</summary>
    public static async Task<(ScoringServer? Server, string? Problem)> ConnectAsync(string address, CancellationToken cancellationToken)
    {
        // Pings find a server that is gone without a word; many calls may want more than one connection.
        var http = new SocketsHttpHandler
        {
            EnableMultipleHttp2Connections = true,
            KeepAlivePingDelay = TimeSpan.FromSeconds(20),
            KeepAlivePingTimeout = TimeSpan.FromSeconds(10),
        };
        GrpcChannel opened = GrpcChannel.ForAddress(address, new GrpcChannelOptions { HttpHandler = http, DisposeHttpClient = true });
        var client = new ScoringService.ScoringServiceClient(opened);
        try
        {
            var options = new CallOptions(deadline: DateTime.UtcNow + AnswerLimit, cancellationToken: cancellationToken);
            return (new ScoringServer(opened, client, await client.GetServerInfoAsync(new GetServerInfoRequest(), options)), null);
        }
        catch (RpcException refused) when (!cancellationToken.IsCancellationRequested)
        {
            opened.Dispose();
            return (null, $"no answer from {address}: {ServerRefusal.Of(refused)}");
        }
        catch (RpcException)
        {
            opened.Dispose();
            throw new OperationCanceledException(cancellationToken);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => channel.Dispose();
}
