using Grpc.Core;
using RetentionScore.Interop.V1;

namespace RetentionScore.Interop.Client;

/// <summary>Headers there and back, and trailers.</summary>
internal sealed class MetadataCases(Target target)
{
    // No -bin key twice: HttpClient joins the values of a key with ", " and C-core drops a connection with that in a -bin header.
    private static readonly Metadata Echoed = new()
    {
        { "echo-text", "a b;c,d" }, { "echo-many", "1" }, { "echo-many", "2" }, { "echo-empty", "" }, { "echo-bytes-bin", Check.EveryByte },
        { "echo-one-bin", new byte[] { 0 } }, { "echo-two-bin", new byte[] { 255, 254 } },
    };

    private static readonly Metadata Trailed = new()
    {
        { "trail-text", "t" }, { "trail-many", "1" }, { "trail-many", "2" }, { "trail-bytes-bin", Check.EveryByte },
        { "trail-one-bin", new byte[] { 1 } },
    };

    private static Metadata All
    {
        get
        {
            var all = new Metadata();
            foreach (var entry in Echoed.Concat(Trailed)) all.Add(entry);
            return all;
        }
    }

    public async Task Metadata_Unary_BothWays()
    {
        using var call = target.Echo.UnaryAsync(new EchoRequest(), All, Target.Soon);
        Check.EqualMetadata(Echoed, await call.ResponseHeadersAsync, "headers");
        await call;
        Check.EqualMetadata(Trailed, call.GetTrailers(), "trailers");
    }

    public async Task Metadata_Duplex_BothWays()
    {
        using var call = target.Echo.Duplex(All, Target.Soon);
        await call.RequestStream.WriteAsync(new EchoRequest());
        await call.RequestStream.CompleteAsync();
        Check.Equal(1, (await call.ResponseStream.RestAsync()).Count);
        Check.EqualMetadata(Echoed, await call.ResponseHeadersAsync, "headers");
        Check.EqualMetadata(Trailed, call.GetTrailers(), "trailers");
    }

    public async Task Metadata_WithError_TrailersArrive()
    {
        var request = new EchoRequest { Failure = new Failure { Code = 9, Message = "no", Reason = "R" } };
        var error = await Check.FailsAsync(
            StatusCode.FailedPrecondition, () => target.Echo.UnaryAsync(request, Trailed, Target.Soon).ResponseAsync);
        Check.EqualMetadata(Trailed, error.Trailers, "trailers");
    }

    public async Task Metadata_6KiB()
    {
        var big = new Metadata { { "echo-big", new string('v', 6000) } };
        using var call = target.Echo.UnaryAsync(new EchoRequest(), big, Target.Soon);
        Check.EqualMetadata(big, await call.ResponseHeadersAsync, "headers");
    }
}
