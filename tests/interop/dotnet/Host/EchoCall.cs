using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using Grpc.Core;
using RetentionScore.Interop.V1;
using GrpcStatus = Grpc.Core.Status;

namespace RetentionScore.Interop.Host;

/// <summary>One running call of the interop service: what was read of it so far, and how it answers.</summary>
internal sealed class EchoCall(ServerCallContext context)
{
    private uint index;
    private uint requests;
    private ulong requestBytes;

    /// <summary>What the client calls it; empty for no name.</summary>
    public string Name { get; private set; } = "";

    /// <summary>Sends the response headers; the trailers are ready for the end of the call.</summary>
    public async Task StartAsync()
    {
        Copy("trail-", context.ResponseTrailers);
        var headers = new Metadata();
        Copy("echo-", headers);
        await context.WriteResponseHeadersAsync(headers);
    }

    public void Read(EchoRequest request)
    {
        if (request.Call.Length > 0) Name = request.Call;
        requests++;
        requestBytes += (ulong)request.Payload.Length;
    }

    public async Task<EchoResponse> AnswerAsync(EchoRequest request)
    {
        await DelayAsync(request);
        Fail(request);
        return Respond(request);
    }

    public Task DelayAsync(EchoRequest request) => Task.Delay((int)request.DelayMs, context.CancellationToken);

    public EchoResponse Respond(EchoRequest request) => new()
    {
        Payload = request.ResponseBytes > 0 ? Compressible((int)request.ResponseBytes) : request.Payload,
        Index = index++,
        Requests = requests,
        RequestBytes = requestBytes,
    };

    public static void Fail(EchoRequest request)
    {
        if (request.Failure is not { } failure) return;
        var trailers = new Metadata();
        if (failure.Reason.Length > 0)
        {
            // This package's name for field 1, which everyone else calls reason.
            var info = new ErrorInfo { Type = failure.Reason, Domain = "interop", Metadata = { { "limit", "7" } } };
            var details = new Google.Rpc.Status { Code = failure.Code, Message = failure.Message, Details = { Any.Pack(info) } };
            trailers.Add("grpc-status-details-bin", details.ToByteArray());
        }

        throw new RpcException(new GrpcStatus((StatusCode)failure.Code, failure.Message), trailers);
    }

    private static ByteString Compressible(int length)
    {
        var bytes = new byte[length];
        Array.Fill(bytes, (byte)'x');
        return UnsafeByteOperations.UnsafeWrap(bytes);
    }

    private void Copy(string prefix, Metadata to)
    {
        foreach (var entry in context.RequestHeaders)
        {
            if (entry.Key.StartsWith(prefix, StringComparison.Ordinal)) to.Add(entry);
        }
    }
}
