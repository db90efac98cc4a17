using Grpc.Core;
using RetentionScore.GrpcTest.V1;

namespace RetentionScore.Grpc.Tests;

public sealed class MetadataTests
{
    private const string UnaryPath = "/retentionscore.grpctest.v1.EchoService/Unary";

    [Fact]
    public async Task Headers_BothWays_TextAndBytesArrive()
    {
        Metadata? received = null;
        await using var host = await EchoHost.StartAsync(handlers => handlers.Unary = async (request, context) =>
        {
            received = context.RequestHeaders;
            await context.WriteResponseHeadersAsync(new Metadata { { "h", "1" }, { "h-bin", [0, 255, 7] } });
            context.ResponseTrailers.Add("t", "2");
            context.ResponseTrailers.Add("t-bin", [1, 2, 3, 4]);
            return new EchoResponse();
        });
        var headers = new Metadata { { "Call-Id", "c 1" }, { "trace-bin", [9, 8, 7, 6, 5] } };
        using var call = host.Client.UnaryAsync(new EchoRequest(), headers);
        var responseHeaders = await call.ResponseHeadersAsync.Within();
        await call.ResponseAsync.Within();

        Assert.Equal("c 1", received!.GetValue("call-id"));
        Assert.Equal([9, 8, 7, 6, 5], received.GetValueBytes("trace-bin"));
        Assert.DoesNotContain(received, entry => entry.Key is "te" or "content-type" or "grpc-accept-encoding");
        Assert.Equal("1", responseHeaders.GetValue("h"));
        Assert.Equal([0, 255, 7], responseHeaders.GetValueBytes("h-bin"));
        Assert.Equal("2", call.GetTrailers().GetValue("t"));
        Assert.Equal([1, 2, 3, 4], call.GetTrailers().GetValueBytes("t-bin"));
    }

    [Fact]
    public async Task Error_WithDetailsAndUnicodeMessage_ArriveInTrailers()
    {
        var details = Enumerable.Range(0, 256).Select(b => (byte)b).ToArray();
        const string message = "100% of \u00fcber\u00adall \ud83d\ude00\r\n \"quoted\"";
        await using var host = await EchoHost.StartAsync(handlers => handlers.Duplex = async (_, responses, _) =>
        {
            await responses.WriteAsync(new EchoResponse());
            throw new RpcException(
                new Status(StatusCode.FailedPrecondition, message),
                new Metadata { { "grpc-status-details-bin", details }, { "reason", "SEQUENCE_GAP" } });
        });
        using var call = host.Client.Duplex();
        Assert.True(await call.ResponseStream.MoveNext().Within());
        var exception = await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext().Within());
        Assert.Equal(StatusCode.FailedPrecondition, exception.StatusCode);
        Assert.Equal(message, exception.Status.Detail);
        Assert.Equal(details, exception.Trailers.GetValueBytes("grpc-status-details-bin"));
        Assert.Equal("SEQUENCE_GAP", exception.Trailers.GetValue("reason"));
        Assert.Equal(details, call.GetTrailers().GetValueBytes("grpc-status-details-bin"));
        Assert.Equal(exception.Status, call.GetStatus());
    }

    [Fact]
    public async Task Error_BeforeAnyResponse_IsTrailersOnly()
    {
        await using var host = await EchoHost.StartAsync(handlers => handlers.Unary = (_, _) =>
            throw new RpcException(new Status(StatusCode.NotFound, "no"), new Metadata { { "x", "y" } }));
        using var raw = new RawHttp(host.Address);
        var response = await raw.PostAsync(UnaryPath, RawHttp.Frame([]));
        Assert.False(response.HasTrailers);
        Assert.Equal((int)StatusCode.NotFound, response.Status);
        Assert.Empty(response.Body);

        using var call = host.Client.UnaryAsync(new EchoRequest());
        var exception = await Assert.ThrowsAsync<RpcException>(() => call.ResponseAsync.Within());
        Assert.Equal("y", exception.Trailers.GetValue("x"));
        Assert.Equal("y", (await call.ResponseHeadersAsync.Within()).GetValue("x"));
    }

    [Fact]
    public async Task StatusOnContext_HandlerReturns_IsTheEnd()
    {
        await using var host = await EchoHost.StartAsync(handlers => handlers.ServerStream = async (_, responses, context) =>
        {
            await responses.WriteAsync(new EchoResponse());
            context.Status = new Status(StatusCode.DataLoss, "half of it");
        });
        using var call = host.Client.ServerStream(new EchoRequest());
        Assert.True(await call.ResponseStream.MoveNext().Within());
        var exception = await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext().Within());
        Assert.Equal(new Status(StatusCode.DataLoss, "half of it"), exception.Status);
    }

    [Theory]
    [InlineData("AAEC")]
    [InlineData("AAE=")]
    [InlineData("AAE")]
    [InlineData("")]
    public async Task BinaryHeader_PaddedOrNot_IsRead(string value)
    {
        byte[]? received = null;
        await using var host = await EchoHost.StartAsync(handlers => handlers.Unary = (_, context) =>
        {
            received = context.RequestHeaders.GetValueBytes("x-bin");
            return Task.FromResult(new EchoResponse());
        });
        using var raw = new RawHttp(host.Address);
        Assert.Equal(0, (await raw.PostAsync(UnaryPath, RawHttp.Frame([]), headers: ("x-bin", value))).Status);
        Assert.Equal(Convert.FromBase64String(value.PadRight((value.Length + 3) / 4 * 4, '=')), received);
    }

    [Theory]
    [InlineData("-bin", "x")]
    [InlineData("bad key", "x")]
    [InlineData("\u00e4", "x")]
    public void Add_TextWithWrongKey_Throws(string key, string value) => Assert.Throws<ArgumentException>(() => new Metadata().Add(key, value));

    [Fact]
    public void Add_BytesWithoutSuffix_Throws() => Assert.Throws<ArgumentException>(() => new Metadata().Add("x", new byte[1]));

    [Fact]
    public void Empty_Add_Throws() => Assert.Throws<InvalidOperationException>(() => Metadata.Empty.Add("a", "b"));

    [Fact]
    public void Entries_OfOneKey_LastIsGotAllAreListed()
    {
        var metadata = new Metadata { { "A", "1" }, { "a", "2" }, { "b-bin", [3] } };
        Assert.Equal("2", metadata.GetValue("A"));
        Assert.Equal("1,2", string.Join(',', metadata.GetAll("a").Select(entry => entry.Value)));
        Assert.Null(metadata.GetValue("c"));
        Assert.True(metadata[2].IsBinary);
        Assert.Throws<InvalidOperationException>(() => metadata[2].Value);
        Assert.Equal("1"u8.ToArray(), metadata[0].ValueBytes);
    }
}
