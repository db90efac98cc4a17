using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging;
using RetentionScore.Server;
using RetentionScore.Server.Options;

namespace RetentionScore.Cli.Serving;

/// <summary>A server in this process, on loopback, without a log. Owns it.</summary>
internal sealed class LocalServer : IAsyncDisposable
{
    private readonly WebApplication app;

    private LocalServer(WebApplication app)
    {
        this.app = app;
        GrpcAddress = Written(ServerHost.GrpcAddress(app));
        OpsAddress = Written(ServerHost.OpsAddress(app));
    }

    /// <summary>Where gRPC is served: http://127.0.0.1:5080.</summary>
    public string GrpcAddress { get; }

    /// <summary>Where metrics and health are: http://127.0.0.1:5081.</summary>
    public string OpsAddress { get; }

    /// <summary>Starts one, on the usual ports where they are free and on any others where not; or says why there is none.</summary>
    /// <param name="model">A file of weights; null for those that are built in.</param>
    /// <param name="cancellationToken">Ends the start.</param>
    public static async Task<(LocalServer? Server, string? Problem)> StartAsync(string? model, CancellationToken cancellationToken)
    {
        var usual = new ListenOptions();
        var free = new ListenOptions { Grpc = new IPEndPoint(IPAddress.Loopback, 0), Ops = new IPEndPoint(IPAddress.Loopback, 0) };
        var (server, _) = await TryStartAsync(usual, model, cancellationToken);
        return server is not null ? (server, null) : await TryStartAsync(free, model, cancellationToken);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await app.StopAsync();
        await app.DisposeAsync();
    }

    private static async Task<(LocalServer? Server, string? Problem)> TryStartAsync(ListenOptions listen, string? model, CancellationToken cancellationToken)
    {
        // Nobody but this process uses it, so nobody needs time to leave.
        var options = new ServerOptions
        {
            Listen = listen,
            Drain = new DrainOptions { LameDuck = TimeSpan.Zero, Time = TimeSpan.Zero },
            Scoring = new ScoringOptions { ModelPath = model },
        };
        WebApplication built = ServerHost.Build(options, builder => builder.Logging.ClearProviders());
        try
        {
            await built.StartAsync(cancellationToken);
            return (new LocalServer(built), null);
        }
        catch (Exception taken) when (taken is IOException or System.Net.Sockets.SocketException)
        {
            await built.DisposeAsync();
            return (null, $"the server cannot listen on loopback: {taken.Message}");
        }
    }

    private static string Written(Uri address) => address.GetLeftPart(UriPartial.Authority);
}
