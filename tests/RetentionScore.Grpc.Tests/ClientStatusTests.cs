using System.Net;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using RetentionScore.GrpcTest.V1;

namespace RetentionScore.Grpc.Tests;

/// <summary>What the client makes of answers that are not a proper call's.</summary>
public sealed class ClientStatusTests
{
    private const string Trailers = "grpc-status";

    [Theory]
    [InlineData(400, StatusCode.Internal)]
    [InlineData(401, StatusCode.Unauthenticated)]
    [InlineData(403, StatusCode.PermissionDenied)]
    [InlineData(404, StatusCode.Unimplemented)]
    [InlineData(429, StatusCode.Unavailable)]
    [InlineData(502, StatusCode.Unavailable)]
    [InlineData(503, StatusCode.Unavailable)]
    [InlineData(504, StatusCode.Unavailable)]
    [InlineData(418, StatusCode.Unknown)]
    public async Task HttpStatus_OfAProxy_IsMapped(int http, StatusCode expected)
    {
        var exception = await CallAsync(context =>
        {
            context.Response.StatusCode = http;
            return Task.CompletedTask;
        });
        Assert.Equal(expected, exception.StatusCode);
    }

    [Theory]
    [InlineData(7, StatusCode.Unavailable)]
    [InlineData(8, StatusCode.Cancelled)]
    [InlineData(11, StatusCode.ResourceExhausted)]
    [InlineData(12, StatusCode.PermissionDenied)]
    [InlineData(2, StatusCode.Internal)]
    [InlineData(1, StatusCode.Internal)]
    public async Task Reset_AfterHeaders_IsMapped(int http2ErrorCode, StatusCode expected)
    {
        var exception = await CallAsync(async context =>
        {
            context.Response.ContentType = "application/grpc";
            await context.Response.BodyWriter.FlushAsync();
            await Task.Delay(100);
            context.Features.GetRequiredFeature<IHttpResetFeature>().Reset(http2ErrorCode);
        });
        Assert.Equal(expected, exception.StatusCode);
    }

    [Theory]
    [InlineData(8, StatusCode.Cancelled)]
    [InlineData(2, StatusCode.Internal)]
    public async Task Reset_BeforeHeaders_IsMapped(int http2ErrorCode, StatusCode expected)
    {
        var exception = await CallAsync(context =>
        {
            context.Features.GetRequiredFeature<IHttpResetFeature>().Reset(http2ErrorCode);
            return Task.CompletedTask;
        });
        Assert.Equal(expected, exception.StatusCode);
    }

    [Fact]
    public async Task Connection_Refused_UnavailableAndHeadersFault()
    {
        using var channel = GrpcChannel.ForAddress("http://127.0.0.1:1");
        using var call = new EchoService.EchoServiceClient(channel).Duplex();
        var exception = await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext().Within());
        Assert.Equal(StatusCode.Unavailable, exception.StatusCode);
        Assert.Equal(StatusCode.Unavailable, (await Assert.ThrowsAsync<RpcException>(() => call.ResponseHeadersAsync.Within())).StatusCode);
        Assert.Equal(StatusCode.Unavailable, (await Assert.ThrowsAsync<RpcException>(() => call.RequestStream.WriteAsync(new EchoRequest()).Within())).StatusCode);
    }

    [Fact]
    public async Task Connection_Breaks_Unavailable()
    {
        await using var host = await EchoHost.StartAsync(handlers => handlers.Duplex = async (requests, responses, context) =>
        {
            await responses.WriteAsync(new EchoResponse());
            await requests.MoveNext();
            context.GetHttpContext().Features.GetRequiredFeature<Microsoft.AspNetCore.Connections.Features.IConnectionLifetimeFeature>().Abort();
        });
        using var call = host.Client.Duplex();
        Assert.True(await call.ResponseStream.MoveNext().Within());
        var pending = call.ResponseStream.MoveNext();
        await call.RequestStream.WriteAsync(new EchoRequest()).Within();
        var exception = await Assert.ThrowsAsync<RpcException>(() => pending.Within());
        Assert.Equal(StatusCode.Unavailable, exception.StatusCode);
    }

    [Fact]
    public async Task Server_GoesAway_OpenCallEndsWellAndNewOnesAreUnavailable()
    {
        var host = await EchoHost.StartAsync();
        await using var ofHost = host;
        using var call = host.Client.Duplex();
        await call.RequestStream.WriteAsync(new EchoRequest { Count = 1 }).Within();
        Assert.True(await call.ResponseStream.MoveNext().Within());
        var stopping = host.StopServerAsync();
        await Task.Delay(200);

        // GOAWAY came; the stream that is open goes on to its end.
        await call.RequestStream.WriteAsync(new EchoRequest { Count = 2 }).Within();
        Assert.True(await call.ResponseStream.MoveNext().Within());
        Assert.Equal(2, call.ResponseStream.Current.Count);
        await call.RequestStream.CompleteAsync().Within();
        Assert.False(await call.ResponseStream.MoveNext().Within());
        await stopping;
        var exception = await Assert.ThrowsAsync<RpcException>(() => host.Client.UnaryAsync(new EchoRequest()).ResponseAsync.Within());
        Assert.Equal(StatusCode.Unavailable, exception.StatusCode);
    }

    [Fact]
    public async Task KeepAlivePings_OnAQuietStream_CallGoesOn()
    {
        await using var host = await EchoHost.StartAsync(kestrel: options =>
        {
            options.Limits.Http2.KeepAlivePingDelay = TimeSpan.FromSeconds(1);
            options.Limits.Http2.KeepAlivePingTimeout = TimeSpan.FromSeconds(1);
        });
        using var handler = new SocketsHttpHandler { KeepAlivePingDelay = TimeSpan.FromSeconds(1), KeepAlivePingTimeout = TimeSpan.FromSeconds(1) };
        using var channel = GrpcChannel.ForAddress(host.Address, new GrpcChannelOptions { HttpHandler = handler });
        using var call = new EchoService.EchoServiceClient(channel).Duplex();
        for (var i = 0; i < 2; i++)
        {
            await call.RequestStream.WriteAsync(new EchoRequest { Count = i }).Within();
            Assert.True(await call.ResponseStream.MoveNext().Within());
            if (i == 0) await Task.Delay(TimeSpan.FromSeconds(3.5));
        }
    }

    [Fact]
    public async Task Response_ContentTypeNotGrpc_Fails()
    {
        var exception = await CallAsync(context => context.Response.WriteAsync("hello"));
        Assert.Contains("content-type", exception.Status.Detail, StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [InlineData("99")]
    [InlineData("x")]
    [InlineData("-1")]
    public async Task Response_StatusNumberUnknown_CallFails(string status)
    {
        var exception = await CallAsync(context =>
        {
            context.Response.ContentType = "application/grpc";
            context.Response.Headers[Trailers] = status;
            return Task.CompletedTask;
        });
        Assert.NotEqual(StatusCode.OK, exception.StatusCode);
    }

    [Fact]
    public async Task Response_NoStatus_CallFails()
    {
        var exception = await CallAsync(context => WriteAsync(context, RawHttp.Frame([]), status: null));
        Assert.NotEqual(StatusCode.OK, exception.StatusCode);
    }

    [Fact]
    public async Task Response_StatusWithHttpError_StatusOfGrpcCounts()
    {
        var exception = await CallAsync(context =>
        {
            context.Response.StatusCode = 503;
            context.Response.ContentType = "application/grpc";
            context.Response.Headers[Trailers] = "8";
            context.Response.Headers["grpc-message"] = "wait%21";
            return Task.CompletedTask;
        });
        Assert.Equal(new Status(StatusCode.ResourceExhausted, "wait!"), exception.Status);
    }

    [Theory]
    [InlineData(new byte[] { 0, 0, 0, 0, 9, 1 }, StatusCode.Internal)]
    [InlineData(new byte[] { 0, 0, 0 }, StatusCode.Internal)]
    [InlineData(new byte[] { 0, 0x7F, 0, 0, 0 }, StatusCode.ResourceExhausted)]
    [InlineData(new byte[0], StatusCode.Internal)]
    public async Task Response_BrokenFrames_HaveTheirStatus(byte[] body, StatusCode expected)
    {
        var exception = await CallAsync(context => WriteAsync(context, body, status: "0"));
        Assert.Equal(expected, exception.StatusCode);
    }

    [Fact]
    public async Task Response_OverTheLimitOfTheChannel_ResourceExhausted()
    {
        await using var host = await EchoHost.StartAsync();
        using var channel = GrpcChannel.ForAddress(host.Address, new GrpcChannelOptions { MaxReceiveMessageSize = 100 });
        var client = new EchoService.EchoServiceClient(channel);
        var exception = await Assert.ThrowsAsync<RpcException>(() => client.UnaryAsync(new EchoRequest { Text = new string('x', 101) }).ResponseAsync.Within());
        Assert.Equal(StatusCode.ResourceExhausted, exception.StatusCode);
    }

    [Fact]
    public async Task Request_OverTheLimitOfTheChannel_ResourceExhausted()
    {
        await using var host = await EchoHost.StartAsync();
        using var channel = GrpcChannel.ForAddress(host.Address, new GrpcChannelOptions { MaxSendMessageSize = 100 });
        using var call = new EchoService.EchoServiceClient(channel).Duplex();
        var exception = await Assert.ThrowsAsync<RpcException>(
            () => call.RequestStream.WriteAsync(new EchoRequest { Text = new string('x', 101) }).Within());
        Assert.Equal(StatusCode.ResourceExhausted, exception.StatusCode);
    }

    [Fact]
    public async Task HttpClient_GivenToChannel_IsUsedAndKept()
    {
        await using var host = await EchoHost.StartAsync();
        using var http = new HttpClient();
        using (var channel = GrpcChannel.ForAddress(host.Address, new GrpcChannelOptions { HttpClient = http }))
        {
            Assert.Equal(host.Address.Authority, channel.Target);
            using var call = new EchoService.EchoServiceClient(channel).Duplex();
            await call.RequestStream.WriteAsync(new EchoRequest { Count = 3 }).Within();
            Assert.True(await call.ResponseStream.MoveNext().Within());
        }

        using var other = GrpcChannel.ForAddress(host.Address, new GrpcChannelOptions { HttpClient = http, DisposeHttpClient = true });
        await new EchoService.EchoServiceClient(other).UnaryAsync(new EchoRequest()).ResponseAsync.Within();
    }

    private static async Task<RpcException> CallAsync(RequestDelegate answer)
    {
        await using var host = await EchoHost.StartAsync(map: app => app.MapPost("/fake.Service/Method", answer));
        var marshaller = Marshallers.Create(bytes => bytes, bytes => bytes);
        var method = new Method<byte[], byte[]>(MethodType.Unary, "fake.Service", "Method", marshaller, marshaller);
        using var call = host.Channel.CreateCallInvoker().AsyncUnaryCall(method, host: null, new CallOptions(), []);
        var exception = await Assert.ThrowsAsync<RpcException>(() => call.ResponseAsync.Within());
        Assert.Equal(exception.StatusCode, call.GetStatus().StatusCode);
        return exception;
    }

    private static async Task WriteAsync(HttpContext context, byte[] body, string? status)
    {
        context.Response.ContentType = "application/grpc";
        if (status is not null) context.Response.AppendTrailer(Trailers, status);
        await context.Response.Body.WriteAsync(body);
    }
}
