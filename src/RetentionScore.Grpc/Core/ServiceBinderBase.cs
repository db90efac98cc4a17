namespace Grpc.Core;

/// <summary>Takes the methods of a service, one by one, from its <c>BindService</c>.</summary>
public abstract class ServiceBinderBase
{
    /// <summary>Adds a method with one request and one response.</summary>
    /// <typeparam name="TRequest">The request.</typeparam>
    /// <typeparam name="TResponse">The response.</typeparam>
    /// <param name="method">The method.</param>
    /// <param name="handler">Its handler; null where handlers come from a service activated for each call.</param>
    public virtual void AddMethod<TRequest, TResponse>(
        Method<TRequest, TResponse> method, UnaryServerMethod<TRequest, TResponse>? handler)
        where TRequest : class
        where TResponse : class => throw Unbound(method.FullName);

    /// <summary>Adds a method with a stream of requests.</summary>
    /// <typeparam name="TRequest">The request.</typeparam>
    /// <typeparam name="TResponse">The response.</typeparam>
    /// <param name="method">The method.</param>
    /// <param name="handler">Its handler; null where handlers come from a service activated for each call.</param>
    public virtual void AddMethod<TRequest, TResponse>(
        Method<TRequest, TResponse> method, ClientStreamingServerMethod<TRequest, TResponse>? handler)
        where TRequest : class
        where TResponse : class => throw Unbound(method.FullName);

    /// <summary>Adds a method with a stream of responses.</summary>
    /// <typeparam name="TRequest">The request.</typeparam>
    /// <typeparam name="TResponse">The response.</typeparam>
    /// <param name="method">The method.</param>
    /// <param name="handler">Its handler; null where handlers come from a service activated for each call.</param>
    public virtual void AddMethod<TRequest, TResponse>(
        Method<TRequest, TResponse> method, ServerStreamingServerMethod<TRequest, TResponse>? handler)
        where TRequest : class
        where TResponse : class => throw Unbound(method.FullName);

    /// <summary>Adds a method with streams both ways.</summary>
    /// <typeparam name="TRequest">The request.</typeparam>
    /// <typeparam name="TResponse">The response.</typeparam>
    /// <param name="method">The method.</param>
    /// <param name="handler">Its handler; null where handlers come from a service activated for each call.</param>
    public virtual void AddMethod<TRequest, TResponse>(
        Method<TRequest, TResponse> method, DuplexStreamingServerMethod<TRequest, TResponse>? handler)
        where TRequest : class
        where TResponse : class => throw Unbound(method.FullName);

    // The type that the official packages throw here.
    private static NotImplementedException Unbound(string method) => new($"this binder takes no methods of the kind of {method}: it has to override AddMethod");
}
