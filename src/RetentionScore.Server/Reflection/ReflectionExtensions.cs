using Described = Google.Protobuf.Reflection.ServiceDescriptor;
using ReflectionV1 = Grpc.Reflection.V1;
using ReflectionV1Alpha = Grpc.Reflection.V1Alpha;

namespace RetentionScore.Server.Reflection;

/// <summary>Registers server reflection.</summary>
public static class ReflectionExtensions
{
    /// <summary>
    /// Adds the descriptors of these services and of reflection itself. They are named, not found among the mapped endpoints: a service that is
    /// bound by hand carries no descriptor.
    /// </summary>
    public static IServiceCollection AddReflection(this IServiceCollection services, params IEnumerable<Described> described) =>
        services.AddSingleton(new ReflectionAnswers(new DescriptorIndex(
            [.. described, ReflectionV1.ServerReflection.Descriptor, ReflectionV1Alpha.ServerReflection.Descriptor])));

    /// <summary>Maps grpc.reflection.v1 and v1alpha.</summary>
    public static void MapReflection(this IEndpointRouteBuilder app)
    {
        app.MapGrpcService<ReflectionService>();
        app.MapGrpcService<ReflectionV1AlphaService>();
    }
}
