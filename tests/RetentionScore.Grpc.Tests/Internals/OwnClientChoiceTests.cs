using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using RetentionScore.GrpcTest.V1;

namespace RetentionScore.Grpc.Tests.Internals;

/// <summary>Where our client says what those of other languages say, and Grpc.Net.Client something else.</summary>
public sealed class OwnClientChoiceTests
{
    [Theory]
    [InlineData("4", StatusCode.DeadlineExceeded, "late")]
    [InlineData("0", StatusCode.Internal, "Incomplete message.")]
    [InlineData(null, StatusCode.Internal, "Incomplete message.")]
    public async Task Response_CutShortBeforeTrailers_StatusOfTrailersCountsUnlessOk(string? status, StatusCode expected, string detail)
    {
        await using var host = await AnsweringAsync(RawHttp.Frame(new byte[10], length: 100), status);
        using var unary = host.Client.UnaryAsync(new EchoRequest());
        using var stream = host.Client.ServerStream(new EchoRequest());
        var ofUnary = await Assert.ThrowsAsync<RpcException>(() => unary.ResponseAsync.Within());
        var ofStream = await Assert.ThrowsAsync<RpcException>(() => stream.ResponseStream.MoveNext().Within());
        Assert.Equal((expected, detail), (ofUnary.StatusCode, ofUnary.Status.Detail));
        Assert.Equal((expected, detail), (ofStream.StatusCode, ofStream.Status.Detail));
        Assert.Equal(expected, stream.GetStatus().StatusCode);
    }

    [Fact]
    public async Task Response_DoesNotParse_Internal()
    {
        await using var host = await AnsweringAsync(RawHttp.Frame([0xFF, 0xFF]), "0");
        using var unary = host.Client.UnaryAsync(new EchoRequest());
        using var stream = host.Client.ServerStream(new EchoRequest());
        Assert.Equal(StatusCode.Internal, (await Assert.ThrowsAsync<RpcException>(() => unary.ResponseAsync.Within())).StatusCode);
        Assert.Equal(StatusCode.Internal, (await Assert.ThrowsAsync<RpcException>(() => stream.ResponseStream.MoveNext().Within())).StatusCode);
        Assert.Equal(StatusCode.Internal, stream.GetStatus().StatusCode);
    }

    [Fact]
    public async Task GoAway_StreamNotTaken_Unavailable()
    {
        using var server = new RefusingServer();
        using var channel = GrpcChannel.ForAddress(server.Address);
        var client = new EchoService.EchoServiceClient(channel);
        using var unary = client.UnaryAsync(new EchoRequest());
        Assert.Equal(StatusCode.Unavailable, (await Assert.ThrowsAsync<RpcException>(() => unary.ResponseAsync.Within())).StatusCode);

        using var duplex = client.Duplex();
        await Record.ExceptionAsync(() => duplex.RequestStream.WriteAsync(new EchoRequest()).Within());
        Assert.Equal(StatusCode.Unavailable, (await Assert.ThrowsAsync<RpcException>(() => duplex.ResponseStream.MoveNext().Within())).StatusCode);
        Assert.Equal(
            StatusCode.Unavailable,
            (await Assert.ThrowsAsync<RpcException>(() => duplex.RequestStream.WriteAsync(new EchoRequest()).Within())).StatusCode);
    }

    /// <summary>Answers every call alike.</summary>
    private static Task<EchoHost> AnsweringAsync(byte[] body, string? status) => EchoHost.StartAsync(map: app => app.Use(async (HttpContext context, RequestDelegate _) =>
    {
        context.Response.ContentType = "application/grpc";
        if (status is not null) context.Response.AppendTrailer("grpc-status", status);
        if (status == "4") context.Response.AppendTrailer("grpc-message", "late");
        await context.Response.Body.WriteAsync(body);
    }));
}
