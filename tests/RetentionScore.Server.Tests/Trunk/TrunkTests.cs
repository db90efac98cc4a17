using Grpc.Core;
using RetentionScore.Server.Options;
using RetentionScore.Server.Scoring;
using static RetentionScore.Server.Tests.Trunk.TestTrunk;

namespace RetentionScore.Server.Tests.Trunk;

public sealed class TrunkTests
{
    private static TestTrunk Open(TestServer server) => new(server.Client.ScoreCalls());

    [Fact]
    public async Task ManyCallsInOneRequest_AreEachAnsweredInTheirOrder()
    {
        await using TestServer server = await TestServer.StartAsync();
        using TestTrunk trunk = Open(server);
        uint[] channels = [0, 1, 7, 39_999, 40_000, uint.MaxValue];
        await trunk.SendAsync(channels.Select(channel => On(channel, new CallStart { CallId = $"c{channel}", ResumeFrom = 1 })));
        await trunk.SendAsync(Enumerable.Range(1, 50).SelectMany(seq => channels.Select(channel => On(channel, Say.Final((uint)seq, "I want to cancel my service.")))));
        await trunk.SendAsync(channels.Select(channel => On(channel, new CallEnd { Seq = 51 })));
        await trunk.HalfCloseAsync();
        await trunk.DrainAsync();
        foreach (uint channel in channels)
        {
            Assert.Equal($"c{channel}", (await trunk.ResponseAsync(channel)).Opened.CallId);
            for (uint seq = 1; seq <= 50; seq++)
            {
                ScoreUpdate update = await trunk.UpdateAsync(channel);
                Assert.Equal(seq, update.Seq);
                Assert.False(update.Duplicate);
            }

            Assert.Equal($"c{channel}", (await trunk.ResponseAsync(channel)).Summary.CallId);
            Assert.True(trunk.HasNothing(channel));
        }

        Assert.All(trunk.Batches, batch => Assert.InRange(batch, 1, 64));
        Assert.Contains(trunk.Batches, batch => batch > 1);
        Assert.Equal(0, server.Service<RetentionScore.Server.Calls.CallRegistry>().Live);
    }

    [Fact]
    public async Task ErrorInOneCall_DetachesThatCall_DropsUntilItsNextStart_AndTouchesNoOther()
    {
        await using TestServer server = await TestServer.StartAsync();
        using TestTrunk trunk = Open(server);
        await trunk.OpenAsync(1, "one");
        await trunk.OpenAsync(2, "two");
        await trunk.SayAsync(1, 1, "hello");
        await trunk.SendAsync(On(1, Say.Final(5, "a gap")), On(1, Say.Final(2, "dropped")), On(2, Say.Final(1, "hello")), On(1, new Heartbeat()));
        CallError error = await trunk.ErrorAsync(1);
        Assert.Equal((int)StatusCode.FailedPrecondition, error.Code);
        Assert.Equal("SEQUENCE_GAP", error.Reason);
        Assert.Equal(2u, error.NextSeq);
        Assert.Equal("utterance.seq", error.Field);
        Assert.Contains("utterance.seq is 5, the next is 2", error.Message, StringComparison.Ordinal);
        Assert.Equal(1u, (await trunk.UpdateAsync(2)).Seq);

        await trunk.SendAsync(On(1, new CallStart { CallId = "one", ResumeFrom = 2 }), On(1, Say.Final(2, "again")));
        CallOpened opened = (await trunk.ResponseAsync(1)).Opened;
        Assert.True(opened.Resumed);
        Assert.Equal(2u, opened.NextSeq);
        Assert.Equal(2u, (await trunk.UpdateAsync(1)).AsOfSeq);
    }

    [Theory]
    [InlineData("utterance")]
    [InlineData("heartbeat")]
    public async Task ChannelWithoutAStart_IsInvalid_OnceAndForItself(string member)
    {
        await using TestServer server = await TestServer.StartAsync();
        using TestTrunk trunk = Open(server);
        CallRequest wrong = member == "utterance" ? On(9, Say.Final(1, "hello")) : On(9, new Heartbeat());
        await trunk.SendAsync(wrong, wrong, On(1, new CallStart { CallId = "c", ResumeFrom = 1 }));
        CallError error = await trunk.ErrorAsync(9);
        Assert.Equal((int)StatusCode.InvalidArgument, error.Code);
        Assert.Equal("INVALID_MESSAGE", error.Reason);
        Assert.Equal("message", error.Field);
        Assert.NotNull((await trunk.ResponseAsync(1)).Opened);
        Assert.True(trunk.HasNothing(9));
    }

    [Fact]
    public async Task WrongStarts_SayWhatAStreamWouldSay()
    {
        await using TestServer server = await TestServer.StartAsync();
        using TestTrunk trunk = Open(server);
        using TestTrunk other = Open(server);
        await other.OpenAsync(1, "lives", attempt: 5);
        await trunk.SendAsync(
            On(1, new CallStart { CallId = "" }),
            On(2, new CallStart { CallId = "c", Policy = "none" }),
            On(3, new CallStart { CallId = "lives", ResumeFrom = 0 }),
            On(4, new CallStart { CallId = "lives", ResumeFrom = 1, Attempt = 4 }),
            On(5, new CallStart { CallId = "gone", ResumeFrom = 7 }),
            On(6, new CallStart { CallId = "c", Tenant = "foreign" }));
        string[] reasons = new string[6];
        for (uint channel = 1; channel <= 6; channel++) reasons[channel - 1] = (await trunk.ErrorAsync(channel)).Reason;
        Assert.Equal(["INVALID_MESSAGE", "UNKNOWN_POLICY", "CALL_EXISTS", "SUPERSEDED", "HISTORY_LOST", "FORBIDDEN"], reasons);
        Assert.Equal(1u, (await other.SayAsync(1, 1, "still here")).Seq);
    }

    [Fact]
    public async Task SecondStartOnAnOpenChannel_IsThatCallsError()
    {
        await using TestServer server = await TestServer.StartAsync();
        using TestTrunk trunk = Open(server);
        await trunk.OpenAsync(1, "c");
        await trunk.SendAsync(On(1, new CallStart { CallId = "d", ResumeFrom = 1 }));
        Assert.Equal("INVALID_MESSAGE", (await trunk.ErrorAsync(1)).Reason);
        Assert.True((await trunk.OpenAsync(1, "c")).Resumed);
    }

    [Fact]
    public async Task Channel_IsFreeAfterTheSummary()
    {
        await using TestServer server = await TestServer.StartAsync();
        using TestTrunk trunk = Open(server);
        await trunk.OpenAsync(3, "first");
        CallSummary told = await trunk.EndAsync(3, 1);
        await trunk.SendAsync(On(3, new Heartbeat()), On(3, Say.Final(2, "too late")));
        CallError error = await trunk.ErrorAsync(3);
        Assert.Equal("CALL_ENDED", error.Reason);
        Assert.Equal((int)StatusCode.FailedPrecondition, error.Code);
        Assert.False((await trunk.OpenAsync(3, "second")).Resumed);
        Assert.Equal(1u, (await trunk.SayAsync(3, 1, "hello")).Seq);

        CallOpened again = await trunk.OpenAsync(4, "first");
        Assert.True(again.Ended);
        Assert.Equal(told, await trunk.EndAsync(4, 1));
    }

    [Fact]
    public async Task CallOfATrunk_IsTakenOverByAStream_AndTheReverse()
    {
        await using TestServer server = await TestServer.StartAsync();
        using TestTrunk trunk = Open(server);
        await trunk.OpenAsync(1, "c", attempt: 1);
        await trunk.OpenAsync(2, "other");
        await trunk.SayAsync(1, 1, "hello");

        using TestCall stream = server.Call();
        Assert.Equal(2u, (await stream.OpenAsync("c", attempt: 2)).NextSeq);
        CallError error = await trunk.ErrorAsync(1);
        Assert.Equal((int)StatusCode.Aborted, error.Code);
        Assert.Equal("SUPERSEDED", error.Reason);
        await stream.SayAsync(2, "hm");

        Assert.Equal(3u, (await trunk.OpenAsync(1, "c", attempt: 3)).NextSeq);
        Assert.Equal("SUPERSEDED", (await Refused.ByAsync(stream)).Reason);
        Assert.Equal(3u, (await trunk.SayAsync(1, 3, "mine again")).Seq);

        // By another channel of the same trunk.
        Assert.Equal(4u, (await trunk.OpenAsync(8, "c", attempt: 4)).NextSeq);
        Assert.Equal("SUPERSEDED", (await trunk.ErrorAsync(1)).Reason);
        Assert.Equal(4u, (await trunk.SayAsync(8, 4, "and again")).Seq);
        Assert.Equal(1u, (await trunk.SayAsync(2, 1, "unmoved")).Seq);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task TrunkThatEnds_DetachesAllCalls(bool cancel)
    {
        await using TestServer server = await TestServer.StartAsync();
        using (TestTrunk trunk = Open(server))
        {
            for (uint i = 0; i < 10; i++) await trunk.OpenAsync(i, $"c{i}");
            for (uint i = 0; i < 10; i++) await trunk.SayAsync(i, 1, "I want to cancel.");
            if (!cancel)
            {
                await trunk.HalfCloseAsync();
                await trunk.DrainAsync();
            }
        }

        using TestTrunk second = Open(server);
        for (uint i = 0; i < 10; i++)
        {
            CallOpened opened = await second.OpenAsync(i + 100, $"c{i}", resumeFrom: 2, attempt: 1);
            Assert.True(opened.Resumed);
            Assert.Equal(2u, opened.NextSeq);
        }

        Assert.Equal(10, server.Service<RetentionScore.Server.Calls.CallRegistry>().Live);
    }

    [Fact]
    public async Task Heartbeats_AreEachCallsOwn()
    {
        await using TestServer server = await TestServer.StartAsync();
        using TestTrunk trunk = Open(server);
        await trunk.OpenAsync(1, "one");
        await trunk.OpenAsync(2, "two");
        await trunk.SayAsync(2, 1, "hello");
        await trunk.SendAsync(On(1, new Heartbeat()), On(2, new Heartbeat { Flush = true }));
        Assert.Equal(1u, (await trunk.ResponseAsync(1)).Heartbeat.NextSeq);
        Assert.Equal(2u, (await trunk.ResponseAsync(2)).Heartbeat.NextSeq);
    }

    [Fact]
    public async Task BugOutsideOfScoring_IsTheErrorOfItsCall()
    {
        int left = 0;
        await using TestServer server = await TestServer.StartAsync();
        server.Service<CallFactory>().BeforeAnswer = () =>
        {
            if (Interlocked.Exchange(ref left, 0) == 1) throw new InvalidOperationException("secret");
        };
        using TestTrunk trunk = Open(server);
        await trunk.OpenAsync(1, "one");
        await trunk.OpenAsync(2, "two");
        Interlocked.Exchange(ref left, 1);
        await trunk.SendAsync(On(1, Say.Final(1, "hello")));
        CallError error = await trunk.ErrorAsync(1);
        Assert.Equal((int)StatusCode.Internal, error.Code);
        Assert.Equal("INTERNAL", error.Reason);
        Assert.DoesNotContain("secret", error.Message, StringComparison.Ordinal);
        Assert.Equal(1u, (await trunk.SayAsync(2, 1, "goes on")).Seq);
        Assert.Contains(server.Log.Lines, line => line.Contains("InvalidOperationException", StringComparison.Ordinal));
        Assert.DoesNotContain(server.Log.Lines, line => line.Contains("secret", StringComparison.Ordinal));
    }

    [Fact]
    public async Task RequestWithTooManyMessages_EndsTheTrunk_NamingFieldValueAndLimit()
    {
        await using TestServer server = await TestServer.StartAsync(options => options with { Limits = options.Limits with { MaxBatch = 3 } });
        Assert.Equal(3u, (await server.Client.GetServerInfoAsync(new GetServerInfoRequest()).ResponseAsync.Within()).Limits.MaxBatch);
        using TestTrunk trunk = Open(server);
        await trunk.OpenAsync(1, "c");
        await trunk.SendAsync(Enumerable.Range(1, 3).Select(seq => On(1, Say.Final((uint)seq, "fits"))));
        for (uint seq = 1; seq <= 3; seq++) Assert.Equal(seq, (await trunk.UpdateAsync(1)).Seq);
        await trunk.SendAsync(Enumerable.Range(4, 4).Select(seq => On(1, Say.Final((uint)seq, "one too many"))));
        Refused refused = await trunk.RefusedAsync();
        Assert.Equal("INVALID_MESSAGE", refused.Reason);
        Assert.Equal(("requests", "4", "3 or fewer (max_batch)"), (refused.Metadata["field"], refused.Metadata["value"], refused.Metadata["limit"]));
    }

    [Fact]
    public async Task MoreCallsThanATrunkMayHave_AreRefused_EachForItself()
    {
        await using TestServer server = await TestServer.StartAsync(options => options with { Limits = options.Limits with { MaxCallsPerTrunk = 2 } });
        Assert.Equal(2u, (await server.Client.GetServerInfoAsync(new GetServerInfoRequest()).ResponseAsync.Within()).Limits.MaxCallsPerTrunk);
        using TestTrunk trunk = Open(server);
        await trunk.OpenAsync(10, "a");
        await trunk.OpenAsync(20, "b");
        await trunk.SendAsync(On(30, new CallStart { CallId = "c", ResumeFrom = 1 }));
        CallError error = await trunk.ErrorAsync(30);
        Assert.Equal("TOO_MANY", error.Reason);
        Assert.Equal((int)StatusCode.ResourceExhausted, error.Code);
        Assert.Equal("calls_per_trunk", error.Field);
        Assert.Equal("calls_per_trunk is 2, the limit is 2", error.Message);
        Assert.True(error.RetryAfterMs > 0);
        await trunk.EndAsync(10, 1);
        await trunk.OpenAsync(30, "c");
    }

    [Fact]
    public async Task RubbishInsteadOfARequest_IsInvalidForTheTrunk()
    {
        await using TestServer server = await TestServer.StartAsync();
        Marshaller<byte[]> bytes = Marshallers.Create(b => b, b => b);
        var method = new Method<byte[], byte[]>(MethodType.DuplexStreaming, "retentionscore.v1.ScoringService", "ScoreCalls", bytes, bytes);
        using AsyncDuplexStreamingCall<byte[], byte[]> call = server.Channel.CreateCallInvoker().AsyncDuplexStreamingCall(method, null, new global::Grpc.Core.CallOptions());
        await call.RequestStream.WriteAsync([0x0a, 0x7f, 1, 2]).Within();
        RpcException exception = await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext(CancellationToken.None).Within());
        Refused refused = Refused.From(exception);
        Assert.Equal("INVALID_MESSAGE", refused.Reason);
        Assert.Equal("message", refused.Metadata["field"]);
    }
}
