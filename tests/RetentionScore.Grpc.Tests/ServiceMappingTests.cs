using Grpc.AspNetCore.Server;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using RetentionScore.GrpcTest.V1;

namespace RetentionScore.Grpc.Tests;

public sealed class ServiceMappingTests
{
    [Fact]
    public async Task Map_GrpcNotAdded_Throws()
    {
        await using var app = WebApplication.CreateSlimBuilder().Build();
        Assert.Throws<InvalidOperationException>(() => app.MapGrpcService<Echo>());
    }

    [Fact]
    public async Task Map_Service_EndpointsCarryTheMethodAndConventions()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Services.AddGrpc();
        await using var app = builder.Build();
        app.MapGrpcService<Echo>().WithMetadata("convention");
        var endpoints = ((IEndpointRouteBuilder)app).DataSources.SelectMany(source => source.Endpoints)
            .Where(endpoint => endpoint.Metadata.GetMetadata<GrpcMethodMetadata>() is not null).ToList();
        Assert.Equal(5, endpoints.Count);
        Assert.All(endpoints, endpoint => Assert.Equal("convention", endpoint.Metadata.GetMetadata<string>()));
        Assert.Contains(endpoints, endpoint => endpoint.Metadata.GetMetadata<GrpcMethodMetadata>()!.Method is
            { FullName: "/retentionscore.grpctest.v1.EchoService/Duplex", Type: MethodType.DuplexStreaming });
    }

    [Fact]
    public async Task ServiceOptions_OfOneService_GoBeforeThoseOfAll()
    {
        await using var host = await EchoHost.StartAsync(
            grpc: options => options.MaxReceiveMessageSize = 10,
            services: services => services.AddGrpc().AddServiceOptions<Echo>(options => options.MaxReceiveMessageSize = 1000));
        var request = new EchoRequest { Text = new string('x', 500) };
        Assert.Equal(500, (await host.Client.UnaryAsync(request).ResponseAsync.Within()).Text.Length);
        request.Text = new string('x', 1001);
        var exception = await Assert.ThrowsAsync<RpcException>(() => host.Client.UnaryAsync(request).ResponseAsync.Within());
        Assert.Equal(StatusCode.ResourceExhausted, exception.StatusCode);
    }

    [Fact]
    public async Task IgnoreUnknownServices_Set_OtherEndpointsAnswer()
    {
        await using var host = await EchoHost.StartAsync(
            grpc: options => options.IgnoreUnknownServices = true,
            map: app => app.MapFallback(context =>
            {
                context.Response.StatusCode = StatusCodes.Status418ImATeapot;
                return Task.CompletedTask;
            }));
        using var raw = new RawHttp(host.Address);
        Assert.Equal(418, (int)(await raw.PostAsync("/no.such.Service/Method", RawHttp.Frame([]))).Http);
    }

    [Fact]
    public async Task ServiceObject_CallEnds_IsDisposedOf()
    {
        await using var host = await EchoHost.StartAsync(
            services: services => services.AddSingleton<Disposals>(), map: app => app.MapGrpcService<DisposableEcho>().RequireHost("disposable"));
        using var raw = new RawHttp(host.Address);
        var response = await raw.PostAsync("/retentionscore.grpctest.v1.EchoService/Unary", RawHttp.Frame([]), headers: ("host", "disposable"));
        Assert.Equal("disposable", EchoResponse.Parser.ParseFrom(response.Body.AsSpan(5)).Text);
        await Waiting.UntilAsync(() => host.Service<Disposals>().Count == 1);
    }

    internal sealed class Disposals
    {
        internal int Count { get; set; }
    }

    internal sealed class DisposableEcho(Disposals disposals) : EchoService.EchoServiceBase, IDisposable
    {
        public override Task<EchoResponse> Unary(EchoRequest request, ServerCallContext context) =>
            Task.FromResult(new EchoResponse { Text = context.Host });

        public void Dispose() => disposals.Count++;
    }
}
