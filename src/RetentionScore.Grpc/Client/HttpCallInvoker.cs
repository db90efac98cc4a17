using Grpc.Core;

namespace Grpc.Net.Client;

/// <summary>Makes calls as HTTP/2 requests.</summary>
internal sealed class HttpCallInvoker(GrpcChannel channel) : CallInvoker
{
    private static readonly Func<object, Task<Metadata>> Headers = static call => ((ClientCall)call).ResponseHeadersAsync;
    private static readonly Func<object, Status> GetStatus = static call => ((ClientCall)call).GetStatus();
    private static readonly Func<object, Metadata> GetTrailers = static call => ((ClientCall)call).GetTrailers();
    private static readonly Action<object> Dispose = static call => ((ClientCall)call).Dispose();

    public override TResponse BlockingUnaryCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request) =>
        AsyncUnaryCall(method, host, options, request).ResponseAsync.GetAwaiter().GetResult();

    public override AsyncUnaryCall<TResponse> AsyncUnaryCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request)
    {
        var call = Start(method, host, options, request);
        return new AsyncUnaryCall<TResponse>(call.ReadSingleAsync(), Headers, GetStatus, GetTrailers, Dispose, call);
    }

    public override AsyncServerStreamingCall<TResponse> AsyncServerStreamingCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request)
    {
        var call = Start(method, host, options, request);
        return new AsyncServerStreamingCall<TResponse>(call.Responses, Headers, GetStatus, GetTrailers, Dispose, call);
    }

    public override AsyncClientStreamingCall<TRequest, TResponse> AsyncClientStreamingCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options)
    {
        var call = Start(method, host, options, request: null);
        return new AsyncClientStreamingCall<TRequest, TResponse>(
            call.Requests, call.ReadSingleAsync(), Headers, GetStatus, GetTrailers, Dispose, call);
    }

    public override AsyncDuplexStreamingCall<TRequest, TResponse> AsyncDuplexStreamingCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options)
    {
        var call = Start(method, host, options, request: null);
        return new AsyncDuplexStreamingCall<TRequest, TResponse>(
            call.Requests, call.Responses, Headers, GetStatus, GetTrailers, Dispose, call);
    }

    private ClientCall<TRequest, TResponse> Start<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest? request)
        where TRequest : class
        where TResponse : class
    {
        var call = new ClientCall<TRequest, TResponse>(channel, method, host, options);
        channel.Add(call);
        call.Start(request);
        return call;
    }
}
