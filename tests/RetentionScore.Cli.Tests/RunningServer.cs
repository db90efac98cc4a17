using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging;
using RetentionScore.Server;
using RetentionScore.Server.Options;

namespace RetentionScore.Cli.Tests;

/// <summary>A real server on free ports of loopback.</summary>
internal sealed class RunningServer : IAsyncDisposable
{
    private readonly WebApplication app;

    private RunningServer(WebApplication app) => this.app = app;

    internal string Address => ServerHost.GrpcAddress(app).GetLeftPart(UriPartial.Authority);

    internal Uri Ops => ServerHost.OpsAddress(app);

    internal static async Task<RunningServer> StartAsync(int grpcPort = 0)
    {
        var options = new ServerOptions
        {
            Listen = new ListenOptions { Grpc = new IPEndPoint(IPAddress.Loopback, grpcPort), Ops = new IPEndPoint(IPAddress.Loopback, 0) },
            Drain = new DrainOptions { LameDuck = TimeSpan.Zero, Time = TimeSpan.Zero },
        };
        WebApplication built = ServerHost.Build(options, builder => builder.Logging.ClearProviders());
        await built.StartAsync().WaitAsync(Shell.Limit);
        return new RunningServer(built);
    }

    public async ValueTask DisposeAsync()
    {
        await app.StopAsync().WaitAsync(Shell.Limit);
        await app.DisposeAsync().AsTask().WaitAsync(Shell.Limit);
    }
}
