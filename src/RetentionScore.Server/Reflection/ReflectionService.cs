using Grpc.Core;
using Grpc.Reflection.V1;

namespace RetentionScore.Server.Reflection;

/// <summary>grpc.reflection.v1: tools such as grpcurl ask it what this server can be called with.</summary>
internal sealed class ReflectionService(ReflectionAnswers answers) : ServerReflection.ServerReflectionBase
{
    /// <summary>One answer to each question, in their order.</summary>
    public override async Task ServerReflectionInfo(
        IAsyncStreamReader<ServerReflectionRequest> requestStream,
        IServerStreamWriter<ServerReflectionResponse> responseStream,
        ServerCallContext context)
    {
        try
        {
            while (await requestStream.MoveNext()) await responseStream.WriteAsync(answers.To(requestStream.Current));
        }
        catch (Exception) when (context.CancellationToken.IsCancellationRequested)
        {
            // The client left: whatever was thrown says only that.
        }
    }
}
