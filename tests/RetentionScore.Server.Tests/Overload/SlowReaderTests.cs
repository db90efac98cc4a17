using Grpc.Core;

namespace RetentionScore.Server.Tests.Overload;

/// <summary>Clients that do not read what they are answered.</summary>
public sealed class SlowReaderTests
{
    private static Task<TestServer> StartAsync(double patienceS) => TestServer.StartAsync(
        options => options with { Calls = options.Calls with { SlowConsumer = TimeSpan.FromSeconds(patienceS) } });

    private static async Task FillAsync(TestCall call)
    {
        await call.OpenAsync(new CallStart { CallId = "c", ResumeFrom = 1, Explain = true });
        // Requests are small and answers large: those fit into their window, these do not.
        for (uint seq = 1; seq <= 500; seq++) await call.SendAsync(Say.Final(seq, "I want to cancel my service, I am very unhappy."));
    }

    [Fact]
    public async Task ClientThatReadsAgain_IsToldBehindItsAnswers()
    {
        await using TestServer server = await StartAsync(patienceS: 2);
        using TestCall call = server.Call();
        await FillAsync(call);
        await Waiting.UntilAsync(() => server.Service<Calls.OpenStreams>().IsEmpty);
        Refused refused = await Refused.ByAsync(call);
        Assert.Equal(StatusCode.ResourceExhausted, refused.Code);
        Assert.Equal("SLOW_CONSUMER", refused.Reason);
        Assert.Equal("unread_s", refused.Metadata["field"]);
        Assert.Equal("2", refused.Metadata["limit"]);
        Assert.NotNull(refused.RetryAfter);
        using TestCall again = server.Call();
        Assert.True((await again.OpenAsync("c", attempt: 1)).Resumed);
    }

    [Fact]
    public async Task ClientThatNeverReads_IsReset_AndItsCallIsFreeBefore()
    {
        await using TestServer server = await StartAsync(patienceS: 0.5);
        using TestCall call = server.Call();
        await FillAsync(call);
        await Waiting.UntilAsync(() => server.Service<Calls.OpenStreams>().IsEmpty);
        using TestCall again = server.Call();
        Assert.True((await again.OpenAsync("c", attempt: 1)).Resumed);
        await Task.Delay(TimeSpan.FromSeconds(2));
        // ENHANCE_YOUR_CALM: nothing but a status fits into a reset.
        RpcException exception = await call.FailureAsync();
        Assert.Equal(StatusCode.ResourceExhausted, exception.StatusCode);
        Assert.Null(exception.Trailers.GetValueBytes("grpc-status-details-bin"));
    }

    [Fact]
    public async Task ClientThatIsStuckInAWrite_IsToldWhenItReads()
    {
        await using TestServer server = await StartAsync(patienceS: 2);
        using TestCall call = server.Call();
        await call.OpenAsync(new CallStart { CallId = "c", ResumeFrom = 1, Explain = true });
        Task sending = Task.CompletedTask;
        for (uint seq = 1; seq <= 200_000 && await Task.WhenAny(sending, Task.Delay(TimeSpan.FromSeconds(1))) == sending && !sending.IsFaulted; seq++)
            sending = call.Raw.RequestStream.WriteAsync(new ScoreCallRequest { Utterance = Say.Final(seq, new string('a', 4000)) });
        _ = sending.ContinueWith(ended => ended.Exception, TaskScheduler.Default);
        Assert.False(sending.IsCompleted);
        await Waiting.UntilAsync(() => server.Service<Calls.OpenStreams>().IsEmpty);
        Assert.Equal("SLOW_CONSUMER", (await Refused.ByAsync(call)).Reason);
    }

    [Fact]
    public async Task TranscriptThatNobodyReads_IsReset()
    {
        await using TestServer server = await StartAsync(patienceS: 0.5);
        var request = new ScoreTranscriptRequest { Start = new CallStart { CallId = "t", Explain = true } };
        for (uint i = 1; i <= 2000; i++) request.Messages.Add(new ScoreCallRequest { Utterance = Say.Final(i, "I want to cancel my service, I am very unhappy.") });
        using var call = server.Client.ScoreTranscript(request);
        await call.ResponseHeadersAsync.Within();
        await Task.Delay(TimeSpan.FromSeconds(3));
        RpcException exception = await Assert.ThrowsAsync<RpcException>(async () =>
        {
            while (await call.ResponseStream.MoveNext(CancellationToken.None).Within())
            {
            }
        });
        Assert.Equal(StatusCode.ResourceExhausted, exception.StatusCode);
        Assert.Contains(
            "retentionscore_refusals_total{reason=\"SLOW_CONSUMER\"} 1\n", await server.Ops.GetStringAsync("/metrics").Within(), StringComparison.Ordinal);
    }
}
