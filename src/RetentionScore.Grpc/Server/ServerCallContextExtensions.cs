using Grpc.AspNetCore.Server;
using Microsoft.AspNetCore.Http;

namespace Grpc.Core;

/// <summary>From a call to its HTTP request.</summary>
public static class ServerCallContextExtensions
{
    private const string HttpContextKey = "__HttpContext";

    /// <summary>The HTTP request of a call.</summary>
    /// <param name="serverCallContext">The call.</param>
    /// <returns>Its HTTP context.</returns>
    /// <exception cref="InvalidOperationException">The call did not come over HTTP.</exception>
    public static HttpContext GetHttpContext(this ServerCallContext serverCallContext)
    {
        ArgumentNullException.ThrowIfNull(serverCallContext);
        if (serverCallContext is ServerCall call) return call.HttpContext;

        // How test doubles of the context carry it.
        return serverCallContext.UserState.TryGetValue(HttpContextKey, out var value) && value is HttpContext context
            ? context
            : throw new InvalidOperationException("Could not get HttpContext from ServerCallContext.");
    }
}
