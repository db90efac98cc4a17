using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging;
using RetentionScore.Server;
using RetentionScore.Server.Options;

namespace RetentionScore.Client.Tests;

/// <summary>The real server on loopback.</summary>
internal sealed class TestNode : IAsyncDisposable
{
    private TestNode(WebApplication app)
    {
        App = app;
        Address = ServerHost.GrpcAddress(app);
    }

    internal WebApplication App { get; }

    internal Uri Address { get; }

    internal static async Task<TestNode> StartAsync(Func<ServerOptions, ServerOptions>? options = null, int port = 0)
    {
        var defaults = new ServerOptions
        {
            Listen = new ListenOptions { Grpc = new IPEndPoint(IPAddress.Loopback, port), Ops = new IPEndPoint(IPAddress.Loopback, 0) },
            Drain = new DrainOptions { LameDuck = TimeSpan.Zero, Time = TimeSpan.Zero },
        };
        WebApplication app = ServerHost.Build(options?.Invoke(defaults) ?? defaults, builder => builder.Logging.ClearProviders());
        await app.StartAsync().Within();
        return new TestNode(app);
    }

    public async ValueTask DisposeAsync()
    {
        using var stop = new CancellationTokenSource(TimeSpan.FromSeconds(1));
        await App.StopAsync(stop.Token).Within();
        await App.DisposeAsync().Within();
    }
}
