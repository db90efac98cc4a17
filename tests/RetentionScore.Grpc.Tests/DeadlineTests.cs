using System.Diagnostics;
using Google.Protobuf;
using Grpc.Core;
using RetentionScore.GrpcTest.V1;

namespace RetentionScore.Grpc.Tests;

public sealed class DeadlineTests
{
    private const string DuplexPath = "/retentionscore.grpctest.v1.EchoService/Duplex";

    [Fact]
    public async Task Deadline_Passes_BothSidesAreTold()
    {
        var cancelled = new TaskCompletionSource<DateTime>();
        await using var host = await EchoHost.StartAsync(handlers => handlers.Unary = async (_, context) =>
        {
            try
            {
                await Task.Delay(Timeout.Infinite, context.CancellationToken);
            }
            finally
            {
                cancelled.SetResult(context.Deadline);
            }

            return new EchoResponse();
        });
        var deadline = DateTime.UtcNow.AddMilliseconds(1500);
        using var call = host.Client.UnaryAsync(new EchoRequest(), deadline: deadline);
        var exception = await Assert.ThrowsAsync<RpcException>(() => call.ResponseAsync.Within());
        Assert.Equal(StatusCode.DeadlineExceeded, exception.StatusCode);
        Assert.Equal(StatusCode.DeadlineExceeded, call.GetStatus().StatusCode);
        Assert.InRange((await cancelled.Task.Within() - deadline).TotalMilliseconds, -50, 1000);
    }

    [Fact]
    public async Task Deadline_PassesOnServer_TrailersSayDeadlineExceededAndStreamEnds()
    {
        var token = new TaskCompletionSource();
        var write = new TaskCompletionSource<Exception?>();
        await using var host = await EchoHost.StartAsync(handlers => handlers.Duplex = async (_, responses, context) =>
        {
            await responses.WriteAsync(new EchoResponse());
            context.CancellationToken.Register(() => token.SetResult());
            await token.Task;
            write.SetResult(await Record.ExceptionAsync(() => responses.WriteAsync(new EchoResponse())));
        });
        using var raw = new RawHttp(host.Address);
        var started = Stopwatch.GetTimestamp();
        var response = await raw.PostAsync(DuplexPath, RawHttp.Frame([]), headers: ("grpc-timeout", "300m"));
        Assert.True(response.HasTrailers);
        Assert.Equal((int)StatusCode.DeadlineExceeded, response.Status);
        Assert.InRange(Stopwatch.GetElapsedTime(started).TotalMilliseconds, 250, 5000);
        await token.Task.Within();
        Assert.NotNull(await write.Task.Within());
    }

    [Fact]
    public async Task Deadline_PassesBeforeAnyResponse_TrailersOnly()
    {
        await using var host = await EchoHost.StartAsync(handlers => handlers.Duplex = async (_, _, context) =>
            await Waiting.UntilAsync(() => context.CancellationToken.IsCancellationRequested));
        using var raw = new RawHttp(host.Address);
        var response = await raw.PostAsync(DuplexPath, RawHttp.Frame([]), headers: ("grpc-timeout", "200m"));
        Assert.Equal((int)StatusCode.DeadlineExceeded, response.Status);
        Assert.Empty(response.Body);
    }

    [Fact]
    public async Task Deadline_PassesWhileClientDoesNotRead_HandlerIsFreed()
    {
        var freed = new TaskCompletionSource();
        await using var host = await EchoHost.StartAsync(handlers => handlers.ServerStream = async (_, responses, context) =>
        {
            context.CancellationToken.Register(() => freed.SetResult());
            await responses.WriteAsync(new EchoResponse { Payload = ByteString.CopyFrom(new byte[3_900_000]) });
            await freed.Task;
        });
        using var call = host.Client.ServerStream(new EchoRequest(), deadline: DateTime.UtcNow.AddMilliseconds(1500));
        await freed.Task.Within();
        var exception = await Assert.ThrowsAsync<RpcException>(async () =>
        {
            while (await call.ResponseStream.MoveNext().Within())
            {
            }
        });
        Assert.True(exception.StatusCode == StatusCode.DeadlineExceeded, exception.ToString());
    }

    [Fact]
    public async Task Deadline_PassesWhileHandlerWaitsForRequestsOnly_HandlerIsFreed()
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

    [Fact]
    public async Task Deadline_PassedAlready_NothingIsSent()
    {
        await using var host = await EchoHost.StartAsync();
        using var call = host.Client.UnaryAsync(new EchoRequest(), deadline: DateTime.UtcNow.AddSeconds(-1));
        var exception = await Assert.ThrowsAsync<RpcException>(() => call.ResponseAsync.Within());
        Assert.Equal(StatusCode.DeadlineExceeded, exception.StatusCode);
        Assert.Empty(host.Handlers.Activated);
    }

    [Fact]
    public async Task Deadline_FarAway_HandlerSeesItAndCallEndsWell()
    {
        var seen = DateTime.MinValue;
        await using var host = await EchoHost.StartAsync(handlers => handlers.Unary = (_, context) =>
        {
            seen = context.Deadline;
            return Task.FromResult(new EchoResponse());
        });
        var deadline = DateTime.UtcNow.AddDays(400);
        await host.Client.UnaryAsync(new EchoRequest(), deadline: deadline).ResponseAsync.Within();
        Assert.InRange((seen - deadline).TotalSeconds, -5, 70);
    }

    [Fact]
    public async Task Deadline_NotUtc_Invalid()
    {
        await using var host = await EchoHost.StartAsync();
        Assert.Throws<InvalidOperationException>(() => host.Client.UnaryAsync(new EchoRequest(), deadline: DateTime.Now.AddDays(1)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("5")]
    [InlineData("123456789S")]
    [InlineData("-1S")]
    [InlineData("1x")]
    [InlineData("S")]
    public async Task GrpcTimeout_Malformed_IsIgnored(string value)
    {
        await using var host = await EchoHost.StartAsync();
        using var raw = new RawHttp(host.Address);
        Assert.Equal(0, (await raw.PostAsync(DuplexPath, RawHttp.Frame([]), headers: ("grpc-timeout", value))).Status);
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
