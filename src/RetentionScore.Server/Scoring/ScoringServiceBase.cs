using Google.Protobuf;
using Grpc.Core;
using RetentionScore.Server.Scoring.Wire;

namespace RetentionScore.Server.Scoring;

/// <summary>
/// retentionscore.v1.ScoringService bound by hand, in place of the generated base: ScoreCall and ScoreCalls read frames and write bytes, the other methods take
/// the generated messages. Both stacks find it by the attribute, and its methods by their names. No state.
/// </summary>
[BindServiceMethod(typeof(ScoringServiceBase), nameof(BindService))]
internal abstract class ScoringServiceBase
{
    private static readonly string Name = V1.ScoringService.Descriptor.FullName;

    private static readonly Method<CallFrame, CallAnswer> ScoreCallMethod = new(
        MethodType.DuplexStreaming,
        Name,
        nameof(ScoreCall),
        Marshallers.Create<CallFrame>((_, _) => throw ClientSide(), context => CallFrame.Read(context.PayloadAsReadOnlySequence())),
        Marshallers.Create<CallAnswer>(CallAnswer.Write, _ => throw ClientSide()));

    private static readonly Method<TrunkRequest, CallAnswer> ScoreCallsMethod = new(
        MethodType.DuplexStreaming,
        Name,
        nameof(ScoreCalls),
        Marshallers.Create<TrunkRequest>((_, _) => throw ClientSide(), context => TrunkRequest.Read(context.PayloadAsReadOnlySequence())),
        Marshallers.Create<CallAnswer>(CallAnswer.Write, _ => throw ClientSide()));

    private static readonly Method<V1.ScoreTranscriptRequest, V1.ScoreTranscriptResponse> ScoreTranscriptMethod = new(
        MethodType.ServerStreaming, Name, nameof(ScoreTranscript), Of(V1.ScoreTranscriptRequest.Parser), Of(V1.ScoreTranscriptResponse.Parser));

    private static readonly Method<V1.GetServerInfoRequest, V1.GetServerInfoResponse> GetServerInfoMethod = new(
        MethodType.Unary, Name, nameof(GetServerInfo), Of(V1.GetServerInfoRequest.Parser), Of(V1.GetServerInfoResponse.Parser));

    /// <summary>Adds the methods to a binder; the stacks call it without a service.</summary>
    public static void BindService(ServiceBinderBase binder, ScoringServiceBase? service)
    {
        binder.AddMethod(ScoreCallMethod, service is null ? null : new DuplexStreamingServerMethod<CallFrame, CallAnswer>(service.ScoreCall));
        binder.AddMethod(
            ScoreCallsMethod, service is null ? null : new DuplexStreamingServerMethod<TrunkRequest, CallAnswer>(service.ScoreCalls));
        binder.AddMethod(
            ScoreTranscriptMethod,
            service is null ? null : new ServerStreamingServerMethod<V1.ScoreTranscriptRequest, V1.ScoreTranscriptResponse>(service.ScoreTranscript));
        binder.AddMethod(
            GetServerInfoMethod, service is null ? null : new UnaryServerMethod<V1.GetServerInfoRequest, V1.GetServerInfoResponse>(service.GetServerInfo));
    }

    /// <summary>One call on one stream.</summary>
    public virtual Task ScoreCall(IAsyncStreamReader<CallFrame> requestStream, IServerStreamWriter<CallAnswer> responseStream, ServerCallContext context) =>
        throw Unimplemented();

    /// <summary>Many calls on one stream.</summary>
    public virtual Task ScoreCalls(
        IAsyncStreamReader<TrunkRequest> requestStream, IServerStreamWriter<CallAnswer> responseStream, ServerCallContext context) =>
        throw Unimplemented();

    /// <summary>A whole transcript at once.</summary>
    public virtual Task ScoreTranscript(
        V1.ScoreTranscriptRequest request, IServerStreamWriter<V1.ScoreTranscriptResponse> responseStream, ServerCallContext context) =>
        throw Unimplemented();

    /// <summary>What this server can do.</summary>
    public virtual Task<V1.GetServerInfoResponse> GetServerInfo(V1.GetServerInfoRequest request, ServerCallContext context) => throw Unimplemented();

    private static Marshaller<T> Of<T>(MessageParser<T> parser)
        where T : IMessage<T> => Marshallers.Create(Write, context => Parse(parser, context));

    /// <summary>Before a handler is called nobody but the stack sees what a deserializer throws, and it would say UNKNOWN of it.</summary>
    private static T Parse<T>(MessageParser<T> parser, DeserializationContext context)
        where T : IMessage<T>
    {
        try
        {
            return parser.ParseFrom(context.PayloadAsReadOnlySequence());
        }
        catch (Exception exception) when (exception is InvalidProtocolBufferException or InvalidOperationException or IndexOutOfRangeException)
        {
            // The runtime throws all three of malformed bytes.
            throw ScoringServiceEndpoint.NoMessage.ToException();
        }
    }

    private static void Write<T>(T message, SerializationContext context)
        where T : IMessage<T>
    {
        context.SetPayloadLength(message.CalculateSize());
        message.WriteTo(context.GetBufferWriter());
        context.Complete();
    }

    private static RpcException Unimplemented() => new(new Status(StatusCode.Unimplemented, ""));

    private static NotSupportedException ClientSide() => new("Frames and answers are the server's side of the contract.");
}
