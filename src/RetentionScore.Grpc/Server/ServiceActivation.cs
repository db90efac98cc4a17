using Microsoft.Extensions.DependencyInjection;

namespace Grpc.AspNetCore.Server;

/// <summary>A service object for one call: the container's if it has one, else made with the container's services and disposed of here.</summary>
internal readonly struct ServiceActivation<TService>
    where TService : class
{
    private static readonly Lazy<ObjectFactory<TService>> Create = new(() => ActivatorUtilities.CreateFactory<TService>([]));

    private readonly bool isOurs;

    private ServiceActivation(TService service, bool isOurs)
    {
        Service = service;
        this.isOurs = isOurs;
    }

    internal TService Service { get; }

    internal static ServiceActivation<TService> From(IServiceProvider services) => services.GetService<TService>() is { } service
        ? new ServiceActivation<TService>(service, isOurs: false)
        : new ServiceActivation<TService>(Create.Value(services, []), isOurs: true);

    internal ValueTask ReleaseAsync()
    {
        if (!isOurs) return default;
        if (Service is IAsyncDisposable asynchronous) return asynchronous.DisposeAsync();
        (Service as IDisposable)?.Dispose();
        return default;
    }
}
