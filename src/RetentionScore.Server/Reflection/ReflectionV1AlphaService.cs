using Google.Protobuf;
using Grpc.Core;
using Grpc.Reflection.V1Alpha;
using ReflectionV1 = Grpc.Reflection.V1;

namespace RetentionScore.Server.Reflection;

/// <summary>
/// grpc.reflection.v1alpha, which many tools still ask first. Its messages are those of v1 on the wire, so they are handed over as bytes.
/// </summary>
internal sealed class ReflectionV1AlphaService(ReflectionAnswers answers) : ServerReflection.ServerReflectionBase
{
    /// <summary>One answer to each question, in their order.</summary>
    public override async Task ServerReflectionInfo(
        IAsyncStreamReader<ServerReflectionRequest> requestStream,
        IServerStreamWriter<ServerReflectionResponse> responseStream,
        ServerCallContext context)
    {
        try
        {
            while (await requestStream.MoveNext()) await responseStream.WriteAsync(Answer(requestStream.Current));
        }
        catch (Exception) when (context.CancellationToken.IsCancellationRequested)
        {
            // The client left: whatever was thrown says only that.
        }
    }

    private ServerReflectionResponse Answer(ServerReflectionRequest request)
    {
        var answer = answers.To(ReflectionV1.ServerReflectionRequest.Parser.ParseFrom(request.ToByteString()));
        return ServerReflectionResponse.Parser.ParseFrom(answer.ToByteString());
    }
}
