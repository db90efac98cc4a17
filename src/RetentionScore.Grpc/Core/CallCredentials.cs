namespace Grpc.Core;

/// <summary>Adds the metadata of one call's credentials, such as <c>authorization</c>, just before the call is sent.</summary>
/// <param name="context">The call.</param>
/// <param name="metadata">Where to add.</param>
/// <returns>Ends when all is added.</returns>
public delegate Task AsyncAuthInterceptor(AuthInterceptorContext context, Metadata metadata);

/// <summary>The call that credentials are asked for.</summary>
public class AuthInterceptorContext
{
    /// <summary>Names a call.</summary>
    /// <param name="serviceUrl">Address and service.</param>
    /// <param name="methodName">The method alone.</param>
    public AuthInterceptorContext(string serviceUrl, string methodName)
    {
        ArgumentNullException.ThrowIfNull(serviceUrl);
        ArgumentNullException.ThrowIfNull(methodName);
        ServiceUrl = serviceUrl;
        MethodName = methodName;
    }

    /// <summary>Address and service: <c>https://host/pkg.v1.Service</c>.</summary>
    public string ServiceUrl { get; }

    /// <summary>The method alone.</summary>
    public string MethodName { get; }
}

/// <summary>Credentials of single calls. They are sent only over TLS.</summary>
public abstract class CallCredentials
{
    private protected CallCredentials()
    {
    }

    /// <summary>Credentials that a function adds.</summary>
    /// <param name="interceptor">Adds them.</param>
    /// <returns>The credentials.</returns>
    public static CallCredentials FromInterceptor(AsyncAuthInterceptor interceptor)
    {
        ArgumentNullException.ThrowIfNull(interceptor);
        return new Intercepted(interceptor);
    }

    internal abstract Task AddAsync(AuthInterceptorContext context, Metadata metadata);

    private sealed class Intercepted(AsyncAuthInterceptor interceptor) : CallCredentials
    {
        internal override Task AddAsync(AuthInterceptorContext context, Metadata metadata) => interceptor(context, metadata);
    }
}
