using Grpc.Core;
using RetentionScore.GrpcTest.V1;

namespace RetentionScore.Grpc.Tests;

public sealed class CancellationTests
{
    [Fact]
    public async Task Token_CancelledDuringUnary_BothSidesAreTold()
    {
        var started = new TaskCompletionSource();
        var left = new TaskCompletionSource();
        await using var host = await EchoHost.StartAsync(handlers => handlers.Unary = async (_, context) =>
        {
            started.SetResult();
            await Waiting.UntilAsync(() => context.CancellationToken.IsCancellationRequested);
            left.SetResult();
            return new EchoResponse();
        });
        using var cancel = new CancellationTokenSource();
        using var call = host.Client.UnaryAsync(new EchoRequest(), cancellationToken: cancel.Token);
        await started.Task.Within();
        await cancel.CancelAsync();
        var exception = await Assert.ThrowsAsync<RpcException>(() => call.ResponseAsync.Within());
        Assert.Equal(StatusCode.Cancelled, exception.StatusCode);
        Assert.Equal(StatusCode.Cancelled, call.GetStatus().StatusCode);
        await left.Task.Within();
    }

    [Fact]
    public async Task Token_CancelledBefore_NothingIsSent()
    {
        await using var host = await EchoHost.StartAsync();
        using var call = host.Client.Duplex(cancellationToken: new CancellationToken(canceled: true));
        var exception = await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext().Within());
        Assert.Equal(StatusCode.Cancelled, exception.StatusCode);
        await Assert.ThrowsAsync<RpcException>(() => call.RequestStream.WriteAsync(new EchoRequest()).Within());
        Assert.Empty(host.Handlers.Activated);
    }

    [Fact]
    public async Task Dispose_DuringStream_ServerIsToldAndStatusIsCancelled()
    {
        var left = new TaskCompletionSource();
        await using var host = await EchoHost.StartAsync(handlers => handlers.Duplex = async (requests, responses, context) =>
        {
            await requests.MoveNext();
            await responses.WriteAsync(new EchoResponse());
            await Waiting.UntilAsync(() => context.CancellationToken.IsCancellationRequested);
            left.SetResult();
        });
        var call = host.Client.Duplex();
        await call.RequestStream.WriteAsync(new EchoRequest()).Within();
        Assert.True(await call.ResponseStream.MoveNext().Within());
        var pending = call.ResponseStream.MoveNext();
        call.Dispose();
        await left.Task.Within();
        Assert.Equal(StatusCode.Cancelled, (await Assert.ThrowsAsync<RpcException>(() => pending.Within())).StatusCode);
        Assert.Equal(StatusCode.Cancelled, call.GetStatus().StatusCode);
        Assert.Throws<InvalidOperationException>(() => call.GetTrailers());
    }

    [Fact]
    public async Task Dispose_AfterTheEnd_ChangesNothing()
    {
        await using var host = await EchoHost.StartAsync();
        var call = host.Client.UnaryAsync(new EchoRequest());
        await call.ResponseAsync.Within();
        call.Dispose();
        Assert.Equal(StatusCode.OK, call.GetStatus().StatusCode);
    }

    [Fact]
    public async Task CompleteThenDispose_AtOnce_ServerSeesTheEndOfTheStream()
    {
        var ends = new TaskCompletionSource<bool>();
        await using var host = await EchoHost.StartAsync(handlers => handlers.Duplex = async (requests, responses, _) =>
        {
            await responses.WriteAsync(new EchoResponse());
            try
            {
                while (await requests.MoveNext())
                {
                }

                ends.SetResult(true);
            }
            catch (IOException)
            {
                ends.SetResult(false);
            }
        });
        using var call = host.Client.Duplex();
        Assert.True(await call.ResponseStream.MoveNext().Within());
        await call.RequestStream.CompleteAsync().Within();
        Assert.False(await call.ResponseStream.MoveNext().Within());
        Assert.True(await ends.Task.Within());
    }

    [Fact]
    public async Task StatusAndTrailers_CallUnderWay_Invalid()
    {
        await using var host = await EchoHost.StartAsync();
        using var call = host.Client.Duplex();
        Assert.Throws<InvalidOperationException>(() => call.GetStatus());
        Assert.Throws<InvalidOperationException>(() => call.GetTrailers());
    }

    [Fact]
    public async Task Write_AfterComplete_Invalid()
    {
        await using var host = await EchoHost.StartAsync();
        using var call = host.Client.Duplex();
        await call.RequestStream.CompleteAsync().Within();
        await Assert.ThrowsAsync<InvalidOperationException>(() => call.RequestStream.WriteAsync(new EchoRequest()).Within());
    }

    [Fact]
    public async Task MoveNext_TwoAtOnceOnClient_SecondIsInvalid()
    {
        await using var host = await EchoHost.StartAsync();
        using var call = host.Client.Duplex();
        var first = call.ResponseStream.MoveNext();
        await Assert.ThrowsAsync<InvalidOperationException>(() => call.ResponseStream.MoveNext().Within());
        await call.RequestStream.WriteAsync(new EchoRequest()).Within();
        Assert.True(await first.Within());
    }

    [Fact]
    public async Task MoveNext_TokenCancelledOnServer_OnlyThatReadIsCancelled()
    {
        await using var host = await EchoHost.StartAsync(handlers => handlers.Duplex = async (requests, responses, _) =>
        {
            using var cancel = new CancellationTokenSource(100);
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => requests.MoveNext(cancel.Token));
            await responses.WriteAsync(new EchoResponse { Text = "cancelled" });
            Assert.True(await requests.MoveNext());
            await responses.WriteAsync(Echo.Of(requests.Current));
        });
        using var call = host.Client.Duplex();
        Assert.True(await call.ResponseStream.MoveNext().Within());
        await call.RequestStream.WriteAsync(new EchoRequest { Text = "still here" }).Within();
        Assert.True(await call.ResponseStream.MoveNext().Within());
        Assert.Equal("still here", call.ResponseStream.Current.Text);
    }

    [Fact]
    public async Task Channel_Disposed_CallsEndAndNewOnesThrow()
    {
        await using var host = await EchoHost.StartAsync();
        using var call = host.Client.Duplex();
        var pending = call.ResponseStream.MoveNext();
        host.Channel.Dispose();
        Assert.Equal(StatusCode.Cancelled, (await Assert.ThrowsAsync<RpcException>(() => pending.Within())).StatusCode);
        Assert.Throws<ObjectDisposedException>(() => host.Client.Duplex());
    }
}
