using Grpc.Core;
using RetentionScore.GrpcTest.V1;

namespace RetentionScore.Grpc.Tests;

public sealed class MethodKindTests
{
    [Fact]
    public async Task Unary_Request_IsAnswered()
    {
        await using var host = await EchoHost.StartAsync();
        using var call = host.Client.UnaryAsync(new EchoRequest { Text = "hällo", Count = 7 });
        var response = await call.ResponseAsync.Within();
        Assert.Equal("hällo", response.Text);
        Assert.Equal(7, response.Count);
        Assert.Equal(StatusCode.OK, call.GetStatus().StatusCode);
        Assert.Empty(call.GetTrailers());
    }

    [Fact]
    public async Task Unary_Awaited_GivesTheResponse()
    {
        await using var host = await EchoHost.StartAsync();
        var response = await host.Client.UnaryAsync(new EchoRequest { Text = "a" });
        Assert.Equal("a", response.Text);
    }

    [Fact]
    public async Task BlockingUnary_Request_IsAnswered()
    {
        await using var host = await EchoHost.StartAsync();
        var response = await Task.Run(() => host.Client.Unary(new EchoRequest { Text = "b" })).Within();
        Assert.Equal("b", response.Text);
    }

    [Fact]
    public async Task Unary_EmptyMessages_AreFramesOfNoBytes()
    {
        await using var host = await EchoHost.StartAsync();
        Assert.Equal(new EchoResponse(), await host.Client.UnaryAsync(new EchoRequest()).ResponseAsync.Within());
    }

    [Fact]
    public async Task Unary_ThreeMegabytes_ArriveUnchanged()
    {
        await using var host = await EchoHost.StartAsync();
        var bytes = new byte[3_000_000];
        Random.Shared.NextBytes(bytes);
        var request = new EchoRequest { Payload = Google.Protobuf.ByteString.CopyFrom(bytes) };
        Assert.Equal(bytes, (await host.Client.UnaryAsync(request).ResponseAsync.Within()).Payload.ToByteArray());
    }

    [Fact]
    public async Task ClientStream_ManyRequests_OneResponse()
    {
        await using var host = await EchoHost.StartAsync();
        using var call = host.Client.ClientStream();
        foreach (var text in new[] { "a", "b", "c" }) await call.RequestStream.WriteAsync(new EchoRequest { Text = text }).Within();
        await call.RequestStream.CompleteAsync().Within();
        var sum = await call.ResponseAsync.Within();
        Assert.Equal("abc", sum.Text);
        Assert.Equal(3, sum.Count);
    }

    [Fact]
    public async Task ClientStream_NoRequests_StillAnswered()
    {
        await using var host = await EchoHost.StartAsync();
        using var call = host.Client.ClientStream();
        await call.RequestStream.CompleteAsync().Within();
        Assert.Equal(0, (await call.ResponseAsync.Within()).Count);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(1000)]
    public async Task ServerStream_Request_AllResponsesInOrder(int count)
    {
        await using var host = await EchoHost.StartAsync();
        using var call = host.Client.ServerStream(new EchoRequest { Count = count });
        var numbers = new List<int>();
        await foreach (var response in call.ResponseStream.ReadAllAsync()) numbers.Add(response.Count);
        Assert.Equal(Enumerable.Range(0, count), numbers);
        Assert.Equal(StatusCode.OK, call.GetStatus().StatusCode);
    }

    [Fact]
    public async Task Duplex_PingPong_EachAnsweredBeforeTheNextIsSent()
    {
        await using var host = await EchoHost.StartAsync();
        using var call = host.Client.Duplex();
        for (var i = 1; i <= 100; i++)
        {
            await call.RequestStream.WriteAsync(new EchoRequest { Count = i }).Within();
            Assert.True(await call.ResponseStream.MoveNext().Within());
            Assert.Equal(i, call.ResponseStream.Current.Count);
        }

        await call.RequestStream.CompleteAsync().Within();
        Assert.False(await call.ResponseStream.MoveNext().Within());
        Assert.False(await call.ResponseStream.MoveNext().Within());
        Assert.Equal(StatusCode.OK, call.GetStatus().StatusCode);
    }

    [Fact]
    public async Task Duplex_ServerEndsFirst_ClientSeesTheStatus()
    {
        await using var host = await EchoHost.StartAsync(handlers => handlers.Duplex = async (requests, responses, _) =>
        {
            await requests.MoveNext();
            await responses.WriteAsync(new EchoResponse { Text = "enough" });
        });
        using var call = host.Client.Duplex();
        await call.RequestStream.WriteAsync(new EchoRequest()).Within();
        Assert.True(await call.ResponseStream.MoveNext().Within());
        Assert.False(await call.ResponseStream.MoveNext().Within());
        var exception = await Assert.ThrowsAsync<RpcException>(() => call.RequestStream.WriteAsync(new EchoRequest()).Within());
        Assert.Equal(StatusCode.OK, exception.StatusCode);
    }

    [Fact]
    public async Task Duplex_ServerEndsWhileClientWrites_StatusIsTheServers()
    {
        await using var host = await EchoHost.StartAsync(handlers => handlers.Duplex = async (requests, responses, _) =>
        {
            await requests.MoveNext();
            await responses.WriteAsync(new EchoResponse());
            throw new RpcException(new Status(StatusCode.Aborted, "superseded"));
        });
        for (var round = 0; round < 20; round++)
        {
            using var call = host.Client.Duplex();
            Exception? failed = null;
            while (failed is null) failed = await Record.ExceptionAsync(() => call.RequestStream.WriteAsync(new EchoRequest { Count = round }).Within());
            Assert.True(await call.ResponseStream.MoveNext().Within());
            var exception = await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext().Within());
            Assert.Equal(new Status(StatusCode.Aborted, "superseded"), exception.Status);
            Assert.Equal(StatusCode.Aborted, call.GetStatus().StatusCode);
        }
    }

    [Fact]
    public async Task Duplex_ManyStreamsAtOnce_EachHasItsOwnAnswers()
    {
        await using var host = await EchoHost.StartAsync();
        await Task.WhenAll(Enumerable.Range(0, 150).Select(async stream =>
        {
            using var call = host.Client.Duplex();
            for (var i = 0; i < 20; i++)
            {
                await call.RequestStream.WriteAsync(new EchoRequest { Text = $"{stream}", Count = i });
                Assert.True(await call.ResponseStream.MoveNext());
                Assert.Equal($"{stream}", call.ResponseStream.Current.Text);
                Assert.Equal(i, call.ResponseStream.Current.Count);
            }

            await call.RequestStream.CompleteAsync();
            Assert.False(await call.ResponseStream.MoveNext());
        })).Within();
    }

    [Fact]
    public async Task Services_EachCall_HasAnObjectOfItsOwn()
    {
        await using var host = await EchoHost.StartAsync();
        for (var i = 0; i < 3; i++) await host.Client.UnaryAsync(new EchoRequest()).ResponseAsync.Within();
        Assert.Equal(3, host.Handlers.Activated.Distinct().Count());
    }

    [Fact]
    public async Task Context_InHandler_TellsMethodHostPeerAndHttpContext()
    {
        var seen = "";
        await using var host = await EchoHost.StartAsync(handlers => handlers.Unary = (request, context) =>
        {
            seen = $"{context.Method} {context.Host} {context.Peer[..15]} {context.GetHttpContext().Request.Protocol} {context.Deadline == DateTime.MaxValue} {context.Status.StatusCode}";
            return Task.FromResult(new EchoResponse());
        });
        await host.Client.UnaryAsync(new EchoRequest()).ResponseAsync.Within();
        Assert.Equal(
            $"/retentionscore.grpctest.v1.EchoService/Unary {host.Address.Authority} ipv4:127.0.0.1: HTTP/2 True OK", seen);
    }
}
