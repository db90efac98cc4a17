using Google.Protobuf;
using Grpc.Core;
using RetentionScore.V1;

namespace RetentionScore.LoadTests.Servers;

/// <summary>What every message goes through anyway: taken off the wire by the generated classes and sent back as it came.</summary>
internal sealed class EchoService : EchoServiceBase
{
    public override async Task Echo(
        IAsyncStreamReader<ScoreCallRequest> requestStream, IServerStreamWriter<ScoreCallRequest> responseStream, ServerCallContext context)
    {
        while (await requestStream.MoveNext(CancellationToken.None)) await responseStream.WriteAsync(requestStream.Current);
    }
}

/// <summary>Binds it, as generated code would.</summary>
[BindServiceMethod(typeof(EchoServiceBase), nameof(BindService))]
internal abstract class EchoServiceBase
{
    internal const string Path = "/retentionscore.load.Echo/Echo";

    private static readonly Marshaller<ScoreCallRequest> Messages = Marshallers.Create(
        (message, context) =>
        {
            context.SetPayloadLength(message.CalculateSize());
            message.WriteTo(context.GetBufferWriter());
            context.Complete();
        },
        context => ScoreCallRequest.Parser.ParseFrom(context.PayloadAsReadOnlySequence()));

    private static readonly Method<ScoreCallRequest, ScoreCallRequest> EchoMethod = new(
        MethodType.DuplexStreaming, "retentionscore.load.Echo", nameof(Echo), Messages, Messages);

    /// <summary>Adds the method to a binder; the stacks call it without a service.</summary>
    public static void BindService(ServiceBinderBase binder, EchoServiceBase? service) =>
        binder.AddMethod(EchoMethod, service is null ? null : new DuplexStreamingServerMethod<ScoreCallRequest, ScoreCallRequest>(service.Echo));

    /// <summary>Every message back.</summary>
    public abstract Task Echo(
        IAsyncStreamReader<ScoreCallRequest> requestStream, IServerStreamWriter<ScoreCallRequest> responseStream, ServerCallContext context);
}
