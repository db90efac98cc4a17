using System.Net;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using RetentionScore.Server.Health;
using RetentionScore.Server.Reflection;
using RetentionScore.V1;

namespace RetentionScore.Server.Tests.Health;

/// <summary>A real Kestrel on a free loopback port with the health and reflection services.</summary>
internal sealed class ServicesHost : IAsyncDisposable
{
    /// <summary>Of every wait in these tests.</summary>
    internal static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly WebApplication app;

    private ServicesHost(WebApplication app)
    {
        this.app = app;
        var address = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        Channel = GrpcChannel.ForAddress(address);
    }

    internal GrpcChannel Channel { get; }

    internal ServingStatus Serving => app.Services.GetRequiredService<ServingStatus>();

    internal static async Task<ServicesHost> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
            kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2));
        builder.Services.AddGrpc();
        builder.Services.AddHealth();
        builder.Services.AddReflection(ScoringService.Descriptor, Grpc.Health.V1.Health.Descriptor);
        var built = builder.Build();
        built.MapHealth();
        built.MapReflection();
        await built.StartAsync().WaitAsync(Patience);
        return new ServicesHost(built);
    }

    internal Task StopAsync() => app.StopAsync().WaitAsync(Patience);

    public async ValueTask DisposeAsync()
    {
        Channel.Dispose();
        await app.DisposeAsync().AsTask().WaitAsync(Patience);
    }
}
