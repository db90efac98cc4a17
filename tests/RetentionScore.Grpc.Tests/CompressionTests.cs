using System.IO.Compression;
using Google.Protobuf;
using Grpc.Core;
using RetentionScore.GrpcTest.V1;

namespace RetentionScore.Grpc.Tests;

public sealed class CompressionTests
{
    private const string UnaryPath = "/retentionscore.grpctest.v1.EchoService/Unary";
    private static readonly string Text = new('z', 50_000);

    [Fact]
    public async Task Gzip_BothWays_MessagesArrive()
    {
        var encoding = "";
        await using var host = await EchoHost.StartAsync(
            handlers => handlers.Duplex = async (requests, responses, context) =>
            {
                encoding = context.GetHttpContext().Request.Headers["grpc-encoding"].ToString();
                while (await requests.MoveNext()) await responses.WriteAsync(Echo.Of(requests.Current));
            },
            grpc: Gzip);
        using var call = host.Client.Duplex(new Metadata { { "grpc-internal-encoding-request", "gzip" } });
        foreach (var text in new[] { "", "a", Text })
        {
            await call.RequestStream.WriteAsync(new EchoRequest { Text = text }).Within();
            Assert.True(await call.ResponseStream.MoveNext().Within());
            Assert.Equal(text, call.ResponseStream.Current.Text);
        }

        Assert.Equal("gzip", encoding);
    }

    [Fact]
    public async Task Gzip_ClientAcceptsIt_ResponseIsCompressed()
    {
        await using var host = await EchoHost.StartAsync(grpc: Gzip);
        using var raw = new RawHttp(host.Address);
        var body = RawHttp.Frame(Compress(new EchoRequest { Text = Text }.ToByteArray()), flag: 1);
        var response = await raw.PostAsync(UnaryPath, body, "application/grpc", ("grpc-encoding", "gzip"), ("grpc-accept-encoding", "identity,gzip"));
        Assert.Equal(0, response.Status);
        Assert.Equal("gzip", response.Headers["grpc-encoding"]);
        Assert.Equal(1, response.Body[0]);
        Assert.InRange(response.Body.Length, 10, 5_000);
        Assert.Equal(Text, EchoResponse.Parser.ParseFrom(Decompress(response.Body.AsSpan(5).ToArray())).Text);
    }

    [Fact]
    public async Task Gzip_ClientDoesNotAcceptIt_ResponseIsPlain()
    {
        await using var host = await EchoHost.StartAsync(grpc: Gzip);
        using var raw = new RawHttp(host.Address);
        var response = await raw.PostAsync(UnaryPath, RawHttp.Frame(new EchoRequest { Text = "a" }.ToByteArray()));
        Assert.Equal(0, response.Status);
        Assert.Equal(0, response.Body[0]);
    }

    [Fact]
    public async Task Gzip_NoCompressFlag_ThatMessageIsPlain()
    {
        await using var host = await EchoHost.StartAsync(
            handlers => handlers.ServerStream = async (_, responses, _) =>
            {
                responses.WriteOptions = new WriteOptions(WriteFlags.NoCompress);
                await responses.WriteAsync(new EchoResponse { Text = "a" });
            },
            grpc: Gzip);
        using var raw = new RawHttp(host.Address);
        var response = await raw.PostAsync(
            "/retentionscore.grpctest.v1.EchoService/ServerStream", RawHttp.Frame([]), "application/grpc", ("grpc-accept-encoding", "gzip"));
        Assert.Equal("gzip", response.Headers["grpc-encoding"]);
        Assert.Equal(0, response.Body[0]);
    }

    [Fact]
    public async Task Encoding_Unknown_UnimplementedAndTellsWhatIsOffered()
    {
        await using var host = await EchoHost.StartAsync();
        using var raw = new RawHttp(host.Address);
        var response = await raw.PostAsync(UnaryPath, RawHttp.Frame([1, 2, 3], flag: 1), headers: ("grpc-encoding", "snappy"));
        Assert.Equal((int)StatusCode.Unimplemented, response.Status);
        Assert.Contains("gzip", response.Headers["grpc-accept-encoding"], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("identity")]
    public async Task CompressedFlag_NoEncodingNamed_Internal(string? encoding)
    {
        await using var host = await EchoHost.StartAsync();
        using var raw = new RawHttp(host.Address);
        (string, string)[] headers = encoding is null ? [] : [("grpc-encoding", encoding)];
        var response = await raw.PostAsync(UnaryPath, RawHttp.Frame([1, 2, 3], flag: 1), "application/grpc", headers);
        Assert.Equal((int)StatusCode.Internal, response.Status);
    }

    [Fact]
    public async Task Gzip_Bomb_ResourceExhausted()
    {
        await using var host = await EchoHost.StartAsync(grpc: options => options.MaxReceiveMessageSize = 1_000_000);
        using var raw = new RawHttp(host.Address);
        var bomb = Compress(new byte[100_000_000]);
        Assert.InRange(bomb.Length, 1, 999_999);
        var response = await raw.PostAsync(UnaryPath, RawHttp.Frame(bomb, flag: 1), headers: ("grpc-encoding", "gzip"));
        Assert.Equal((int)StatusCode.ResourceExhausted, response.Status);
    }

    [Fact]
    public async Task Gzip_Rubbish_EndsTheCallOnly()
    {
        await using var host = await EchoHost.StartAsync();
        using var raw = new RawHttp(host.Address);
        var response = await raw.PostAsync(UnaryPath, RawHttp.Frame([1, 2, 3, 4, 5, 6], flag: 1), headers: ("grpc-encoding", "gzip"));
        Assert.Contains(response.Status, new[] { (int)StatusCode.Internal, (int)StatusCode.Unknown });
        Assert.Equal("a", (await host.Client.UnaryAsync(new EchoRequest { Text = "a" }).ResponseAsync.Within()).Text);
    }

    internal static byte[] Compress(byte[] bytes)
    {
        using var compressed = new MemoryStream();
        using (var gzip = new GZipStream(compressed, CompressionLevel.SmallestSize)) gzip.Write(bytes);
        return compressed.ToArray();
    }

    private static byte[] Decompress(byte[] bytes)
    {
        using var plain = new MemoryStream();
        using var gzip = new GZipStream(new MemoryStream(bytes), CompressionMode.Decompress);
        gzip.CopyTo(plain);
        return plain.ToArray();
    }

    private static void Gzip(global::Grpc.AspNetCore.Server.GrpcServiceOptions options)
    {
        options.ResponseCompressionAlgorithm = "gzip";
        options.ResponseCompressionLevel = CompressionLevel.Fastest;
    }
}
