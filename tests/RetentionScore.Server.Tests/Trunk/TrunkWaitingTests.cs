using System.Diagnostics;
using RetentionScore.Server.Calls;
using RetentionScore.Server.Draining;
using RetentionScore.Server.Options;
using static RetentionScore.Server.Tests.Trunk.TestTrunk;

namespace RetentionScore.Server.Tests.Trunk;

/// <summary>No call of a trunk waits for another's.</summary>
public sealed class TrunkWaitingTests
{
    private static readonly TimeSpan Ms = TimeSpan.FromMilliseconds(1);

    private static TestTrunk Open(TestServer server) => new(server.Client.ScoreCalls());

    /// <summary>Holds a call and lets go of it when it is told to, not when it is asked to.</summary>
    private static async Task<Action> HoldAsync(TestServer server, string id)
    {
        var calls = server.Service<CallRegistry>();
        var holder = new StreamControl(0);
        OpenOutcome held = await calls.OpenAsync(new CallStart { CallId = id, ResumeFrom = 1, Attempt = 1, Tenant = "default" }, holder);
        return () => calls.Release(held.Call!, holder);
    }

    [Fact]
    public async Task ChattyCall_DelaysNoOther()
    {
        await using TestServer server = await TestServer.StartAsync();
        using TestTrunk trunk = Open(server);
        await trunk.OpenAsync(1, "chatty");
        for (uint quiet = 2; quiet <= 5; quiet++) await trunk.OpenAsync(quiet, $"quiet{quiet}");
        trunk.Order.Clear();
        await trunk.SendAsync([
            .. Enumerable.Range(1, 1000).Select(seq => On(1, Say.Final((uint)seq, "and another thing"))),
            .. Enumerable.Range(2, 4).Select(quiet => On((uint)quiet, Say.Final(1, "hello")))]);
        for (uint seq = 1; seq <= 1000; seq++) Assert.Equal(seq, (await trunk.UpdateAsync(1)).Seq);
        // Taken in turn each is answered within a round; in the order they came they would be the last.
        for (uint quiet = 2; quiet <= 5; quiet++) Assert.InRange(trunk.Order.IndexOf(quiet), 0, 5);
    }

    [Fact]
    public async Task CallThatIsStillOpening_QueuesItsOwnMessages_AndHoldsUpNobody()
    {
        await using TestServer server = await TestServer.StartAsync();
        Action letGo = await HoldAsync(server, "held");
        using TestTrunk trunk = Open(server);
        await trunk.OpenAsync(2, "other");
        await trunk.SendAsync([
            On(1, new CallStart { CallId = "held", ResumeFrom = 1, Attempt = 2 }),
            .. Enumerable.Range(1, 256).Select(seq => On(1, Say.Final((uint)seq, "waits")))]);
        for (uint seq = 1; seq <= 10; seq++) Assert.Equal(seq, (await trunk.SayAsync(2, seq, "does not wait")).Seq);
        Assert.True(trunk.HasNothing(1));

        letGo();
        Assert.True((await trunk.ResponseAsync(1)).Opened.Resumed);
        for (uint seq = 1; seq <= 256; seq++) Assert.Equal(seq, (await trunk.UpdateAsync(1)).Seq);
    }

    [Fact]
    public async Task CallThatIsStillOpening_WithMoreMessagesThanItMayQueue_IsTooMany_AndIsFreeAgain()
    {
        await using TestServer server = await TestServer.StartAsync();
        Action letGo = await HoldAsync(server, "held");
        using TestTrunk trunk = Open(server);
        await trunk.SendAsync([
            On(1, new CallStart { CallId = "held", ResumeFrom = 1, Attempt = 2 }),
            .. Enumerable.Range(1, 257).Select(seq => On(1, Say.Final((uint)seq, "waits")))]);
        CallError error = await trunk.ErrorAsync(1);
        Assert.Equal("TOO_MANY", error.Reason);
        Assert.Equal("waiting_messages is 257, the limit is 256", error.Message);
        Assert.True(error.RetryAfterMs > 0);

        letGo();
        CallOpened opened = await trunk.OpenAsync(1, "held", attempt: 3);
        Assert.True(opened.Resumed);
        Assert.Equal(1u, opened.NextSeq);
    }

    [Fact]
    public async Task TrunkThatLeavesWhileACallOpens_LetsGoOfItOnceItIsOpen()
    {
        await using TestServer server = await TestServer.StartAsync();
        Action letGo = await HoldAsync(server, "held");
        using (TestTrunk trunk = Open(server))
        {
            await trunk.SendAsync(On(1, new CallStart { CallId = "held", ResumeFrom = 1, Attempt = 2 }), On(2, new CallStart { CallId = "other", ResumeFrom = 1 }));
            Assert.NotNull((await trunk.ResponseAsync(2)).Opened);
        }

        await Waiting.UntilAsync(() => server.Service<OpenStreams>().IsEmpty);
        letGo();
        // Nobody holds it: any attempt may have it.
        using TestTrunk next = Open(server);
        for (int tries = 0; ; tries++)
        {
            await next.SendAsync(On(1, new CallStart { CallId = "held", ResumeFrom = 1 }));
            CallReply reply = await next.ReadAsync(1);
            if (reply.OutcomeCase == CallReply.OutcomeOneofCase.Response) break;
            Assert.Equal("SUPERSEDED", reply.Error.Reason);
            Assert.InRange(tries, 0, 1000);
            await Task.Delay(5);
        }
    }

    [Fact]
    public async Task EndAndFlush_WaitForTheJournal_AndHoldUpNobody()
    {
        string folder = Directory.CreateTempSubdirectory("trunk-").FullName;
        try
        {
            var journal = new JournalOptions { Store = JournalStore.Sqlite, Path = Path.Combine(folder, "journal.db"), BatchDelay = 700 * Ms };
            await using TestServer server = await TestServer.StartAsync(options => options with { Journal = journal });
            using TestTrunk trunk = Open(server);
            for (uint channel = 1; channel <= 3; channel++) Assert.Equal(Durability.Node, (await trunk.OpenAsync(channel, $"c{channel}")).Durability);
            trunk.Order.Clear();
            var clock = Stopwatch.StartNew();
            await trunk.SendAsync(
                On(1, new CallEnd { Seq = 1 }), On(1, Say.Final(2, "behind the end")), On(2, Say.Final(1, "hello")), On(2, new Heartbeat { Flush = true }));
            for (uint seq = 1; seq <= 5; seq++) await trunk.SayAsync(3, seq, "hello");
            Assert.Equal(1u, (await trunk.UpdateAsync(2)).Seq);
            Assert.DoesNotContain(1u, trunk.Order);
            CallSummary summary = (await trunk.ResponseAsync(1)).Summary;
            Assert.InRange(clock.Elapsed, 100 * Ms, 5000 * Ms);
            Assert.Equal(1u, summary.Last.DurableSeq);
            Assert.DoesNotContain(Degradation.NotDurable, summary.Last.Degraded);
            Assert.Equal("CALL_ENDED", (await trunk.ErrorAsync(1)).Reason);
            HeartbeatReply flushed = (await trunk.ResponseAsync(2)).Heartbeat;
            Assert.Equal((2u, 1u), (flushed.NextSeq, flushed.DurableSeq));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task Drain_IsSaidOnce_StartsAreRefused_CallsGoOn_AndStopEndsTheTrunk()
    {
        await using TestServer server = await TestServer.StartAsync(
            options => options with { Drain = new DrainOptions { LameDuck = TimeSpan.Zero, Time = 1500 * Ms } });
        using TestTrunk trunk = Open(server);
        for (uint channel = 1; channel <= 10; channel++) await trunk.OpenAsync(channel, $"c{channel}");
        Task stopping = server.App.StopAsync();
        while (trunk.Draining.Count == 0) Assert.True(await trunk.PumpAsync());
        Assert.Equal(Phase.Draining, server.Service<ServerPhase>().Now);
        Assert.InRange(trunk.Draining[0].TimeLeftMs, 1u, 1500u);
        await trunk.SendAsync(On(11, new CallStart { CallId = "late", ResumeFrom = 1 }));
        CallError error = await trunk.ErrorAsync(11);
        Assert.Equal("DRAINING", error.Reason);
        Assert.True(error.RetryAfterMs > 0);
        Assert.Equal(1u, (await trunk.SayAsync(1, 1, "goes on")).Seq);
        Refused refused = await trunk.RefusedAsync();
        Assert.Equal("DRAINING", refused.Reason);
        Assert.NotNull(refused.RetryAfter);
        Assert.Single(trunk.Draining);
        await stopping.Within();
    }

    [Fact]
    public async Task TrunkThatSaysNothing_EndsIdle()
    {
        var time = new FakeTime();
        await using TestServer server = await TestServer.StartAsync(time: time);
        using TestTrunk trunk = Open(server), never = Open(server);
        await never.Raw.ResponseHeadersAsync.Within();
        await trunk.OpenAsync(1, "c");
        time.Advance(TimeSpan.FromSeconds(11));
        Assert.Equal("first_message_s", (await never.RefusedAsync()).Metadata["field"]);
        time.Advance(TimeSpan.FromSeconds(100));
        await trunk.SayAsync(1, 1, "still here");
        time.Advance(TimeSpan.FromSeconds(121));
        Refused refused = await trunk.RefusedAsync();
        Assert.Equal(("IDLE", "120"), (refused.Reason, refused.Metadata["limit"]));
        using TestTrunk again = Open(server);
        Assert.Equal(2u, (await again.OpenAsync(1, "c")).NextSeq);
    }

    [Fact]
    public async Task CallThatSaysNothingOnABusyTrunk_IsIdle_AndThatWithHeartbeatsIsNot()
    {
        var time = new FakeTime();
        await using TestServer server = await TestServer.StartAsync(time: time);
        using TestTrunk trunk = Open(server);
        await trunk.OpenAsync(1, "busy");
        await trunk.OpenAsync(2, "quiet");
        for (uint seq = 1; seq <= 3; seq++)
        {
            time.Advance(TimeSpan.FromSeconds(50));
            await trunk.SendAsync(On(1, new Heartbeat()));
            Assert.NotNull((await trunk.ResponseAsync(1)).Heartbeat);
        }

        await trunk.SendAsync(On(1, new Heartbeat()));
        Assert.NotNull((await trunk.ResponseAsync(1)).Heartbeat);
        CallError error = await trunk.ErrorAsync(2);
        Assert.Equal(("IDLE", (int)global::Grpc.Core.StatusCode.DeadlineExceeded), (error.Reason, error.Code));
        Assert.True((await trunk.OpenAsync(2, "quiet")).Resumed);
    }

    [Fact]
    public async Task ClientThatDoesNotRead_IsSlowConsumer_AndItsCallsAreFree()
    {
        await using TestServer server = await TestServer.StartAsync(
            options => options with { Calls = options.Calls with { SlowConsumer = TimeSpan.FromSeconds(2) } });
        using TestTrunk trunk = Open(server);
        await trunk.SendAsync(Enumerable.Range(1, 5).Select(channel => On((uint)channel, new CallStart { CallId = $"c{channel}", ResumeFrom = 1, Explain = true, Attempt = 1 })));
        for (uint seq = 1; seq <= 200; seq++)
            await trunk.SendAsync(Enumerable.Range(1, 5).Select(channel => On((uint)channel, Say.Final(seq, "I want to cancel my service, I am very unhappy."))));

        // Its calls can be taken over while it is waited for.
        using TestCall stream = server.Call();
        Assert.True((await stream.OpenAsync("c1", attempt: 2)).Resumed);
        await Waiting.UntilAsync(() => server.Service<OpenStreams>().Count == 1);
        Refused refused = await trunk.RefusedAsync();
        Assert.Equal(("SLOW_CONSUMER", "unread_s"), (refused.Reason, refused.Metadata["field"]));
        using TestTrunk again = Open(server);
        Assert.True((await again.OpenAsync(1, "c2")).Resumed);
    }
}
