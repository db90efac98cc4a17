using System.Collections.Concurrent;
using System.Net;
using Grpc.AspNetCore.Server;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using RetentionScore.GrpcTest.V1;

namespace RetentionScore.Grpc.Tests;

/// <summary>A real Kestrel on a free loopback port (HTTP/2 without TLS) with an <see cref="EchoService"/> whose methods each test sets.</summary>
internal sealed class EchoHost : IAsyncDisposable
{
    private readonly WebApplication app;

    private EchoHost(WebApplication app, IReadOnlyList<Uri> addresses)
    {
        this.app = app;
        Addresses = addresses;
        Channel = GrpcChannel.ForAddress(Address);
        Client = new EchoService.EchoServiceClient(Channel);
    }

    internal Uri Address => Addresses[0];

    /// <summary>The first, and those that a test added.</summary>
    internal IReadOnlyList<Uri> Addresses { get; }

    internal GrpcChannel Channel { get; }

    internal EchoService.EchoServiceClient Client { get; }

    internal EchoHandlers Handlers => Service<EchoHandlers>();

    internal static async Task<EchoHost> StartAsync(
        Action<EchoHandlers>? handlers = null,
        Action<GrpcServiceOptions>? grpc = null,
        Action<KestrelServerOptions>? kestrel = null,
        Action<WebApplication>? map = null,
        Action<IServiceCollection>? services = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(options =>
        {
            options.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2);
            kestrel?.Invoke(options);
        });
        var set = new EchoHandlers();
        handlers?.Invoke(set);
        builder.Services.AddSingleton(set);
        builder.Services.AddGrpc(options => grpc?.Invoke(options));
        services?.Invoke(builder.Services);
        var built = builder.Build();
        built.MapGrpcService<Echo>();
        map?.Invoke(built);
        await built.StartAsync().Within();
        var addresses = built.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses;
        return new EchoHost(built, [.. addresses.Select(address => new Uri(address))]);
    }

    internal T Service<T>()
        where T : notnull => app.Services.GetRequiredService<T>();

    internal Task StopServerAsync() => app.StopAsync().Within();

    public async ValueTask DisposeAsync()
    {
        Channel.Dispose();
        using var stop = new CancellationTokenSource(TimeSpan.FromSeconds(2));
        await app.StopAsync(stop.Token).Within();
        await app.DisposeAsync().AsTask().Within();
    }
}

/// <summary>What the methods of the service do in a test; echoes unless set.</summary>
internal sealed class EchoHandlers
{
    internal Func<EchoRequest, ServerCallContext, Task<EchoResponse>> Unary { get; set; } =
        (request, _) => Task.FromResult(Echo.Of(request));

    internal Func<IAsyncStreamReader<EchoRequest>, ServerCallContext, Task<EchoResponse>> ClientStream { get; set; } = async (requests, _) =>
    {
        var sum = new EchoResponse();
        await foreach (var request in requests.ReadAllAsync())
        {
            sum.Text += request.Text;
            sum.Count++;
        }

        return sum;
    };

    internal Func<EchoRequest, IServerStreamWriter<EchoResponse>, ServerCallContext, Task> ServerStream { get; set; } = async (request, responses, _) =>
    {
        for (var i = 0; i < Math.Min(request.Count, 10_000); i++) await responses.WriteAsync(new EchoResponse { Text = request.Text, Count = i });
    };

    internal Func<IAsyncStreamReader<EchoRequest>, IServerStreamWriter<EchoResponse>, ServerCallContext, Task> Duplex { get; set; } =
        async (requests, responses, _) =>
        {
            while (await requests.MoveNext()) await responses.WriteAsync(Echo.Of(requests.Current));
        };

    /// <summary>Service objects made so far.</summary>
    internal ConcurrentBag<object> Activated { get; } = [];
}

/// <summary>The service: one object for each call.</summary>
internal sealed class Echo : EchoService.EchoServiceBase
{
    private readonly EchoHandlers handlers;

    public Echo(EchoHandlers handlers)
    {
        this.handlers = handlers;
        handlers.Activated.Add(this);
    }

    public override Task<EchoResponse> Unary(EchoRequest request, ServerCallContext context) => handlers.Unary(request, context);

    public override Task<EchoResponse> ClientStream(IAsyncStreamReader<EchoRequest> requestStream, ServerCallContext context) =>
        handlers.ClientStream(requestStream, context);

    public override Task ServerStream(EchoRequest request, IServerStreamWriter<EchoResponse> responseStream, ServerCallContext context) =>
        handlers.ServerStream(request, responseStream, context);

    public override Task Duplex(
        IAsyncStreamReader<EchoRequest> requestStream, IServerStreamWriter<EchoResponse> responseStream, ServerCallContext context) =>
        handlers.Duplex(requestStream, responseStream, context);

    internal static EchoResponse Of(EchoRequest request) => new() { Text = request.Text, Count = request.Count, Payload = request.Payload };
}
