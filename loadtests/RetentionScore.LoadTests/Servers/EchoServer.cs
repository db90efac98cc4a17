using System.Globalization;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using RetentionScore.Server.Options;

namespace RetentionScore.LoadTests.Servers;

/// <summary>A bare gRPC server in place of ours: the same Kestrel settings, two ports, /readyz, and of /metrics what a comparison needs.</summary>
internal static class EchoServer
{
    internal const string Command = "serve-echo";

    internal static async Task<int> RunAsync()
    {
        var limits = new LimitOptions();
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.Logging.SetMinimumLevel(LogLevel.Warning).AddFilter("Microsoft.Hosting.Lifetime", LogLevel.Information);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.Http2.MaxStreamsPerConnection = limits.MaxStreamsPerConnection;
            kestrel.Limits.Http2.KeepAlivePingDelay = TimeSpan.FromSeconds(30);
            kestrel.Limits.Http2.KeepAlivePingTimeout = TimeSpan.FromSeconds(20);
            kestrel.Limits.MinResponseDataRate = null;
            kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2);
            kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http1);
        });
        builder.Services.AddGrpc(grpc => grpc.MaxReceiveMessageSize = limits.MaxMessageBytes);
        await using WebApplication app = builder.Build();
        app.MapGrpcService<EchoService>();
        app.MapGet("/readyz", (RequestDelegate)(context => context.Response.WriteAsync("ready\n")));
        app.MapGet("/metrics", (RequestDelegate)(context => context.Response.WriteAsync(Metrics())));
        await app.RunAsync();
        return 0;
    }

    private static string Metrics() => string.Create(
        CultureInfo.InvariantCulture,
        $"{MetricsPage.Prefix}gc_allocated_bytes_total {GC.GetTotalAllocatedBytes()}\n{MetricsPage.Prefix}gc_pause_seconds_total {GC.GetTotalPauseDuration().TotalSeconds}\n");
}
