using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Grpc.AspNetCore.Server;

/// <summary>The binder that makes an endpoint of each method of a service.</summary>
internal sealed class ServiceEndpoints<TService>(IEndpointRouteBuilder routes, CallSettings settings) : ServiceBinderBase
    where TService : class
{
    private readonly ILogger logger = routes.ServiceProvider.GetRequiredService<ILoggerFactory>().CreateLogger("Grpc.AspNetCore.Server.Call");

    internal List<IEndpointConventionBuilder> Conventions { get; } = [];

    internal HashSet<string> ServiceNames { get; } = new(StringComparer.Ordinal);

    public override void AddMethod<TRequest, TResponse>(
        Method<TRequest, TResponse> method, UnaryServerMethod<TRequest, TResponse>? handler) =>
        Map(method, new UnaryHandler<TService, TRequest, TResponse>(method, settings, logger));

    public override void AddMethod<TRequest, TResponse>(
        Method<TRequest, TResponse> method, ClientStreamingServerMethod<TRequest, TResponse>? handler) =>
        Map(method, new ClientStreamingHandler<TService, TRequest, TResponse>(method, settings, logger));

    public override void AddMethod<TRequest, TResponse>(
        Method<TRequest, TResponse> method, ServerStreamingServerMethod<TRequest, TResponse>? handler) =>
        Map(method, new ServerStreamingHandler<TService, TRequest, TResponse>(method, settings, logger));

    public override void AddMethod<TRequest, TResponse>(
        Method<TRequest, TResponse> method, DuplexStreamingServerMethod<TRequest, TResponse>? handler) =>
        Map(method, new DuplexStreamingHandler<TService, TRequest, TResponse>(method, settings, logger));

    private void Map<TRequest, TResponse>(Method<TRequest, TResponse> method, CallHandler<TService, TRequest, TResponse> handler)
        where TRequest : class
        where TResponse : class
    {
        ServiceNames.Add(method.ServiceName);
        RequestDelegate serve = handler.ServeAsync;
        Conventions.Add(routes.MapMethods(method.FullName, [HttpMethods.Post], serve)
            .WithDisplayName($"gRPC - {method.FullName}")
            .WithMetadata(new GrpcMethodMetadata(typeof(TService), method)));
    }
}
