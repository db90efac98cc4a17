using Google.Rpc;
using Grpc.Core;
using RetentionScore.Interop.V1;

namespace RetentionScore.Interop.Client;

/// <summary>Statuses, messages and details of errors.</summary>
internal sealed class ErrorCases(Target target)
{
    public async Task Error_EveryCode()
    {
        for (var code = 1; code <= 16; code++)
        {
            var error = await FailAsync((StatusCode)code, new Failure { Code = code, Message = $"code {code}" });
            Check.Equal($"code {code}", error.Status.Detail);
        }
    }

    public async Task Error_Unary_Details()
    {
        var failure = Failing(8, "too many", "TOO_MANY");
        CheckDetails(failure, await FailAsync(StatusCode.ResourceExhausted, failure));
    }

    public async Task Error_ServerStream_AfterThree_details()
    {
        var failure = Failing(10, "broke off", "BROKE_OFF");
        using var call = target.Echo.ServerStream(new EchoRequest { Count = 3, Failure = failure }, deadline: Target.Soon);
        for (var i = 0u; i < 3; i++) Check.Equal(i, (await call.ResponseStream.NextAsync()).Index);
        CheckDetails(failure, await Check.FailsAsync(StatusCode.Aborted, call.ResponseStream.RestAsync));
    }

    public async Task Error_Duplex_AfterOne_details()
    {
        var failure = Failing(3, "bad", "BAD");
        using var call = target.Echo.Duplex(deadline: Target.Soon);
        await call.RequestStream.WriteAsync(new EchoRequest());
        await call.ResponseStream.NextAsync();
        await call.RequestStream.WriteAsync(new EchoRequest { Failure = failure });
        CheckDetails(failure, await Check.FailsAsync(StatusCode.InvalidArgument, call.ResponseStream.RestAsync));
    }

    public async Task Error_ClientStream_BeforeItsEnd()
    {
        var failure = Failing(11, "enough", "ENOUGH");
        using var call = target.Echo.ClientStream(deadline: Target.Soon);
        await call.RequestStream.WriteAsync(new EchoRequest());
        await call.RequestStream.WriteAsync(new EchoRequest { Failure = failure });
        // The client does not end its stream: the server need not wait for that.
        CheckDetails(failure, await Check.FailsAsync(StatusCode.OutOfRange, () => call.ResponseAsync));
    }

    public async Task Error_ClientStream_WhileMuchIsSent()
    {
        var failure = Failing(11, "enough", "ENOUGH");
        using var call = target.Echo.ClientStream(deadline: Target.Later);
        try
        {
            await call.RequestStream.WriteAsync(new EchoRequest { Failure = failure });
            var request = new EchoRequest { Payload = Google.Protobuf.ByteString.CopyFrom(new byte[1024 * 1024]) };
            for (var i = 0; i < 64; i++) await call.RequestStream.WriteAsync(request);
        }
        catch (RpcException)
        {
            // The write that found the call at its end. Why it ended is for the response to say.
        }

        CheckDetails(failure, await Check.FailsAsync(StatusCode.OutOfRange, () => call.ResponseAsync));
    }

    public async Task Error_Message_AnyText()
    {
        string[] texts =
        [
            "Größe 100 % — 日本語 🙂", "line\nline\ttab\rreturn", "%41 %zz %", "\"quoted\" \\ back", new string('x', 2000), "",
        ];
        foreach (var text in texts)
        {
            var failure = Failing(5, text, "TEXT");
            var error = await FailAsync(StatusCode.NotFound, failure);
            Check.Equal(text, error.Status.Detail);
            CheckDetails(failure, error);
        }
    }

    private static Failure Failing(int code, string message, string reason) => new() { Code = code, Message = message, Reason = reason };

    private Task<RpcException> FailAsync(StatusCode code, Failure failure) =>
        Check.FailsAsync(code, () => target.Echo.UnaryAsync(new EchoRequest { Failure = failure }, deadline: Target.Soon).ResponseAsync);

    private static void CheckDetails(Failure wanted, RpcException error)
    {
        var encoded = error.Trailers.GetAll("grpc-status-details-bin").ToList();
        Check.Equal(1, encoded.Count, "grpc-status-details-bin entries");
        var status = Google.Rpc.Status.Parser.ParseFrom(encoded[0].ValueBytes);
        Check.Equal((wanted.Code, wanted.Message), (status.Code, status.Message), "details");
        var info = status.Details.Single().Unpack<ErrorInfo>();
        // Type is this package's name for field 1, which everyone else calls reason.
        Check.Equal((wanted.Reason, "interop", "7"), (info.Type, info.Domain, info.Metadata["limit"]), "ErrorInfo");
    }
}
