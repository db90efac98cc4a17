using Grpc.Core;
using Grpc.Wire;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Grpc.AspNetCore.Server;

/// <summary>Endpoints behind all others that end gRPC calls to what is not there as UNIMPLEMENTED. Other requests are not theirs.</summary>
internal static class UnimplementedEndpoints
{
    internal static void MapUnknownMethod(IEndpointRouteBuilder routes, string service) =>
        Map(routes, $"{service}/{{grpcUnknownMethod:{GrpcRequestConstraint.Name}}}", "Method is unimplemented.").WithDisplayName($"gRPC - Unimplemented method for {service}");

    internal static void MapUnknownService(IEndpointRouteBuilder routes) =>
        Map(routes, $"{{grpcUnknownService}}/{{grpcUnknownMethod:{GrpcRequestConstraint.Name}}}", "Service is unimplemented.").WithDisplayName("gRPC - Unimplemented service");

    private static IEndpointConventionBuilder Map(IEndpointRouteBuilder routes, string pattern, string detail)
    {
        RequestDelegate end = context =>
        {
            if (CallRefusal.IsRefused(context)) return Task.CompletedTask;
            context.Response.ContentType = GrpcHeaders.ContentType;
            ResponseEnd.Write(context, new Status(StatusCode.Unimplemented, detail), trailers: null);
            return Task.CompletedTask;
        };

        // Behind every route of the application, so that only what nobody serves comes here.
        return routes.MapMethods(pattern, [HttpMethods.Post], end).WithOrder(int.MaxValue);
    }
}
