using Grpc.Core;
using Grpc.Framing;
using Grpc.Wire;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Microsoft.Extensions.Logging;

namespace Grpc.AspNetCore.Server;

/// <summary>
/// Serves the calls of one method. Start reading here:
/// 1. what is no gRPC call is refused with an HTTP status;
/// 2. limits of ordinary requests are lifted from streams;
/// 3. the call is set up: its deadline, its encodings, its response headers (sent with the first message);
/// 4. a service object is made and its method called, with the request or with streams over the request and response bodies;
/// 5. however it ended, the status goes into the trailers, unless the deadline did so before.
/// </summary>
internal abstract class CallHandler<TService, TRequest, TResponse>(Method<TRequest, TResponse> method, CallSettings settings, ILogger logger)
    where TService : class
    where TRequest : class
    where TResponse : class
{
    private static readonly Status NoRequest = new(StatusCode.Internal, "Incomplete message.");
    private static readonly Status MoreRequests = new(StatusCode.Internal, "Additional data after the message received.");

    private bool HasRequestStream => method.Type is MethodType.ClientStreaming or MethodType.DuplexStreaming;

    internal Task ServeAsync(HttpContext context)
    {
        if (CallRefusal.IsRefused(context)) return Task.CompletedTask;
        LiftLimits(context);
        return RunAsync(new ServerCall(context, settings));
    }

    /// <summary>Calls the service's method and writes its response, if it is not a stream.</summary>
    private protected abstract Task InvokeAsync(
        TService service, ServerCall call, RequestReader<TRequest> requests, ResponseWriter<TResponse> responses);

    private protected static async ValueTask<TRequest> ReadSingleAsync(RequestReader<TRequest> requests) =>
        await requests.ReadSingleAsync(NoRequest, MoreRequests).ConfigureAwait(false);

    private protected static Task WriteSingleAsync(ResponseWriter<TResponse> responses, TResponse? response) => response is null
        ? throw new RpcException(new Status(StatusCode.Cancelled, "No message returned from method."))
        : responses.WriteLastAsync(response);

    private async Task RunAsync(ServerCall call)
    {
        using var ofCall = call;
        using var requests = new RequestReader<TRequest>(call, method.RequestMarshaller.ContextualDeserializer);
        using var responses = new ResponseWriter<TResponse>(call, method.ResponseMarshaller.ContextualSerializer);
        call.Start();
        try
        {
            var activation = ServiceActivation<TService>.From(call.HttpContext.RequestServices);
            try
            {
                await InvokeAsync(activation.Service, call, requests, responses).ConfigureAwait(false);
            }
            finally
            {
                await activation.ReleaseAsync().ConfigureAwait(false);
            }
        }
        catch (Exception exception)
        {
            call.Fail(exception, method.FullName, logger);
        }
        finally
        {
            responses.Complete();
        }

        await requests.CompleteAsync().ConfigureAwait(false);
        await call.EndAsync().ConfigureAwait(false);
    }

    private void LiftLimits(HttpContext context)
    {
        // A message has a limit of its own; a body is as long as the stream lives.
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size) size.MaxRequestBodySize = null;
        if (!HasRequestStream) return;

        // A caller on hold sends nothing for minutes; that is no slow-loris attack.
        if (context.Features.Get<IHttpMinRequestBodyDataRateFeature>() is { } rate) rate.MinDataRate = null;
    }
}
