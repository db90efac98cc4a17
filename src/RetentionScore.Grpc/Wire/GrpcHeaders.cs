namespace Grpc.Wire;

/// <summary>The names of the protocol's own headers.</summary>
internal static class GrpcHeaders
{
    internal const string Status = "grpc-status";
    internal const string Message = "grpc-message";
    internal const string Timeout = "grpc-timeout";
    internal const string Encoding = "grpc-encoding";
    internal const string AcceptEncoding = "grpc-accept-encoding";
    internal const string ContentType = "application/grpc";

    /// <summary>In the metadata of a call: the encoding wanted for its messages. Never sent under this name.</summary>
    internal const string RequestedEncoding = "grpc-internal-encoding-request";

    /// <summary>Whether a content type is gRPC's: <c>application/grpc</c>, alone or followed by <c>+format</c> or parameters.</summary>
    internal static bool IsGrpcContentType(string? contentType) =>
        contentType is not null
        && contentType.StartsWith(ContentType, StringComparison.OrdinalIgnoreCase)
        && (contentType.Length == ContentType.Length || contentType[ContentType.Length] is ';' or '+');

    /// <summary>Whether a request header belongs to the transport and not to the application.</summary>
    internal static bool IsReservedRequest(string name) => name.StartsWith(':')
        || Is(name, "te") || Is(name, "host") || Is(name, "content-type") || Is(name, "accept-encoding")
        || Is(name, Encoding) || Is(name, AcceptEncoding) || Is(name, Timeout);

    /// <summary>Whether a response header or trailer belongs to the transport and not to the application.</summary>
    internal static bool IsReservedResponse(string name) => name.StartsWith(':')
        || Is(name, Status) || Is(name, Message) || Is(name, Encoding) || Is(name, AcceptEncoding) || Is(name, "content-type");

    private static bool Is(string name, string other) => string.Equals(name, other, StringComparison.OrdinalIgnoreCase);
}
