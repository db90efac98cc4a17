using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using RetentionScore.GrpcTest.V1;

namespace RetentionScore.Grpc.Tests.Internals;

/// <summary>Where the protocol leaves the choice, or the official packages choose otherwise: nothing else may rely on these.</summary>
public sealed class OwnChoiceTests
{
    private const string UnaryPath = "/retentionscore.grpctest.v1.EchoService/Unary";
    private const string DuplexPath = "/retentionscore.grpctest.v1.EchoService/Duplex";

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

    [Fact]
    public async Task BinaryHeader_SentTwice_BothValuesArrive()
    {
        Metadata? received = null;
        await using var host = await EchoHost.StartAsync(handlers => handlers.Unary = (request, context) =>
        {
            received = context.RequestHeaders;
            return Task.FromResult(Echo.Of(request));
        });
        await host.Client.UnaryAsync(new EchoRequest(), new Metadata { { "trace-bin", [9, 8] }, { "trace-bin", [1] } }).ResponseAsync.Within();
        Assert.Equal([[9, 8], [1]], received!.GetAll("trace-bin").Select(entry => entry.ValueBytes));
    }

    [Fact]
    public async Task BinaryHeader_Empty_Arrives()
    {
        await using var host = await EchoHost.StartAsync(handlers => handlers.Unary = async (request, context) =>
        {
            await context.WriteResponseHeadersAsync(new Metadata { { "empty-bin", [] } });
            return Echo.Of(request);
        });
        using var call = host.Client.UnaryAsync(new EchoRequest());
        Assert.Empty((await call.ResponseHeadersAsync.Within()).GetValueBytes("empty-bin")!);
    }

    [Fact]
    public async Task Host_OfTheClient_IsSent()
    {
        var seen = "";
        await using var host = await EchoHost.StartAsync(handlers => handlers.Unary = (request, context) =>
        {
            seen = context.Host;
            return Task.FromResult(Echo.Of(request));
        });
        await host.Client.WithHost("other").UnaryAsync(new EchoRequest()).ResponseAsync.Within();
        Assert.Equal("other", seen);
    }

    [Fact]
    public async Task Map_TypeIsNoService_Throws()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Services.AddGrpc();
        await using var app = builder.Build();
        Assert.Throws<InvalidOperationException>(() => app.MapGrpcService<string>());
    }

    [Fact]
    public async Task Deadline_PassesWhileRequestsAreOpen_TrailersArriveAndHandlerIsFreed()
    {
        var end = new TaskCompletionSource<Exception?>();
        await using var host = await EchoHost.StartAsync(handlers => handlers.Duplex = async (requests, responses, _) =>
        {
            await responses.WriteAsync(new EchoResponse());
            end.SetResult(await Record.ExceptionAsync(async () =>
            {
                while (await requests.MoveNext())
                {
                }
            }));
        });
        using var http = new HttpClient();
        using var request = RawHttp.Request(new Uri(host.Address, DuplexPath), [], "application/grpc", ("grpc-timeout", "300m"));
        request.Content = new EndlessContent { Headers = { ContentType = new("application/grpc") } };
        using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead).Within();
        await response.Content.ReadAsByteArrayAsync().Within();
        Assert.Equal("4", Assert.Single(response.TrailingHeaders.GetValues("grpc-status")));
        Assert.NotNull(await end.Task.Within());
    }

    /// <summary>Sends nothing, and does not end by itself.</summary>
    private sealed class EndlessContent : HttpContent
    {
        protected override async Task SerializeToStreamAsync(Stream stream, System.Net.TransportContext? context, CancellationToken cancellationToken)
        {
            await stream.FlushAsync(cancellationToken);
            await Task.Delay(Timeout.Infinite, cancellationToken);
        }

        protected override Task SerializeToStreamAsync(Stream stream, System.Net.TransportContext? context) =>
            SerializeToStreamAsync(stream, context, CancellationToken.None);

        protected override bool TryComputeLength(out long length)
        {
            length = -1;
            return false;
        }
    }
}
