using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using Grpc.Core;
using Grpc.Wire;

namespace Grpc.Net.Client;

/// <summary>What headers and trailers of a response say of the call.</summary>
internal static class ResponseStatus
{
    /// <summary>The status in the headers: a response without messages (trailers-only).</summary>
    internal static Status? InHeaders(HttpResponseMessage response) => Read(response.Headers);

    /// <summary>The status of a response that is not gRPC: another HTTP status, content type or version.</summary>
    internal static Status? OfHttp(HttpResponseMessage response)
    {
        if (response.StatusCode != HttpStatusCode.OK)
        {
            return new Status(
                TransportFailure.ToStatusCode(response.StatusCode),
                $"Bad gRPC response. HTTP status code: {((int)response.StatusCode).ToString(CultureInfo.InvariantCulture)}");
        }

        var contentType = response.Content.Headers.ContentType?.ToString();
        return GrpcHeaders.IsGrpcContentType(contentType)
            ? null
            : new Status(StatusCode.Cancelled, contentType is null
                ? "Bad gRPC response. Response did not have a content-type header."
                : $"Bad gRPC response. Invalid content-type value: {contentType}");
    }

    /// <summary>The status in headers or trailers; null when there is none.</summary>
    internal static Status? Read(HttpResponseHeaders headers)
    {
        if (Header(headers, GrpcHeaders.Status) is not { } text) return null;
        var detail = PercentEncoding.Decode(Header(headers, GrpcHeaders.Message) ?? "");
        if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var code))
        {
            return new Status(StatusCode.Unknown, $"Unexpected grpc-status value: {text}");
        }

        // Of a later version of the protocol.
        return new Status(Enum.IsDefined((StatusCode)code) ? (StatusCode)code : StatusCode.Unknown, detail);
    }

    internal static string? Header(HttpResponseHeaders headers, string name) =>
        headers.NonValidated.TryGetValues(name, out var values) ? values.ToString() : null;

    /// <summary>The application's part. A binary value that is not base64 is left out: the status is worth more than it.</summary>
    internal static Metadata ToMetadata(HttpResponseHeaders headers)
    {
        var metadata = new Metadata();
        foreach (var (name, values) in headers.NonValidated)
        {
            if (!GrpcHeaders.IsReservedResponse(name)) metadata.TryAddHeader(name, values);
        }

        return metadata;
    }
}
