using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using RetentionScore.Interop.V1;

namespace RetentionScore.Interop.Client;

/// <summary>The four kinds of methods.</summary>
internal sealed class MethodCases(Target target)
{
    private static EchoRequest Numbered(int number) => new() { Payload = ByteString.CopyFromUtf8($"{number}") };

    public async Task Unary_Echoes()
    {
        var response = await target.Echo.UnaryAsync(new EchoRequest { Payload = ByteString.CopyFrom(Check.EveryByte) }, deadline: Target.Soon);
        Check.Equal(Check.EveryByte, response.Payload);
        Check.Equal(1u, response.Requests);
    }

    public Task Unary_Blocking()
    {
        Check.Equal("7", target.Echo.Unary(Numbered(7), deadline: Target.Soon).Payload.ToStringUtf8());
        return Task.CompletedTask;
    }

    public async Task Unary_EmptyMessages() =>
        Check.Equal(new SeenResponse(), await target.Echo.SeenAsync(new SeenRequest(), deadline: Target.Soon));

    public async Task ServerStream_InOrder()
    {
        using var call = target.Echo.ServerStream(new EchoRequest { Count = 500 }, deadline: Target.Soon);
        Check.Equal(Enumerable.Range(0, 500).Select(i => (uint)i), (await call.ResponseStream.RestAsync()).Select(response => response.Index));
        Check.Equal(StatusCode.OK, call.GetStatus().StatusCode);
    }

    public async Task ServerStream_None()
    {
        using var call = target.Echo.ServerStream(new EchoRequest(), deadline: Target.Soon);
        Check.Equal(0, (await call.ResponseStream.RestAsync()).Count);
    }

    public async Task ClientStream_CountsAll()
    {
        using var call = target.Echo.ClientStream(deadline: Target.Soon);
        for (var i = 0; i < 200; i++) await call.RequestStream.WriteAsync(new EchoRequest { Payload = ByteString.CopyFrom(new byte[i]) });
        await call.RequestStream.CompleteAsync();
        var response = await call;
        Check.Equal((200u, 19900ul), (response.Requests, response.RequestBytes));
    }

    public async Task ClientStream_None()
    {
        using var call = target.Echo.ClientStream(deadline: Target.Soon);
        await call.RequestStream.CompleteAsync();
        Check.Equal(0u, (await call).Requests);
    }

    public async Task Duplex_PingPong_1000()
    {
        using var call = target.Echo.Duplex(deadline: Target.Later);
        for (var i = 0; i < 1000; i++)
        {
            await call.RequestStream.WriteAsync(Numbered(i));
            var response = await call.ResponseStream.NextAsync();
            Check.Equal(($"{i}", (uint)i), (response.Payload.ToStringUtf8(), response.Index));
        }

        await call.RequestStream.CompleteAsync();
        Check.Equal(0, (await call.ResponseStream.RestAsync()).Count);
        Check.Equal(StatusCode.OK, call.GetStatus().StatusCode);
    }

    public async Task Duplex_AllAtOnce()
    {
        using var call = target.Echo.Duplex(deadline: Target.Later);
        var responses = call.ResponseStream.RestAsync();
        for (var i = 0; i < 1000; i++) await call.RequestStream.WriteAsync(Numbered(i));
        await call.RequestStream.CompleteAsync();
        Check.Equal(Enumerable.Range(0, 1000).Select(i => $"{i}"), (await responses).Select(response => response.Payload.ToStringUtf8()));
    }

    public async Task Duplex_HeadersBeforeFirstMessage()
    {
        using var call = target.Echo.Duplex(new Metadata { { "echo-early", "yes" } }, Target.Soon);
        Check.Equal("yes", (await call.ResponseHeadersAsync).GetValue("echo-early"));
        await call.RequestStream.CompleteAsync();
        Check.Equal(0, (await call.ResponseStream.RestAsync()).Count);
    }

    public async Task Unary_300AtOnce_oneConnection()
    {
        var calls = Enumerable.Range(0, 300).Select(async i =>
            (await target.Echo.UnaryAsync(new EchoRequest(Numbered(i)) { DelayMs = 20 }, deadline: Target.Later)).Payload.ToStringUtf8());
        Check.Equal(Enumerable.Range(0, 300).Select(i => $"{i}"), await Task.WhenAll(calls));
    }

    public async Task Duplex_150OpenTogether()
    {
        var opened = Enumerable.Range(0, 150).Select(_ => target.Echo.Duplex(deadline: Target.Later)).ToList();
        for (var i = 0; i < opened.Count; i++) await opened[i].RequestStream.WriteAsync(Numbered(i));

        // Every one is answered while all are open.
        for (var i = 0; i < opened.Count; i++) Check.Equal($"{i}", (await opened[i].ResponseStream.NextAsync()).Payload.ToStringUtf8());
        foreach (var call in opened)
        {
            await call.RequestStream.CompleteAsync();
            Check.Equal(0, (await call.ResponseStream.RestAsync()).Count);
            call.Dispose();
        }
    }

    public async Task Unimplemented_Method() => await Check.FailsAsync(
        StatusCode.Unimplemented, () => target.Echo.MissingAsync(new EchoRequest(), deadline: Target.Soon).ResponseAsync);

    public async Task Unimplemented_Service()
    {
        var bytes = Marshallers.Create<byte[]>(message => message, message => message);
        var method = new Method<byte[], byte[]>(MethodType.DuplexStreaming, "no.such.Service", "Method", bytes, bytes);
        using var call = target.Invoker.AsyncDuplexStreamingCall(method, null, new CallOptions(deadline: Target.Soon));
        await Check.FailsAsync(StatusCode.Unimplemented, call.ResponseStream.RestAsync);
    }

    public static async Task NobodyListens_Unavailable()
    {
        using var channel = GrpcChannel.ForAddress("http://127.0.0.1:1");
        var echo = new InteropService.InteropServiceClient(channel);
        await Check.FailsAsync(StatusCode.Unavailable, () => echo.UnaryAsync(new EchoRequest(), deadline: Target.Soon).ResponseAsync);
    }
}
