using Grpc.Core;

namespace Grpc.AspNetCore.Server;

/// <summary>On every gRPC endpoint: the method it serves.</summary>
public sealed class GrpcMethodMetadata
{
    /// <summary>Names a service's method.</summary>
    /// <param name="serviceType">The service.</param>
    /// <param name="method">The method.</param>
    public GrpcMethodMetadata(Type serviceType, IMethod method)
    {
        ArgumentNullException.ThrowIfNull(serviceType);
        ArgumentNullException.ThrowIfNull(method);
        ServiceType = serviceType;
        Method = method;
    }

    /// <summary>The class of the service.</summary>
    public Type ServiceType { get; }

    /// <summary>The method.</summary>
    public IMethod Method { get; }
}
