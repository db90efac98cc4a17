using Grpc.Core;
using Microsoft.Extensions.Logging;

namespace Grpc.AspNetCore.Server;

/// <summary>One request, one response.</summary>
internal sealed class UnaryHandler<TService, TRequest, TResponse>(Method<TRequest, TResponse> method, CallSettings settings, ILogger logger)
    : CallHandler<TService, TRequest, TResponse>(method, settings, logger)
    where TService : class
    where TRequest : class
    where TResponse : class
{
    private readonly Handler handler = ServiceDiscovery.Handler<Handler>(typeof(TService), method);

    private delegate Task<TResponse> Handler(TService service, TRequest request, ServerCallContext context);

    private protected override async Task InvokeAsync(
        TService service, ServerCall call, RequestReader<TRequest> requests, ResponseWriter<TResponse> responses)
    {
        var request = await ReadSingleAsync(requests).ConfigureAwait(false);
        var response = await handler(service, request, call).ConfigureAwait(false);
        await WriteSingleAsync(responses, response).ConfigureAwait(false);
    }
}

/// <summary>Many requests, one response.</summary>
internal sealed class ClientStreamingHandler<TService, TRequest, TResponse>(
    Method<TRequest, TResponse> method, CallSettings settings, ILogger logger)
    : CallHandler<TService, TRequest, TResponse>(method, settings, logger)
    where TService : class
    where TRequest : class
    where TResponse : class
{
    private readonly Handler handler = ServiceDiscovery.Handler<Handler>(typeof(TService), method);

    private delegate Task<TResponse> Handler(TService service, IAsyncStreamReader<TRequest> requests, ServerCallContext context);

    private protected override async Task InvokeAsync(
        TService service, ServerCall call, RequestReader<TRequest> requests, ResponseWriter<TResponse> responses)
    {
        var response = await handler(service, requests, call).ConfigureAwait(false);
        await WriteSingleAsync(responses, response).ConfigureAwait(false);
    }
}

/// <summary>One request, many responses.</summary>
internal sealed class ServerStreamingHandler<TService, TRequest, TResponse>(
    Method<TRequest, TResponse> method, CallSettings settings, ILogger logger)
    : CallHandler<TService, TRequest, TResponse>(method, settings, logger)
    where TService : class
    where TRequest : class
    where TResponse : class
{
    private readonly Handler handler = ServiceDiscovery.Handler<Handler>(typeof(TService), method);

    private delegate Task Handler(TService service, TRequest request, IServerStreamWriter<TResponse> responses, ServerCallContext context);

    private protected override async Task InvokeAsync(
        TService service, ServerCall call, RequestReader<TRequest> requests, ResponseWriter<TResponse> responses)
    {
        var request = await ReadSingleAsync(requests).ConfigureAwait(false);
        await handler(service, request, responses, call).ConfigureAwait(false);
    }
}

/// <summary>Many requests, many responses.</summary>
internal sealed class DuplexStreamingHandler<TService, TRequest, TResponse>(
    Method<TRequest, TResponse> method, CallSettings settings, ILogger logger)
    : CallHandler<TService, TRequest, TResponse>(method, settings, logger)
    where TService : class
    where TRequest : class
    where TResponse : class
{
    private readonly Handler handler = ServiceDiscovery.Handler<Handler>(typeof(TService), method);

    private delegate Task Handler(
        TService service, IAsyncStreamReader<TRequest> requests, IServerStreamWriter<TResponse> responses, ServerCallContext context);

    private protected override Task InvokeAsync(
        TService service, ServerCall call, RequestReader<TRequest> requests, ResponseWriter<TResponse> responses) =>
        handler(service, requests, responses, call);
}
