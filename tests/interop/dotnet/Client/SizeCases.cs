using Google.Protobuf;
using Grpc.Core;
using RetentionScore.Interop.V1;

namespace RetentionScore.Interop.Client;

/// <summary>The limit of 4 MiB a message, and much data in many messages.</summary>
internal sealed class SizeCases(Target target)
{
    private const int MiB = 1024 * 1024;
    private const int Limit = 4 * MiB;

    public async Task Size_RequestAtLimit() => Check.Equal((ulong)(Limit - 7), (await SendMessageOfAsync(Limit)).RequestBytes);

    public async Task Size_RequestOverLimit() =>
        await Check.FailsAsync(StatusCode.ResourceExhausted, () => SendMessageOfAsync(Limit + 1));

    public async Task Size_ResponseUnderLimit() => Check.Equal(Limit - 100, (await RespondAsync(Limit - 100)).Payload.Length);

    public async Task Size_ResponseOverLimit() => await Check.FailsAsync(StatusCode.ResourceExhausted, () => RespondAsync(Limit));

    public async Task Size_64MiBInAStream()
    {
        using var call = target.Echo.ServerStream(new EchoRequest { ResponseBytes = MiB, Count = 64 }, deadline: Target.Later);
        Check.Equal(64L * MiB, (await call.ResponseStream.RestAsync()).Sum(response => (long)response.Payload.Length));
    }

    public async Task Size_32MiBOfRequests()
    {
        using var call = target.Echo.Duplex(deadline: Target.Later);
        var responses = call.ResponseStream.RestAsync();
        var request = new EchoRequest { Payload = ByteString.CopyFrom(new byte[MiB]), ResponseBytes = 1 };
        for (var i = 0; i < 32; i++) await call.RequestStream.WriteAsync(request);
        await call.RequestStream.CompleteAsync();
        Check.Equal(32ul * MiB, (await responses)[^1].RequestBytes);
    }

    // A payload of n bytes with a length of four bytes, and response_bytes: n + 7. Only the request is large.
    private async Task<EchoResponse> SendMessageOfAsync(int bytes)
    {
        var request = new EchoRequest { Payload = ByteString.CopyFrom(new byte[bytes - 7]), ResponseBytes = 1 };
        Check.Equal(bytes, request.CalculateSize(), "the message's size");
        return await target.Echo.UnaryAsync(request, deadline: Target.Soon);
    }

    private Task<EchoResponse> RespondAsync(int bytes) =>
        target.Echo.UnaryAsync(new EchoRequest { ResponseBytes = (uint)bytes }, deadline: Target.Soon).ResponseAsync;
}
