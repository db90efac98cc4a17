using System.Net;
using FsCheck;
using FsCheck.Fluent;
using Google.Protobuf;
using Grpc.Core;
using RetentionScore.GrpcTest.V1;

namespace RetentionScore.Grpc.Tests;

/// <summary>Broken bodies sent to a live server over HTTP/2: each call ends with a status, and the server goes on serving.</summary>
public sealed class BrokenBodyTests
{
    private const string Service = "/retentionscore.grpctest.v1.EchoService/";
    private static readonly string[] Methods = ["Unary", "ClientStream", "ServerStream", "Duplex"];
    private static readonly string?[] Encodings = [null, "identity", "gzip", "snappy", ""];

    [Fact]
    public async Task Post_RandomBodies_StatusEveryTimeAndServerLives()
    {
        await using var host = await EchoHost.StartAsync(grpc: options => options.MaxReceiveMessageSize = 1000);
        using var raw = new RawHttp(host.Address);
        foreach (var (body, method, encoding) in Gen.Sample(Bodies(), 300)) await EndsWithStatusAsync(raw, method, body, encoding);
        Assert.Equal("alive", (await host.Client.UnaryAsync(new EchoRequest { Text = "alive" }).ResponseAsync.Within()).Text);
    }

    [Fact]
    public async Task Post_BodyCutOffByTheClient_ServerLives()
    {
        await using var host = await EchoHost.StartAsync();
        using var http = new HttpClient();
        for (var i = 0; i < 30; i++)
        {
            using var cancel = new CancellationTokenSource();
            using var content = new CutOffContent(RawHttp.Frame(new byte[100], length: 10_000), cancel);
            using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(host.Address, Service + Methods[i % 4]))
            {
                Version = HttpVersion.Version20,
                VersionPolicy = HttpVersionPolicy.RequestVersionExact,
                Content = content,
            };
            content.Headers.ContentType = new("application/grpc");
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => http.SendAsync(request, cancel.Token).Within());
        }

        Assert.Equal("alive", (await host.Client.UnaryAsync(new EchoRequest { Text = "alive" }).ResponseAsync.Within()).Text);
    }

    private static async Task EndsWithStatusAsync(RawHttp raw, string method, byte[] body, string? encoding)
    {
        (string, string)[] headers = encoding is null ? [] : [("grpc-encoding", encoding)];
        var response = await raw.PostAsync(Service + method, body, "application/grpc", headers);
        Assert.Equal(HttpStatusCode.OK, response.Http);
        StatusCode[] expected = [StatusCode.OK, StatusCode.Internal, StatusCode.Unknown, StatusCode.ResourceExhausted, StatusCode.Unimplemented];
        Assert.Contains((StatusCode)response.Status, expected);
    }

    private static Gen<(byte[] Body, string Method, string? Encoding)> Bodies()
    {
        var bytes = ArbMap.Default.GeneratorFor<byte[]>();
        var flags = Gen.Elements<byte>(0, 0, 1, 1, 2, 255);
        var valid = bytes.Select(payload => new EchoRequest { Payload = ByteString.CopyFrom(payload), Count = 2 }.ToByteArray());
        var message = Gen.OneOf(bytes, valid, valid.Select(CompressionTests.Compress));
        var frame = from content in message from flag in flags select RawHttp.Frame(content, flag);
        var wrongLength = from content in message
                          from length in ArbMap.Default.GeneratorFor<uint>()
                          select RawHttp.Frame(content, length: length);
        var stream = Gen.OneOf(frame, frame, wrongLength, bytes).ListOf().Select(parts => parts.SelectMany(part => part).ToArray());
        return from body in stream from method in Gen.Elements(Methods) from encoding in Gen.Elements(Encodings) select (body, method, encoding);
    }

    /// <summary>Sends a beginning, then its client goes away.</summary>
    private sealed class CutOffContent(byte[] beginning, CancellationTokenSource cancel) : HttpContent
    {
        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            await stream.WriteAsync(beginning);
            await stream.FlushAsync();
            await Task.Delay(20);
            await cancel.CancelAsync();
            await Task.Delay(Timeout.Infinite, cancel.Token);
        }

        protected override bool TryComputeLength(out long length)
        {
            length = -1;
            return false;
        }
    }
}
