using System.Globalization;
using Grpc.Core;
using Grpc.Wire;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Grpc.AspNetCore.Server;

/// <summary>Writes the status of a call: into the trailers or, when nothing was sent yet, into the headers (trailers-only).</summary>
internal static class ResponseEnd
{
    internal static void Write(HttpContext context, Status status, Metadata? trailers)
    {
        var destination = context.Response.HasStarted
            ? context.Features.GetRequiredFeature<IHttpResponseTrailersFeature>().Trailers
            : context.Response.Headers;
        if (trailers is not null && !TryAppend(destination, trailers))
        {
            status = new Status(StatusCode.Internal, "A trailer of the call is not ASCII text.");
        }

        destination[GrpcHeaders.Status] = ((int)status.StatusCode).ToString(CultureInfo.InvariantCulture);
        if (!string.IsNullOrEmpty(status.Detail)) destination[GrpcHeaders.Message] = PercentEncoding.Encode(status.Detail);
    }

    internal static void Append(IHeaderDictionary headers, Metadata.Entry entry)
    {
        headers.TryGetValue(entry.Key, out var values);
        headers[entry.Key] = Microsoft.Extensions.Primitives.StringValues.Concat(values, entry.ToHeaderValue());
    }

    private static bool TryAppend(IHeaderDictionary headers, Metadata trailers)
    {
        try
        {
            foreach (var entry in trailers)
            {
                if (!GrpcHeaders.IsReservedResponse(entry.Key)) Append(headers, entry);
            }

            return true;
        }
        catch (InvalidOperationException)
        {
            // The server refuses such a value; the status must go out all the same.
            return false;
        }
    }
}
