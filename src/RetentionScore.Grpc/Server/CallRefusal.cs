using Grpc.Core;
using Grpc.Wire;
using Microsoft.AspNetCore.Http;

namespace Grpc.AspNetCore.Server;

/// <summary>Refuses, with an HTTP status, requests that are no gRPC calls.</summary>
internal static class CallRefusal
{
    /// <summary>Whether the request is no gRPC call; the response is set then.</summary>
    internal static bool IsRefused(HttpContext context)
    {
        if (!GrpcHeaders.IsGrpcContentType(context.Request.ContentType))
        {
            Refuse(context, StatusCodes.Status415UnsupportedMediaType, $"Content-Type '{context.Request.ContentType}' is not supported.");
            return true;
        }

        if (!HttpProtocol.IsHttp2(context.Request.Protocol) && !HttpProtocol.IsHttp3(context.Request.Protocol))
        {
            context.Response.Headers.Upgrade = "HTTP/2";
            Refuse(context, StatusCodes.Status426UpgradeRequired, $"Request protocol '{context.Request.Protocol}' is not supported.");
            return true;
        }

        return false;
    }

    private static void Refuse(HttpContext context, int httpStatus, string detail)
    {
        context.Response.StatusCode = httpStatus;
        ResponseEnd.Write(context, new Status(StatusCode.Internal, detail), trailers: null);
    }
}
