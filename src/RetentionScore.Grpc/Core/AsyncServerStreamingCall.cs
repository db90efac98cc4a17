namespace Grpc.Core;

/// <summary>A call with one request and a stream of responses, under way.</summary>
/// <typeparam name="TResponse">The response.</typeparam>
public sealed class AsyncServerStreamingCall<TResponse> : IDisposable
{
    private readonly CallState state;

    /// <summary>Puts a call together out of its parts.</summary>
    /// <param name="responseStream">The responses.</param>
    /// <param name="responseHeadersAsync">The response's headers.</param>
    /// <param name="getStatusFunc">The status once the call has ended.</param>
    /// <param name="getTrailersFunc">The trailers once the call has ended.</param>
    /// <param name="disposeAction">Cancels the call unless it has ended.</param>
    public AsyncServerStreamingCall(
        IAsyncStreamReader<TResponse> responseStream,
        Task<Metadata> responseHeadersAsync,
        Func<Status> getStatusFunc,
        Func<Metadata> getTrailersFunc,
        Action disposeAction)
    {
        ResponseStream = responseStream;
        state = CallState.Of(responseHeadersAsync, getStatusFunc, getTrailersFunc, disposeAction);
    }

    /// <summary>Puts a call together out of its parts, over one state object.</summary>
    /// <param name="responseStream">The responses.</param>
    /// <param name="responseHeadersAsync">The response's headers.</param>
    /// <param name="getStatusFunc">The status once the call has ended.</param>
    /// <param name="getTrailersFunc">The trailers once the call has ended.</param>
    /// <param name="disposeAction">Cancels the call unless it has ended.</param>
    /// <param name="state">Given to each function.</param>
    public AsyncServerStreamingCall(
        IAsyncStreamReader<TResponse> responseStream,
        Func<object, Task<Metadata>> responseHeadersAsync,
        Func<object, Status> getStatusFunc,
        Func<object, Metadata> getTrailersFunc,
        Action<object> disposeAction,
        object state)
    {
        ResponseStream = responseStream;
        this.state = new CallState(responseHeadersAsync, getStatusFunc, getTrailersFunc, disposeAction, state);
    }

    /// <summary>The responses.</summary>
    public IAsyncStreamReader<TResponse> ResponseStream { get; }

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

    /// <summary>Cancels the call unless it has ended.</summary>
    public void Dispose() => state.Dispose();
}
