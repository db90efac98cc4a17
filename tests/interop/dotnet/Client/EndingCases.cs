using System.Diagnostics;
using Grpc.Core;
using Grpc.Net.Client;
using RetentionScore.Interop.V1;
using End = RetentionScore.Interop.V1.SeenResponse.Types.End;

namespace RetentionScore.Interop.Client;

/// <summary>Deadlines and cancellation, on both sides.</summary>
internal sealed class EndingCases(Target target)
{
    public async Task Deadline_Unary_Exceeded()
    {
        var (name, clock) = (Target.NameCall(), Stopwatch.StartNew());
        await Check.FailsAsync(
            StatusCode.DeadlineExceeded,
            () => target.Echo.UnaryAsync(new EchoRequest { DelayMs = 8000, Call = name }, deadline: In(300)).ResponseAsync);
        Check.InRange(clock.ElapsedMilliseconds, 250, 2000, "milliseconds until the error");
        Check.Equal(End.Cancelled, await target.SeenAsync(name), "the server's view");
    }

    public async Task Deadline_ServerStream_Exceeded()
    {
        var name = Target.NameCall();
        using var call = target.Echo.ServerStream(new EchoRequest { DelayMs = 8000, Count = 1, Call = name }, deadline: In(300));
        await Check.FailsAsync(StatusCode.DeadlineExceeded, call.ResponseStream.RestAsync);
        Check.Equal(End.Cancelled, await target.SeenAsync(name), "the server's view");
    }

    public async Task Deadline_ServerStream_ExceededWhileNothingIsRead()
    {
        var name = Target.NameCall();
        var request = new EchoRequest { Count = 1_000_000, ResponseBytes = 10_000, Call = name };
        using var call = target.Echo.ServerStream(request, deadline: In(700));

        // The server stands before a full window when the deadline passes.
        Check.Equal(End.Cancelled, await target.SeenAsync(name), "the server's view");
        await Check.FailsAsync(StatusCode.DeadlineExceeded, call.ResponseStream.RestAsync);
    }

    public async Task Deadline_Duplex_ExceededWhileIdle()
    {
        var name = Target.NameCall();
        using var call = target.Echo.Duplex(deadline: In(500));
        await call.RequestStream.WriteAsync(new EchoRequest { Call = name });
        await Check.FailsAsync(StatusCode.DeadlineExceeded, call.ResponseStream.RestAsync);
        Check.Equal(End.Cancelled, await target.SeenAsync(name), "the server's view");
    }

    public async Task Deadline_AlreadyPast_FailsAtOnce() => await Check.FailsAsync(
        StatusCode.DeadlineExceeded, () => target.Echo.UnaryAsync(new EchoRequest(), deadline: In(-1000)).ResponseAsync);

    public async Task Deadline_ServerKnowsIt() => Check.InRange(
        (await target.Echo.UnaryAsync(new EchoRequest(), deadline: In(7000))).DeadlineLeftMs, 5000, 7100, "milliseconds left of 7000");

    public async Task Deadline_None_ServerKnowsIt() => Check.Equal(0u, (await target.Echo.UnaryAsync(new EchoRequest())).DeadlineLeftMs);

    public async Task Cancel_Unary_ServerSeesIt()
    {
        var name = Target.NameCall();
        using var cancel = new CancellationTokenSource();
        using var call = target.Echo.UnaryAsync(
            new EchoRequest { DelayMs = 8000, Call = name }, deadline: Target.Soon, cancellationToken: cancel.Token);
        await Task.Delay(300);
        await cancel.CancelAsync();
        await Check.FailsAsync(StatusCode.Cancelled, () => call.ResponseAsync);
        Check.Equal(End.Cancelled, await target.SeenAsync(name), "the server's view");
    }

    public async Task Cancel_ServerStream_ServerSeesIt()
    {
        var name = Target.NameCall();
        using var cancel = new CancellationTokenSource();
        var request = new EchoRequest { Count = 10_000_000, ResponseBytes = 1000, Call = name };
        using var call = target.Echo.ServerStream(request, deadline: Target.Soon, cancellationToken: cancel.Token);
        Check.Equal(0u, (await call.ResponseStream.NextAsync()).Index);
        await cancel.CancelAsync();
        await Check.FailsAsync(StatusCode.Cancelled, call.ResponseStream.RestAsync);
        Check.Equal(End.Cancelled, await target.SeenAsync(name), "the server's view");
    }

    public async Task Cancel_Duplex_ServerSeesIt()
    {
        var name = Target.NameCall();
        using var cancel = new CancellationTokenSource();
        using var call = target.Echo.Duplex(deadline: Target.Soon, cancellationToken: cancel.Token);
        await call.RequestStream.WriteAsync(new EchoRequest { Call = name });
        await call.ResponseStream.NextAsync();
        await cancel.CancelAsync();
        await Check.FailsAsync(StatusCode.Cancelled, call.ResponseStream.RestAsync);
        Check.Equal(End.Cancelled, await target.SeenAsync(name), "the server's view");
    }

    public async Task Cancel_ByDispose_ServerSeesIt()
    {
        var name = Target.NameCall();
        using (var call = target.Echo.Duplex(deadline: Target.Soon))
        {
            await call.RequestStream.WriteAsync(new EchoRequest { Call = name });
            await call.ResponseStream.NextAsync();
        }

        Check.Equal(End.Cancelled, await target.SeenAsync(name), "the server's view");
    }

    public async Task Cancel_ConnectionClosed_ServerSeesIt()
    {
        var name = Target.NameCall();
        using var channel = GrpcChannel.ForAddress($"http://127.0.0.1:{target.Port}");
        using var call = new InteropService.InteropServiceClient(channel).Duplex(deadline: Target.Soon);
        await call.RequestStream.WriteAsync(new EchoRequest { Call = name });
        await call.ResponseStream.NextAsync();
        channel.Dispose();
        Check.Equal(End.Cancelled, await target.SeenAsync(name), "the server's view");
    }

    public async Task Finished_ServerSeesIt()
    {
        var name = Target.NameCall();
        using var call = target.Echo.Duplex(deadline: Target.Soon);
        await call.RequestStream.WriteAsync(new EchoRequest { Call = name });
        await call.RequestStream.CompleteAsync();
        Check.Equal(1, (await call.ResponseStream.RestAsync()).Count);
        Check.Equal(End.Finished, await target.SeenAsync(name), "the server's view");
    }

    private static DateTime In(int milliseconds) => DateTime.UtcNow.AddMilliseconds(milliseconds);
}
