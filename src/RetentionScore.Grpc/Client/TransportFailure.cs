using System.Net;
using System.Net.Sockets;
using Grpc.Core;

namespace Grpc.Net.Client;

/// <summary>The statuses of what goes wrong below gRPC: connections, HTTP/2 streams, HTTP statuses.</summary>
internal static class TransportFailure
{
    /// <summary>The status of an exception.</summary>
    /// <param name="exception">What HTTP threw.</param>
    /// <param name="doing">What the call was doing, to begin the detail with.</param>
    /// <param name="isBeforeResponse">Whether not even the headers of the response had come.</param>
    internal static Status ToStatus(Exception exception, string doing, bool isBeforeResponse) =>
        new(ToStatusCode(exception, isBeforeResponse), $"{doing} {Describe(exception)}", exception);

    internal static StatusCode ToStatusCode(HttpStatusCode status) => status switch
    {
        HttpStatusCode.BadRequest => StatusCode.Internal,
        HttpStatusCode.Unauthorized => StatusCode.Unauthenticated,
        HttpStatusCode.Forbidden => StatusCode.PermissionDenied,
        HttpStatusCode.NotFound => StatusCode.Unimplemented,
        HttpStatusCode.TooManyRequests or HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout =>
            StatusCode.Unavailable,
        _ => StatusCode.Unknown,
    };

    private static StatusCode ToStatusCode(Exception exception, bool isBeforeResponse)
    {
        var isNetwork = false;
        for (var inner = exception; inner is not null; inner = inner.InnerException)
        {
            if (inner is HttpProtocolException reset) return ToStatusCode(reset.ErrorCode, isBeforeResponse);
            isNetwork |= inner is IOException or SocketException;
        }

        return isNetwork || exception is HttpRequestException ? StatusCode.Unavailable
            : exception is OperationCanceledException ? StatusCode.Cancelled
            : StatusCode.Internal;
    }

    /// <summary>The HTTP/2 error codes of RST_STREAM and GOAWAY, as the protocol description maps them.</summary>
    private static StatusCode ToStatusCode(long http2ErrorCode, bool isBeforeResponse) => http2ErrorCode switch
    {
        // GOAWAY of a server that drains and will not take the stream: another will, so the caller may try again.
        0 /* NO_ERROR */ when isBeforeResponse => StatusCode.Unavailable,
        7 /* REFUSED_STREAM */ => StatusCode.Unavailable,
        8 /* CANCEL */ => StatusCode.Cancelled,
        11 /* ENHANCE_YOUR_CALM */ => StatusCode.ResourceExhausted,
        12 /* INADEQUATE_SECURITY */ => StatusCode.PermissionDenied,
        _ => StatusCode.Internal,
    };

    internal static string Describe(Exception exception)
    {
        var text = $"{exception.GetType().Name}: {exception.Message}";
        return exception.InnerException is { } inner ? $"{text} {Describe(inner)}" : text;
    }
}
