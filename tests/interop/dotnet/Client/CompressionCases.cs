using Google.Protobuf;
using Grpc.Core;
using RetentionScore.Interop.V1;

namespace RetentionScore.Interop.Client;

/// <summary>gzip in both directions, seen by the bytes on the wire.</summary>
internal sealed class CompressionCases(Target target)
{
    private const int MiB = 1024 * 1024;

    // How Grpc.Net.Client is asked to compress what a call sends.
    private static readonly Metadata Gzip = new() { { "grpc-internal-encoding-request", "gzip" } };

    public async Task Gzip_Request()
    {
        var request = new EchoRequest { Payload = ByteString.CopyFrom(Enumerable.Repeat((byte)'x', MiB).ToArray()) };
        var (response, sent, received) = await CountingProxy.CountAsync(
            target.Port, client => client.UnaryAsync(request, Gzip, Target.Soon).ResponseAsync);
        Check.Equal(request.Payload, response.Payload);
        Check.InRange(sent, 1000, 50_000, "bytes sent");
        Check.InRange(received, MiB, MiB * 1.1, "bytes received from a server that answers uncompressed");
    }

    public async Task Gzip_Response()
    {
        var (response, _, received) = await CountingProxy.CountAsync(
            target.GzipPort, client => client.UnaryAsync(new EchoRequest { ResponseBytes = MiB }, deadline: Target.Soon).ResponseAsync);
        Check.That(response.Payload.Length == MiB && response.Payload.All(value => value == 'x'), "the payload is another");
        Check.InRange(received, 1000, 50_000, "bytes received");
    }

    public async Task Gzip_Duplex_BothWays()
    {
        var payloads = Enumerable.Range(10, 50).Select(i => ByteString.CopyFrom(Enumerable.Repeat((byte)i, 20_000).ToArray())).ToList();
        var (responses, sent, received) = await CountingProxy.CountAsync(target.GzipPort, async client =>
        {
            using var call = client.Duplex(Gzip, Target.Soon);
            var answers = call.ResponseStream.RestAsync();
            foreach (var payload in payloads) await call.RequestStream.WriteAsync(new EchoRequest { Payload = payload });
            await call.RequestStream.CompleteAsync();
            return await answers;
        });
        Check.Equal(payloads, responses.Select(response => response.Payload));
        Check.InRange(sent, 1000, 60_000, "bytes sent");
        Check.InRange(received, 1000, 60_000, "bytes received");
    }
}
