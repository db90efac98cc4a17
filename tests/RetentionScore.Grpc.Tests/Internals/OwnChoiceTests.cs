using Google.Protobuf;
using Grpc.Core;
using RetentionScore.GrpcTest.V1;

namespace RetentionScore.Grpc.Tests.Internals;

/// <summary>Where the protocol leaves the choice, or the official packages choose otherwise: nothing else may rely on these.</summary>
public sealed class OwnChoiceTests
{
    private const string UnaryPath = "/retentionscore.grpctest.v1.EchoService/Unary";
    private const string ServerStreamPath = "/retentionscore.grpctest.v1.EchoService/ServerStream";

    [Fact]
    public async Task Trailer_NotAscii_InternalInsteadOfNoStatus()
    {
        await using var host = await EchoHost.StartAsync(handlers => handlers.Unary = (request, context) =>
        {
            context.ResponseTrailers.Add("x", "\n");
            return Task.FromResult(Echo.Of(request));
        });
        var exception = await Assert.ThrowsAsync<RpcException>(() => host.Client.UnaryAsync(new EchoRequest()).ResponseAsync.Within());
        Assert.Equal(StatusCode.Internal, exception.StatusCode);
    }

    [Theory]
    [InlineData(2, 1u, StatusCode.Internal)]
    [InlineData(255, 1u, StatusCode.Internal)]
    [InlineData(0, 0xFFFFFFFFu, StatusCode.ResourceExhausted)]
    public async Task Frame_HeaderImpossible_HasAStatusOfItsOwn(byte flag, uint length, StatusCode expected)
    {
        await using var host = await EchoHost.StartAsync();
        using var raw = new RawHttp(host.Address);
        Assert.Equal((int)expected, (await raw.PostAsync(UnaryPath, RawHttp.Frame([0], flag, length))).Status);
    }

    [Fact]
    public async Task Gzip_CutShort_Internal()
    {
        await using var host = await EchoHost.StartAsync();
        using var raw = new RawHttp(host.Address);
        var compressed = CompressionTests.Compress(new byte[5000]).AsSpan()[..^8].ToArray();
        var response = await raw.PostAsync(UnaryPath, RawHttp.Frame(compressed, flag: 1), headers: ("grpc-encoding", "gzip"));
        Assert.Equal((int)StatusCode.Internal, response.Status);
    }

    [Fact]
    public async Task BinaryHeader_NotBase64_InternalWhenRead()
    {
        await using var host = await EchoHost.StartAsync(handlers => handlers.Unary = (request, context) =>
        {
            Assert.NotEmpty(context.RequestHeaders);
            return Task.FromResult(Echo.Of(request));
        });
        using var raw = new RawHttp(host.Address);
        Assert.Equal((int)StatusCode.Internal, (await raw.PostAsync(UnaryPath, RawHttp.Frame([]), headers: ("x-bin", "*"))).Status);
    }

    [Fact]
    public async Task Response_Always_TellsTheEncodingsOffered()
    {
        await using var host = await EchoHost.StartAsync();
        using var raw = new RawHttp(host.Address);
        Assert.Equal("identity,gzip", (await raw.PostAsync(UnaryPath, RawHttp.Frame([]))).Headers["grpc-accept-encoding"]);
    }

    [Theory]
    [InlineData(20_000)]
    [InlineData(1_000_000)]
    public async Task Deadline_PassesWhileClientDoesNotRead_StreamIsResetAsCancelled(int messageBytes)
    {
        var freed = new TaskCompletionSource();
        await using var host = await EchoHost.StartAsync(handlers => handlers.ServerStream = async (_, responses, context) =>
        {
            context.CancellationToken.Register(() => freed.SetResult());

            // More than the client's window, so that the end of the response cannot get through.
            for (var left = 2_000_000; left > 0; left -= messageBytes)
            {
                await responses.WriteAsync(new EchoResponse { Payload = ByteString.CopyFrom(new byte[messageBytes]) });
            }

            await freed.Task;
        });
        using var http = new HttpClient();
        using var request = RawHttp.Request(
            new Uri(host.Address, ServerStreamPath), RawHttp.Frame([]), "application/grpc", ("grpc-timeout", "500m"));
        using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead).Within();
        await freed.Task.Within();
        await Task.Delay(1500);
        await using var body = await response.Content.ReadAsStreamAsync();
        var exception = await Assert.ThrowsAsync<HttpProtocolException>(() => body.CopyToAsync(Stream.Null).Within());
        Assert.Equal(8, exception.ErrorCode);
    }
}
