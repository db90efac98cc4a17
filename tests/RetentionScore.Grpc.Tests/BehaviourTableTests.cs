using System.Text;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using RetentionScore.GrpcTest.V1;

namespace RetentionScore.Grpc.Tests;

/// <summary>
/// What the services and the client rely on, row by row. Public API only: this class runs against our stack and against the official packages.
/// </summary>
public sealed class BehaviourTableTests
{
    private const string DuplexPath = "/retentionscore.grpctest.v1.EchoService/Duplex";

    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(300);

    [Fact]
    public async Task Handler_ThrowsSomethingElse_Unknown()
    {
        await using var host = await EchoHost.StartAsync(handlers => handlers.Unary = (_, _) => throw new InvalidOperationException("secret"));
        var exception = await Assert.ThrowsAsync<RpcException>(() => host.Client.UnaryAsync(new EchoRequest()).ResponseAsync.Within());
        Assert.Equal(StatusCode.Unknown, exception.StatusCode);
        Assert.DoesNotContain("secret", exception.Status.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Request_IsRubbish_ThrownOutOfMoveNextAndUnknown()
    {
        Exception? thrown = null;
        await using var host = await EchoHost.StartAsync(handlers => handlers.Duplex = async (requests, _, _) =>
        {
            thrown = await Record.ExceptionAsync(() => requests.MoveNext());
            throw thrown!;
        });
        using var raw = new RawHttp(host.Address);
        var response = await raw.PostAsync(DuplexPath, RawHttp.Frame([0xFF, 0xFF, 0xFF, 0xFF]));
        Assert.IsType<InvalidProtocolBufferException>(thrown);
        Assert.Equal((int)StatusCode.Unknown, response.Status);
    }

    [Fact]
    public async Task Request_Truncated_Internal()
    {
        await using var host = await EchoHost.StartAsync();
        using var raw = new RawHttp(host.Address);
        var response = await raw.PostAsync(DuplexPath, RawHttp.Frame([1, 2, 3], length: 50));
        Assert.Equal((int)StatusCode.Internal, response.Status);
    }

    [Fact]
    public async Task Request_OverTheLimit_ResourceExhausted()
    {
        await using var host = await EchoHost.StartAsync(grpc: options => options.MaxReceiveMessageSize = 100);
        var request = new EchoRequest { Text = new string('x', 101) };
        var exception = await Assert.ThrowsAsync<RpcException>(() => host.Client.UnaryAsync(request).ResponseAsync.Within());
        Assert.Equal(StatusCode.ResourceExhausted, exception.StatusCode);
    }

    [Fact]
    public async Task ClientLeaves_MoveNextPending_IOExceptionAndWriteInvalid()
    {
        var ends = new TaskCompletionSource<(Exception? Read, Exception? Write, Exception? ReadAgain, bool Token)>();
        var reading = new TaskCompletionSource();
        await using var host = await EchoHost.StartAsync(handlers => handlers.Duplex = async (requests, responses, context) =>
        {
            await requests.MoveNext();
            var pending = requests.MoveNext();
            reading.SetResult();
            var read = await Record.ExceptionAsync(() => pending);
            await Waiting.UntilAsync(() => context.CancellationToken.IsCancellationRequested);
            var write = await Record.ExceptionAsync(() => responses.WriteAsync(new EchoResponse()));
            var readAgain = await Record.ExceptionAsync(() => requests.MoveNext());
            ends.SetResult((read, write, readAgain, context.CancellationToken.IsCancellationRequested));
        });
        using var call = host.Client.Duplex();
        await call.RequestStream.WriteAsync(new EchoRequest()).Within();
        await reading.Task.Within();
        call.Dispose();
        var (read, write, readAgain, token) = await ends.Task.Within();
        Assert.IsAssignableFrom<IOException>(read);
        Assert.IsType<InvalidOperationException>(write);
        Assert.IsType<InvalidOperationException>(readAgain);
        Assert.True(token);
    }

    [Fact]
    public async Task ClientMoveNext_ItsTokenCancelled_WholeCallCancelled()
    {
        var left = new TaskCompletionSource();
        await using var host = await EchoHost.StartAsync(handlers => handlers.Duplex = (_, _, context) => UntilLeftAsync(context, left));
        using var call = host.Client.Duplex();
        using var cancel = new CancellationTokenSource();
        var pending = call.ResponseStream.MoveNext(cancel.Token);
        await Task.Delay(Moment);
        await cancel.CancelAsync();
        var exception = await Assert.ThrowsAsync<RpcException>(() => pending.Within());
        Assert.Equal(StatusCode.Cancelled, exception.StatusCode);
        await left.Task.Within();
        Assert.Equal(StatusCode.Cancelled, call.GetStatus().StatusCode);
    }

    [Fact]
    public async Task ClientWrite_ItsTokenCancelled_WholeCallCancelled()
    {
        var left = new TaskCompletionSource();
        await using var host = await EchoHost.StartAsync(handlers => handlers.Duplex = (_, _, context) => UntilLeftAsync(context, left));
        using var call = host.Client.Duplex();
        await call.RequestStream.WriteAsync(new EchoRequest()).Within();
        using var cancel = new CancellationTokenSource();

        // The server does not read: this write waits for flow control.
        var pending = call.RequestStream.WriteAsync(new EchoRequest { Payload = ByteString.CopyFrom(new byte[3_900_000]) }, cancel.Token);
        await Task.Delay(Moment);
        Assert.False(pending.IsCompleted);
        await cancel.CancelAsync();
        var exception = await Assert.ThrowsAsync<RpcException>(() => pending.Within());
        Assert.Equal(StatusCode.Cancelled, exception.StatusCode);
        await left.Task.Within();
        await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext().Within());
    }

    [Fact]
    public async Task ClientWrites_TwoAtOnce_SecondIsInvalid()
    {
        var left = new TaskCompletionSource();
        await using var host = await EchoHost.StartAsync(handlers => handlers.Duplex = (_, _, context) => UntilLeftAsync(context, left));
        using var call = host.Client.Duplex();
        var first = call.RequestStream.WriteAsync(new EchoRequest { Payload = ByteString.CopyFrom(new byte[3_900_000]) });
        await Assert.ThrowsAsync<InvalidOperationException>(() => call.RequestStream.WriteAsync(new EchoRequest()).Within());
        await Assert.ThrowsAsync<InvalidOperationException>(() => call.RequestStream.CompleteAsync().Within());
        Assert.False(first.IsCompleted);
        call.Dispose();
        await Assert.ThrowsAsync<RpcException>(() => first.Within());
    }

    [Fact]
    public async Task ServerWrites_TwoAtOnce_SecondIsInvalidAndStreamStaysWhole()
    {
        var second = new TaskCompletionSource<Exception?>();
        await using var host = await EchoHost.StartAsync(handlers => handlers.ServerStream = async (_, responses, _) =>
        {
            var payload = ByteString.CopyFrom(new byte[3_900_000]);

            // The client does not read yet: this write waits for flow control.
            var first = responses.WriteAsync(new EchoResponse { Payload = payload });
            second.SetResult(await Record.ExceptionAsync(() => responses.WriteAsync(new EchoResponse { Count = 2 })));
            await first;
            await responses.WriteAsync(new EchoResponse { Count = 3 });
        });
        using var call = host.Client.ServerStream(new EchoRequest());
        Assert.IsType<InvalidOperationException>(await second.Task.Within());
        Assert.True(await call.ResponseStream.MoveNext().Within());
        Assert.Equal(3_900_000, call.ResponseStream.Current.Payload.Length);
        Assert.True(await call.ResponseStream.MoveNext().Within());
        Assert.Equal(3, call.ResponseStream.Current.Count);
        Assert.False(await call.ResponseStream.MoveNext().Within());
    }

    [Fact]
    public async Task ServerWrites_BufferHint_KeptUntilOneWithoutIt()
    {
        var go = new TaskCompletionSource();
        await using var host = await EchoHost.StartAsync(handlers => handlers.ServerStream = async (_, responses, _) =>
        {
            await responses.WriteAsync(new EchoResponse { Count = 0 });
            responses.WriteOptions = new WriteOptions(WriteFlags.BufferHint);
            await responses.WriteAsync(new EchoResponse { Count = 1 });
            await go.Task;
            responses.WriteOptions = null;
            await responses.WriteAsync(new EchoResponse { Count = 2 });
        });
        using var call = host.Client.ServerStream(new EchoRequest());
        Assert.True(await call.ResponseStream.MoveNext().Within());
        var next = call.ResponseStream.MoveNext();
        await Task.Delay(Moment);
        Assert.False(next.IsCompleted);
        go.SetResult();
        Assert.True(await next.Within());
        Assert.Equal(1, call.ResponseStream.Current.Count);
        Assert.True(await call.ResponseStream.MoveNext().Within());
        Assert.Equal(2, call.ResponseStream.Current.Count);
    }

    [Fact]
    public async Task ServerWrites_BufferHintToTheEnd_AllArrive()
    {
        await using var host = await EchoHost.StartAsync(handlers => handlers.ServerStream = async (_, responses, _) =>
        {
            responses.WriteOptions = new WriteOptions(WriteFlags.BufferHint);
            for (var i = 0; i < 10; i++) await responses.WriteAsync(new EchoResponse { Count = i });
        });
        using var call = host.Client.ServerStream(new EchoRequest());
        var count = 0;
        await foreach (var response in call.ResponseStream.ReadAllAsync()) Assert.Equal(count++, response.Count);
        Assert.Equal(10, count);
    }

    [Fact]
    public async Task ServerWrites_BufferHint_NoBackPressure()
    {
        var isComplete = new TaskCompletionSource<bool>();
        await using var host = await EchoHost.StartAsync(handlers => handlers.ServerStream = async (_, responses, _) =>
        {
            await responses.WriteAsync(new EchoResponse());
            responses.WriteOptions = new WriteOptions(WriteFlags.BufferHint);
            var writes = Enumerable.Range(0, 64).Select(_ => responses.WriteAsync(new EchoResponse { Payload = ByteString.CopyFrom(new byte[64 * 1024]) }));
            isComplete.SetResult(writes.All(write => write.IsCompletedSuccessfully));
            await Task.Yield();
        });
        using var call = host.Client.ServerStream(new EchoRequest());
        Assert.True(await isComplete.Task.Within());
    }

    [Fact]
    public async Task ClientWrites_BufferHint_SentAtOnceAllTheSame()
    {
        await using var host = await EchoHost.StartAsync();
        using var call = host.Client.Duplex();
        call.RequestStream.WriteOptions = new WriteOptions(WriteFlags.BufferHint);
        await call.RequestStream.WriteAsync(new EchoRequest { Count = 5 }).Within();
        Assert.True(await call.ResponseStream.MoveNext().Within());
        Assert.Equal(5, call.ResponseStream.Current.Count);
    }

    [Fact]
    public async Task StreamingHandler_RequestsStopForSecondsAndGrow_LimitsAreLifted()
    {
        await using var host = await EchoHost.StartAsync(kestrel: options =>
        {
            options.Limits.MinRequestBodyDataRate = new MinDataRate(10_000, TimeSpan.FromSeconds(1.1));
            options.Limits.MaxRequestBodySize = 1000;
        });
        using var call = host.Client.Duplex();
        for (var i = 0; i < 3; i++)
        {
            await call.RequestStream.WriteAsync(new EchoRequest { Count = i, Payload = ByteString.CopyFrom(new byte[900]) }).Within();
            Assert.True(await call.ResponseStream.MoveNext().Within());
            if (i < 2) await Task.Delay(TimeSpan.FromSeconds(2.5));
        }
    }

    [Fact]
    public async Task ResponseHeaders_NothingWritten_SentWithTheFirstMessage()
    {
        var go = new TaskCompletionSource();
        await using var host = await EchoHost.StartAsync(handlers => handlers.Duplex = async (_, responses, _) =>
        {
            await go.Task;
            await responses.WriteAsync(new EchoResponse());
        });
        using var call = host.Client.Duplex();
        await Task.Delay(Moment);
        Assert.False(call.ResponseHeadersAsync.IsCompleted);
        go.SetResult();
        await call.ResponseHeadersAsync.Within();
    }

    [Fact]
    public async Task ResponseHeaders_WrittenByHandler_SentAtOnceAndOnlyOnce()
    {
        var go = new TaskCompletionSource();
        Exception? again = null;
        await using var host = await EchoHost.StartAsync(handlers => handlers.Duplex = async (_, _, context) =>
        {
            await context.WriteResponseHeadersAsync(new Metadata { { "early", "yes" } });
            again = await Record.ExceptionAsync(() => context.WriteResponseHeadersAsync([]));
            await go.Task;
        });
        using var call = host.Client.Duplex();
        Assert.Equal("yes", (await call.ResponseHeadersAsync.Within()).GetValue("early"));
        go.SetResult();
        Assert.False(await call.ResponseStream.MoveNext().Within());
        Assert.IsType<InvalidOperationException>(again);
    }

    [Fact]
    public async Task StreamsPerConnection_LimitReached_NextWaitsOnOneConnectionAndOpensAnotherByDefault()
    {
        await using var host = await EchoHost.StartAsync(kestrel: options => options.Limits.Http2.MaxStreamsPerConnection = 2);
        using var handler = new SocketsHttpHandler { EnableMultipleHttp2Connections = false };
        using var one = GrpcChannel.ForAddress(host.Address, new GrpcChannelOptions { HttpHandler = handler });
        var client = new EchoService.EchoServiceClient(one);
        using var first = client.Duplex();
        await EchoOnceAsync(first).Within();
        using var second = client.Duplex();
        await EchoOnceAsync(second).Within();
        using var third = client.Duplex();
        var waits = EchoOnceAsync(third);
        await Task.Delay(Moment);
        Assert.False(waits.IsCompleted);
        await first.RequestStream.CompleteAsync().Within();
        Assert.False(await first.ResponseStream.MoveNext().Within());
        await waits.Within();

        // The client knows the limit once it has the server's settings, that is after the first call.
        var calls = new List<AsyncDuplexStreamingCall<EchoRequest, EchoResponse>>();
        for (var i = 0; i < 5; i++)
        {
            calls.Add(host.Client.Duplex());
            await EchoOnceAsync(calls[^1]).Within();
        }

        calls.ForEach(call => call.Dispose());
    }

    [Fact]
    public async Task Request_InvalidUtf8_ReplacedOrUnknown()
    {
        await using var host = await EchoHost.StartAsync();
        using var raw = new RawHttp(host.Address);
        var response = await raw.PostAsync(DuplexPath, RawHttp.Frame([0x0A, 2, 0xC3, 0x28]));
        if (response.Status == (int)StatusCode.Unknown) return;
        Assert.Equal(0, response.Status);
        Assert.Contains('\uFFFD', EchoResponse.Parser.ParseFrom(response.Body.AsSpan(5)).Text);
    }

    [Fact]
    public async Task Payload_BytesOfText_ArriveUnchanged()
    {
        await using var host = await EchoHost.StartAsync();
        const string text = "gr\u00fc\u00df \ud83d\ude00 \u0000 \u202e";
        var response = await host.Client.UnaryAsync(new EchoRequest { Text = text }).ResponseAsync.Within();
        Assert.Equal(Encoding.UTF8.GetBytes(text), Encoding.UTF8.GetBytes(response.Text));
    }

    private static async Task EchoOnceAsync(AsyncDuplexStreamingCall<EchoRequest, EchoResponse> call)
    {
        await call.RequestStream.WriteAsync(new EchoRequest());
        Assert.True(await call.ResponseStream.MoveNext());
    }

    private static async Task UntilLeftAsync(ServerCallContext context, TaskCompletionSource left)
    {
        await Waiting.UntilAsync(() => context.CancellationToken.IsCancellationRequested);
        left.TrySetResult();
    }
}
