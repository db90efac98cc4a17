using Grpc.Core;
using Grpc.Net.Client;
using RetentionScore.Server.Options;

namespace RetentionScore.Server.Tests.Overload;

/// <summary>The limits, over real connections: what is new is refused and told when to come again, what is open is only not read.</summary>
public sealed class AdmissionTests
{
    private static Task<TestServer> StartAsync(Func<LimitOptions, LimitOptions> limits, TimeProvider? time = null) =>
        TestServer.StartAsync(options => options with { Limits = limits(options.Limits) }, time);

    private static void AssertTooMany(Refused refused, string field, int limit)
    {
        Assert.Equal(StatusCode.ResourceExhausted, refused.Code);
        Assert.Equal("TOO_MANY", refused.Reason);
        Assert.Equal(field, refused.Metadata["field"]);
        Assert.Equal(limit.ToString(System.Globalization.CultureInfo.InvariantCulture), refused.Metadata["limit"]);
        Assert.True(int.Parse(refused.Metadata["value"], System.Globalization.CultureInfo.InvariantCulture) >= limit);
        Assert.True(refused.RetryAfter >= TimeSpan.FromSeconds(1));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Starts_BeyondThoseOfASecond_AreRefusedUntilTimeHasPassed(bool ofTenant)
    {
        var time = new FakeTime();
        await using TestServer server = await StartAsync(
            limits => ofTenant ? limits with { TenantStartsPerSecond = 3, StartsPerSecond = 0 } : limits with { StartsPerSecond = 3 }, time);
        for (int i = 0; i < 3; i++)
        {
            using TestCall call = server.Call();
            await call.OpenAsync($"{i}");
        }

        using TestCall refused = server.Call();
        await refused.SendAsync(new CallStart { CallId = "late", ResumeFrom = 1 });
        AssertTooMany(await Refused.ByAsync(refused), ofTenant ? "tenant.starts_per_second" : "starts_per_second", 3);
        time.Advance(TimeSpan.FromSeconds(1));
        using TestCall again = server.Call();
        await again.OpenAsync("late");
    }

    [Fact]
    public async Task LiveCallsOfATenant_BeyondItsLimit_AreRefused_AndAttachingIsNot()
    {
        await using TestServer server = await StartAsync(limits => limits with { TenantLiveCalls = 1 });
        using (TestCall one = server.Call()) await one.OpenAsync("1");
        using TestCall two = server.Call(), again = server.Call();
        await two.SendAsync(new CallStart { CallId = "2", ResumeFrom = 1 });
        AssertTooMany(await Refused.ByAsync(two), "tenant.live_calls", 1);
        Assert.True((await again.OpenAsync("1", attempt: 1)).Resumed);
    }

    [Fact]
    public async Task Streams_BeyondTheLimit_AreRefused_UntilOneCloses()
    {
        await using TestServer server = await StartAsync(limits => limits with { MaxStreams = 2 });
        using TestCall one = server.Call(), two = server.Call();
        await one.OpenAsync("1");
        await two.OpenAsync("2");
        using (TestCall three = server.Call()) AssertTooMany(await Refused.ByAsync(three), "streams", 2);
        await one.HalfCloseAsync();
        await one.RestAsync();
        using TestCall again = server.Call();
        await again.OpenAsync("3");
    }

    [Fact]
    public async Task Connections_BeyondTheLimit_AreClosed_AndTheOpsPortStaysReachable()
    {
        await using TestServer server = await StartAsync(limits => limits with { MaxConnections = 1 });
        using TestCall one = server.Call();
        await one.OpenAsync("1");
        using TestCall other = server.CallOnItsOwnConnection(out GrpcChannel channel);
        using (channel)
        {
            await Assert.ThrowsAnyAsync<RpcException>(async () =>
            {
                await other.SendAsync(new CallStart { CallId = "2", ResumeFrom = 1 });
                await other.ReadAsync();
            });
        }

        Assert.Equal("ok\n", await server.Ops.GetStringAsync("/healthz").Within());
        await one.SayAsync(1, "still here");
    }

    [Theory]
    [InlineData("messages")]
    [InlineData("bytes")]
    [InlineData("tenant messages")]
    [InlineData("tenant bytes")]
    public async Task Messages_BeyondThoseOfASecond_AreNotReadUntilLater_AndNoneIsLost(string what)
    {
        const int Sent = 300;
        var time = new FakeTime();
        await using TestServer server = await StartAsync(
            limits => what switch
            {
                "messages" => limits with { MessagesPerSecond = 100 },
                "bytes" => limits with { BytesPerSecond = 10_000 },
                "tenant messages" => limits with { TenantMessagesPerSecond = 100 },
                _ => limits with { TenantBytesPerSecond = 10_000 },
            },
            time);
        using TestCall call = server.Call();
        await call.OpenAsync("c");
        for (uint seq = 1; seq <= Sent; seq++) await call.SendAsync(Say.Final(seq, new string('a', 80)));
        int answered = 0;
        Task reading = Task.Run(async () =>
        {
            while (Volatile.Read(ref answered) < Sent)
            {
                Assert.Equal((uint)answered + 1, (await call.UpdateAsync()).Seq);
                Interlocked.Increment(ref answered);
            }
        });
        await Task.WhenAny(reading, Task.Delay(500));
        // A second's worth and what was read ahead of the limit.
        Assert.InRange(Volatile.Read(ref answered), 60, 200);
        while (!reading.IsCompleted)
        {
            time.Advance(TimeSpan.FromSeconds(0.1));
            await Task.WhenAny(reading, Task.Delay(5));
        }

        await reading;
        Assert.Contains(
            await MetricLinesAsync(server), line => line.StartsWith("retentionscore_reading_paused_total", StringComparison.Ordinal) && !line.EndsWith(" 0", StringComparison.Ordinal));
    }

    [Fact]
    public async Task StreamThatIsNotRead_IsStillTakenOver()
    {
        var time = new FakeTime();
        await using TestServer server = await StartAsync(limits => limits with { MessagesPerSecond = 10 }, time);
        using TestCall call = server.Call(), other = server.Call();
        await call.OpenAsync("c");
        for (uint seq = 1; seq <= 200; seq++) await call.SendAsync(Say.Final(seq, "hello"));
        await Task.Delay(300);
        await other.OpenAsync("c", attempt: 1);
        Assert.Equal("SUPERSEDED", (await Refused.ByAsync(call)).Reason);
    }

    [Fact]
    public async Task Transcripts_BeyondThoseThatWait_AreRefused()
    {
        using var hold = new ManualResetEventSlim();
        await using TestServer server = await StartAsync(limits => limits with { MaxTranscripts = 1 });
        server.Service<Scoring.CallFactory>().BeforeAnswer = () => hold.Wait(Waiting.Limit);
        var request = new ScoreTranscriptRequest { Start = new CallStart { CallId = "t" } };
        // Long enough for a thread of its own: the pool's are not held up.
        for (uint i = 1; i <= 300; i++) request.Messages.Add(new ScoreCallRequest { Utterance = Say.Final(i, "hello") });
        var calls = Enumerable.Range(0, 12).Select(_ => server.Client.ScoreTranscript(request)).ToList();
        var ends = calls.Select(async call =>
        {
            try
            {
                while (await call.ResponseStream.MoveNext(CancellationToken.None).Within())
                {
                }

                return null;
            }
            catch (RpcException exception)
            {
                return Refused.From(exception);
            }
        }).ToList();
        await Waiting.UntilAsync(() => ends.Count(end => end.IsCompleted) >= 3);
        hold.Set();
        Refused?[] all = await Task.WhenAll(ends).Within();
        Assert.Equal(9, all.Count(refused => refused is null)); // one scored, eight that waited
        foreach (Refused? refused in all.Where(refused => refused is not null)) AssertTooMany(refused!, "transcripts", 1);
        calls.ForEach(call => call.Dispose());
    }

    private static async Task<string[]> MetricLinesAsync(TestServer server) => (await server.Ops.GetStringAsync("/metrics").Within()).Split('\n');
}
