using System.Runtime.CompilerServices;

namespace Grpc.Core;

/// <summary>A call with a stream of requests and one response, under way.</summary>
/// <typeparam name="TRequest">The request.</typeparam>
/// <typeparam name="TResponse">The response.</typeparam>
public sealed class AsyncClientStreamingCall<TRequest, TResponse> : IDisposable
{
    private readonly CallState state;

    /// <summary>Puts a call together out of its parts.</summary>
    /// <param name="requestStream">The requests.</param>
    /// <param name="responseAsync">The response; faults with <see cref="RpcException"/> when the status is not OK.</param>
    /// <param name="responseHeadersAsync">The response's headers.</param>
    /// <param name="getStatusFunc">The status once the call has ended.</param>
    /// <param name="getTrailersFunc">The trailers once the call has ended.</param>
    /// <param name="disposeAction">Cancels the call unless it has ended.</param>
    public AsyncClientStreamingCall(
        IClientStreamWriter<TRequest> requestStream,
        Task<TResponse> responseAsync,
        Task<Metadata> responseHeadersAsync,
        Func<Status> getStatusFunc,
        Func<Metadata> getTrailersFunc,
        Action disposeAction)
    {
        RequestStream = requestStream;
        ResponseAsync = responseAsync;
        state = CallState.Of(responseHeadersAsync, getStatusFunc, getTrailersFunc, disposeAction);
    }

    /// <summary>Puts a call together out of its parts, over one state object.</summary>
    /// <param name="requestStream">The requests.</param>
    /// <param name="responseAsync">The response; faults with <see cref="RpcException"/> when the status is not OK.</param>
    /// <param name="responseHeadersAsync">The response's headers.</param>
    /// <param name="getStatusFunc">The status once the call has ended.</param>
    /// <param name="getTrailersFunc">The trailers once the call has ended.</param>
    /// <param name="disposeAction">Cancels the call unless it has ended.</param>
    /// <param name="state">Given to each function.</param>
    public AsyncClientStreamingCall(
        IClientStreamWriter<TRequest> requestStream,
        Task<TResponse> responseAsync,
        Func<object, Task<Metadata>> responseHeadersAsync,
        Func<object, Status> getStatusFunc,
        Func<object, Metadata> getTrailersFunc,
        Action<object> disposeAction,
        object state)
    {
        RequestStream = requestStream;
        ResponseAsync = responseAsync;
        this.state = new CallState(responseHeadersAsync, getStatusFunc, getTrailersFunc, disposeAction, state);
    }

    /// <summary>The requests.</summary>
    public IClientStreamWriter<TRequest> RequestStream { get; }

    /// <summary>The response; faults with <see cref="RpcException"/> when the status is not OK.</summary>
    public Task<TResponse> ResponseAsync { get; }

    /// <summary>The response's headers, as soon as they are there; faults when the call ends before.</summary>
    public Task<Metadata> ResponseHeadersAsync => state.ResponseHeadersAsync;

    /// <summary>How the call ended.</summary>
    /// <returns>The status.</returns>
    /// <exception cref="InvalidOperationException">It has not ended yet.</exception>
    public Status GetStatus() => state.GetStatus();

    /// <summary>The trailing metadata.</summary>
    /// <returns>The trailers; empty when none came.</returns>
    /// <exception cref="InvalidOperationException">The call has not ended yet.</exception>
    public Metadata GetTrailers() => state.GetTrailers();

    /// <summary>Awaits <see cref="ResponseAsync"/>.</summary>
    /// <returns>The awaiter of the response.</returns>
    public TaskAwaiter<TResponse> GetAwaiter() => ResponseAsync.GetAwaiter();

    /// <summary>Awaits <see cref="ResponseAsync"/> with or without the caller's context.</summary>
    /// <param name="continueOnCapturedContext">Whether to come back to the context.</param>
    /// <returns>An awaitable.</returns>
    public ConfiguredTaskAwaitable<TResponse> ConfigureAwait(bool continueOnCapturedContext) =>
        ResponseAsync.ConfigureAwait(continueOnCapturedContext);

    /// <summary>Cancels the call unless it has ended.</summary>
    public void Dispose() => state.Dispose();
}
