using Google.Protobuf;
using Google.Protobuf.Reflection;
using Grpc.Core;
using Grpc.Reflection.V1;
using RetentionScore.Interop.V1;
using V1Alpha = Grpc.Reflection.V1Alpha;

namespace RetentionScore.Interop.Client;

/// <summary>Server reflection in both versions: lists services, fetches descriptors.</summary>
internal sealed class ReflectionCases(Target target)
{
    public Task Reflection_V1() => ReflectionAsync(async request =>
    {
        using var call = target.Reflection.ServerReflectionInfo(deadline: Target.Soon);
        await call.RequestStream.WriteAsync(request);
        return await call.ResponseStream.NextAsync();
    });

    public Task Reflection_V1alpha() => ReflectionAsync(async request =>
    {
        using var call = target.ReflectionV1Alpha.ServerReflectionInfo(deadline: Target.Soon);
        await call.RequestStream.WriteAsync(V1Alpha.ServerReflectionRequest.Parser.ParseFrom(request.ToByteString()));
        return ServerReflectionResponse.Parser.ParseFrom((await call.ResponseStream.NextAsync()).ToByteString());
    });

    private static async Task ReflectionAsync(Func<ServerReflectionRequest, Task<ServerReflectionResponse>> ask)
    {
        var service = InteropService.Descriptor.FullName;
        var listed = (await ask(new ServerReflectionRequest { ListServices = "*" })).ListServicesResponse.Service.Select(s => s.Name).ToList();
        foreach (var wanted in new[] { service, "grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection" })
        {
            Check.That(listed.Contains(wanted, StringComparer.Ordinal), $"{wanted} is not in {string.Join(' ', listed)}");
        }

        var response = await ask(new ServerReflectionRequest { Host = "h", FileContainingSymbol = service });
        Check.Equal(("h", service), (response.ValidHost, response.OriginalRequest.FileContainingSymbol));
        var file = First(response);
        Check.Equal("retentionscore.interop.v1", file.Package);
        Check.That(file.Service[0].Method.Any(method => method is { Name: "Duplex", ClientStreaming: true, ServerStreaming: true }), "no Duplex");

        Check.Equal(file.Name, First(await ask(new ServerReflectionRequest { FileByFilename = file.Name })).Name);
        var missing = await ask(new ServerReflectionRequest { FileContainingSymbol = "no.such.Symbol" });
        Check.Equal((int)StatusCode.NotFound, missing.ErrorResponse.ErrorCode);
    }

    private static FileDescriptorProto First(ServerReflectionResponse response) =>
        FileDescriptorProto.Parser.ParseFrom(response.FileDescriptorResponse.FileDescriptorProto[0]);
}
