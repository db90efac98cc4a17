using System.Net;
using Grpc.Health.V1;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using RetentionScore.Interop.V1;
using RetentionScore.Server.Health;
using RetentionScore.Server.Reflection;

namespace RetentionScore.Interop.Host;

/// <summary>Serves the interop, health and reflection services on our stack, as python/server.py does on C-core.</summary>
internal static class InteropHost
{
    /// <summary>
    /// Prints two ports, of a server that answers uncompressed and of one that answers in gzip, and serves until standard input ends.
    /// </summary>
    public static async Task RunAsync()
    {
        await using var plain = Build(compression: null);
        await using var gzip = Build(compression: "gzip");
        await plain.StartAsync();
        await gzip.StartAsync();
        Console.WriteLine($"{Port(plain)} {Port(gzip)}");
        await Task.WhenAny(EndOfInputAsync(), plain.WaitForShutdownAsync());
        await plain.StopAsync();
        await gzip.StopAsync();
    }

    private static async Task EndOfInputAsync()
    {
        while (await Console.In.ReadLineAsync() is not null)
        {
        }
    }

    private static WebApplication Build(string? compression)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            // Some cases hold 150 calls open on one connection.
            kestrel.Limits.Http2.MaxStreamsPerConnection = 1000;
            kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2);
        });
        builder.Services.AddGrpc(grpc => grpc.ResponseCompressionAlgorithm = compression);
        builder.Services.AddSingleton<CallEnds>();
        builder.Services.AddHealth();
        builder.Services.AddReflection(InteropService.Descriptor, Health.Descriptor);

        var app = builder.Build();
        app.MapGrpcService<EchoService>();
        app.MapHealth();
        app.MapReflection();
        var serving = app.Services.GetRequiredService<ServingStatus>();
        serving.Set(ServingStatus.WholeServer, HealthCheckResponse.Types.ServingStatus.Serving);
        serving.Set(InteropService.Descriptor.FullName, HealthCheckResponse.Types.ServingStatus.Serving);
        return app;
    }

    private static int Port(WebApplication app) =>
        new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single()).Port;
}
