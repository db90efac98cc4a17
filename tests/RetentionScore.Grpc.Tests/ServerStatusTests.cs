using System.Net;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using RetentionScore.GrpcTest.V1;

namespace RetentionScore.Grpc.Tests;

/// <summary>What the server answers to what is not a proper call.</summary>
public sealed class ServerStatusTests
{
    private const string Service = "/retentionscore.grpctest.v1.EchoService/";

    [Theory]
    [InlineData("text/plain")]
    [InlineData("application/json")]
    [InlineData("application/grpcx")]
    [InlineData(null)]
    public async Task ContentType_NotGrpc_415(string? contentType)
    {
        await using var host = await EchoHost.StartAsync();
        using var raw = new RawHttp(host.Address);
        var response = await raw.PostAsync(Service + "Unary", RawHttp.Frame([]), contentType);
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, response.Http);
        Assert.Empty(host.Handlers.Activated);
    }

    [Theory]
    [InlineData("application/grpc+proto")]
    [InlineData("application/grpc; charset=utf-8")]
    [InlineData("APPLICATION/GRPC")]
    public async Task ContentType_GrpcWithMore_IsServed(string contentType)
    {
        await using var host = await EchoHost.StartAsync();
        using var raw = new RawHttp(host.Address);
        Assert.Equal(0, (await raw.PostAsync(Service + "Unary", RawHttp.Frame([]), contentType)).Status);
    }

    [Theory]
    [InlineData(Service + "Nothing")]
    [InlineData("/no.such.Service/Unary")]
    [InlineData(Service + "NotOverridden")]
    public async Task Method_Unknown_Unimplemented(string path)
    {
        await using var host = await EchoHost.StartAsync();
        using var raw = new RawHttp(host.Address);
        var response = await raw.PostAsync(path, RawHttp.Frame([]));
        Assert.Equal(HttpStatusCode.OK, response.Http);
        Assert.Equal((int)StatusCode.Unimplemented, response.Status);
    }

    [Fact]
    public async Task Method_UnknownToServer_ClientSeesUnimplemented()
    {
        await using var host = await EchoHost.StartAsync();
        var exception = await Assert.ThrowsAsync<RpcException>(() => host.Client.NotOverriddenAsync(new EchoRequest()).ResponseAsync.Within());
        Assert.Equal(StatusCode.Unimplemented, exception.StatusCode);
    }

    [Fact]
    public async Task OtherEndpoints_BesideServices_AreServed()
    {
        await using var host = await EchoHost.StartAsync(map: app => app.MapPost("/other/thing", () => Results.Text("other")));
        using var raw = new RawHttp(host.Address);
        var response = await raw.PostAsync("/other/thing", [], "text/plain");
        Assert.Equal("other"u8.ToArray(), response.Body);
    }

    [Theory]
    [InlineData("/some/thing")]
    [InlineData(Service + "Nothing")]
    public async Task OtherRequests_NobodyServesThem_404(string path)
    {
        await using var host = await EchoHost.StartAsync();
        using var raw = new RawHttp(host.Address);
        Assert.Equal(HttpStatusCode.NotFound, (await raw.PostAsync(path, [], "text/plain")).Http);
    }

    [Fact]
    public async Task Http1_Request_Refused()
    {
        await using var host = await EchoHost.StartAsync(
            kestrel: options => options.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http1));
        using var http = new HttpClient();
        using var content = new ByteArrayContent(RawHttp.Frame([]));
        content.Headers.ContentType = new("application/grpc");
        using var response = await http.PostAsync(new Uri(host.Addresses[1], Service + "Unary"), content).Within();
        Assert.Equal(HttpStatusCode.UpgradeRequired, response.StatusCode);
    }

    [Theory]
    [InlineData(new byte[0], StatusCode.Internal)]
    [InlineData(new byte[] { 0 }, StatusCode.Internal)]
    [InlineData(new byte[] { 0, 0, 0, 0 }, StatusCode.Internal)]
    [InlineData(new byte[] { 0, 0, 0, 0, 5, 1 }, StatusCode.Internal)]
    [InlineData(new byte[] { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }, StatusCode.Internal)]
    [InlineData(new byte[] { 0, 0, 0x50, 0, 0 }, StatusCode.ResourceExhausted)]
    public async Task UnaryBody_Broken_HasItsStatus(byte[] body, StatusCode expected)
    {
        await using var host = await EchoHost.StartAsync();
        using var raw = new RawHttp(host.Address);
        Assert.Equal((int)expected, (await raw.PostAsync(Service + "Unary", body)).Status);
    }

    [Fact]
    public async Task DetailedErrors_Enabled_ClientIsToldTheException()
    {
        await using var host = await EchoHost.StartAsync(
            handlers => handlers.Unary = (_, _) => throw new InvalidOperationException("what happened"),
            grpc: options => options.EnableDetailedErrors = true);
        var exception = await Assert.ThrowsAsync<RpcException>(() => host.Client.UnaryAsync(new EchoRequest()).ResponseAsync.Within());
        Assert.Contains("what happened", exception.Status.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Response_OverTheSendLimit_ResourceExhausted()
    {
        await using var host = await EchoHost.StartAsync(grpc: options => options.MaxSendMessageSize = 100);
        Assert.Equal("small", (await host.Client.UnaryAsync(new EchoRequest { Text = "small" }).ResponseAsync.Within()).Text);
        var exception = await Assert.ThrowsAsync<RpcException>(
            () => host.Client.UnaryAsync(new EchoRequest { Text = new string('x', 101) }).ResponseAsync.Within());
        Assert.Equal(StatusCode.ResourceExhausted, exception.StatusCode);
    }

    [Fact]
    public async Task Handler_ReturnsNull_Cancelled()
    {
        await using var host = await EchoHost.StartAsync(handlers => handlers.Unary = (_, _) => Task.FromResult<EchoResponse>(null!));
        var exception = await Assert.ThrowsAsync<RpcException>(() => host.Client.UnaryAsync(new EchoRequest()).ResponseAsync.Within());
        Assert.Equal(StatusCode.Cancelled, exception.StatusCode);
    }
}
