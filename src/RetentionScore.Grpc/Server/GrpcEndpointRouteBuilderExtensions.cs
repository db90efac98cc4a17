using System.Diagnostics.CodeAnalysis;
using Grpc.AspNetCore.Server;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Maps gRPC services to routes.</summary>
public static class GrpcEndpointRouteBuilderExtensions
{
    /// <summary>Maps every method of a service to <c>POST /pkg.v1.Service/Method</c>. A service object is made for each call.</summary>
    /// <typeparam name="TService">The service: overrides the methods of a base with <c>BindServiceMethodAttribute</c>.</typeparam>
    /// <param name="builder">The application's routes.</param>
    /// <returns>Where conventions (authorization, for one) can be added to all of its endpoints.</returns>
    /// <exception cref="InvalidOperationException"><c>AddGrpc</c> was not called, or the type is no service.</exception>
    public static GrpcServiceEndpointConventionBuilder MapGrpcService<
        [DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors | DynamicallyAccessedMemberTypes.PublicMethods)] TService>(
        this IEndpointRouteBuilder builder)
        where TService : class
    {
        ArgumentNullException.ThrowIfNull(builder);
        var services = builder.ServiceProvider;
        var mapped = services.GetService<MappedServices>() ?? throw new InvalidOperationException(
            "Unable to find the required services. Please add all the required services by calling 'IServiceCollection.AddGrpc' in the application startup code.");
        var all = services.GetRequiredService<IOptions<GrpcServiceOptions>>().Value;
        var own = services.GetRequiredService<IOptions<GrpcServiceOptions<TService>>>().Value;

        var binder = new ServiceEndpoints<TService>(builder, CallSettings.From(all, own));
        ServiceDiscovery.Bind(typeof(TService), binder);

        foreach (var service in binder.ServiceNames)
        {
            if (mapped.AddFallback(service)) UnimplementedEndpoints.MapUnknownMethod(builder, service);
        }

        if (all.IgnoreUnknownServices != true && mapped.AddFallback("")) UnimplementedEndpoints.MapUnknownService(builder);
        return new GrpcServiceEndpointConventionBuilder(binder.Conventions);
    }
}
