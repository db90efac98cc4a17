using Google.Protobuf;
using Grpc.Net.Client;
using RetentionScore.Interop.V1;

namespace RetentionScore.Interop.Client;

/// <summary>A server that sends GOAWAY every 0.3 s, with all the time its calls need to end.</summary>
internal sealed class ConnectionCases(int agingPort)
{
    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(2);

    public async Task Goaway_NewCalls_GoToANewConnection()
    {
        using var channel = GrpcChannel.ForAddress($"http://127.0.0.1:{agingPort}");
        var echo = new InteropService.InteropServiceClient(channel);
        var end = DateTime.UtcNow + Duration;
        await Task.WhenAll(Enumerable.Range(0, 4).Select(async _ =>
        {
            for (uint i = 0; DateTime.UtcNow < end; i++)
            {
                var request = new EchoRequest { Payload = ByteString.CopyFromUtf8($"{i}"), DelayMs = i % 3 };
                Check.Equal(request.Payload, (await echo.UnaryAsync(request, deadline: Target.Soon)).Payload);
            }
        }));
    }

    public async Task Goaway_OpenStream_GoesOn()
    {
        using var channel = GrpcChannel.ForAddress($"http://127.0.0.1:{agingPort}");
        using var call = new InteropService.InteropServiceClient(channel).Duplex(deadline: Target.Soon);
        var end = DateTime.UtcNow + Duration;
        for (var i = 0; DateTime.UtcNow < end; i++)
        {
            await call.RequestStream.WriteAsync(new EchoRequest { Payload = ByteString.CopyFromUtf8($"{i}") });
            Check.Equal($"{i}", (await call.ResponseStream.NextAsync()).Payload.ToStringUtf8());
            await Task.Delay(20);
        }

        await call.RequestStream.CompleteAsync();
        Check.Equal(0, (await call.ResponseStream.RestAsync()).Count);
    }
}
