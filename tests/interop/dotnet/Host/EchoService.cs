using Grpc.Core;
using RetentionScore.Interop.V1;
using RetentionScore.Server.Health;
using Proto = Grpc.Health.V1.HealthCheckResponse.Types.ServingStatus;

namespace RetentionScore.Interop.Host;

/// <summary>The interop service: does what interop.proto says of each method.</summary>
internal sealed class EchoService(CallEnds ends, ServingStatus serving) : InteropService.InteropServiceBase
{
    public override Task<EchoResponse> Unary(EchoRequest request, ServerCallContext context) => RunAsync(context, async call =>
    {
        call.Read(request);
        var response = await call.AnswerAsync(request);
        if (context.Deadline != DateTime.MaxValue) response.DeadlineLeftMs = (uint)(context.Deadline - DateTime.UtcNow).TotalMilliseconds;
        return response;
    });

    public override Task ServerStream(EchoRequest request, IServerStreamWriter<EchoResponse> responseStream, ServerCallContext context) =>
        RunAsync(context, async call =>
        {
            call.Read(request);
            await call.DelayAsync(request);
            for (var i = 0; i < request.Count; i++) await responseStream.WriteAsync(call.Respond(request));
            EchoCall.Fail(request);
            return true;
        });

    public override Task<EchoResponse> ClientStream(IAsyncStreamReader<EchoRequest> requestStream, ServerCallContext context) =>
        RunAsync(context, async call =>
        {
            var last = new EchoRequest();
            while (await requestStream.MoveNext())
            {
                last = requestStream.Current;
                call.Read(last);
                EchoCall.Fail(last);
            }

            return await call.AnswerAsync(last);
        });

    public override Task Duplex(
        IAsyncStreamReader<EchoRequest> requestStream, IServerStreamWriter<EchoResponse> responseStream, ServerCallContext context) =>
        RunAsync(context, async call =>
        {
            while (await requestStream.MoveNext())
            {
                call.Read(requestStream.Current);
                await responseStream.WriteAsync(await call.AnswerAsync(requestStream.Current));
            }

            return true;
        });

    public override async Task<SeenResponse> Seen(SeenRequest request, ServerCallContext context) =>
        new() { End = await ends.WaitAsync(request.Call, TimeSpan.FromMilliseconds(request.WaitMs)) };

    public override Task<SetHealthResponse> SetHealth(SetHealthRequest request, ServerCallContext context)
    {
        serving.Set(request.Service, (Proto)request.Status);
        return Task.FromResult(new SetHealthResponse());
    }

    private async Task<T> RunAsync<T>(ServerCallContext context, Func<EchoCall, Task<T>> handle)
    {
        var call = new EchoCall(context);
        try
        {
            await call.StartAsync();
            var result = await handle(call);
            ends.Report(call.Name, SeenResponse.Types.End.Finished);
            return result;
        }
        catch (RpcException)
        {
            ends.Report(call.Name, SeenResponse.Types.End.Finished);
            throw;
        }
        catch (Exception) when (context.CancellationToken.IsCancellationRequested)
        {
            ends.Report(call.Name, SeenResponse.Types.End.Cancelled);
            throw;
        }
    }
}
