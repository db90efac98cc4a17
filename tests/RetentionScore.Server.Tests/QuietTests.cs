using Grpc.Core;

namespace RetentionScore.Server.Tests;

/// <summary>What time does to calls: idle streams, windows, the arrival clock.</summary>
public sealed class QuietTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Fact]
    public async Task NobodySpoke_EndsTheStreamIdle_AndTheCallLivesOn()
    {
        var time = new FakeTime();
        await using TestServer server = await TestServer.StartAsync(time: time);
        using (TestCall call = server.Call())
        {
            await call.OpenAsync("c");
            await call.SayAsync(1, "hello");
            time.Advance(119 * Second);
            await call.SayAsync(2, "still here");
            time.Advance(121 * Second);
            Refused refused = await Refused.ByAsync(call);
            Assert.Equal(StatusCode.DeadlineExceeded, refused.Code);
            Assert.Equal("IDLE", refused.Reason);
            Assert.Equal("120", refused.Metadata["limit"]);
        }

        using TestCall again = server.Call();
        Assert.Equal(3u, (await again.OpenAsync("c")).NextSeq);
    }

    [Fact]
    public async Task StreamThatNeverStarts_EndsIdleAfterTenSeconds_AndThatWasOpenedDoesNot()
    {
        var time = new FakeTime();
        await using TestServer server = await TestServer.StartAsync(time: time);
        using TestCall call = server.Call(), opened = server.Call();
        await call.Raw.ResponseHeadersAsync.Within();
        await opened.OpenAsync("c");
        time.Advance(11 * Second);
        Refused refused = await Refused.ByAsync(call);
        Assert.Equal(("IDLE", "first_message_s", "10"), (refused.Reason, refused.Metadata["field"], refused.Metadata["limit"]));
        await opened.SayAsync(1, "hello");
    }

    [Fact]
    public async Task Heartbeat_IsAnsweredAtOnce_AlsoWithFlush_AndKeepsTheStream()
    {
        var time = new FakeTime();
        await using TestServer server = await TestServer.StartAsync(time: time);
        using TestCall call = server.Call();
        await call.OpenAsync("c");
        await call.SayAsync(1, "hello");
        for (int i = 0; i < 10; i++)
        {
            time.Advance(60 * Second);
            await call.SendAsync(new ScoreCallRequest { Heartbeat = new Heartbeat { Flush = i % 2 == 0 } });
            HeartbeatReply reply = (await call.ReadAsync()).Heartbeat;
            Assert.Equal(2u, reply.NextSeq);
            Assert.Equal(0u, reply.DurableSeq);
            Assert.Equal(time.GetUtcNow().ToUnixTimeMilliseconds(), reply.ServerTimeUnixMs);
        }
    }

    [Fact]
    public async Task DetachedCall_LivesForTheWindow_ThenEndsUnspecified_ThenIsForgotten()
    {
        var time = new FakeTime();
        await using TestServer server = await TestServer.StartAsync(time: time);
        await OpenAndLeaveAsync(server, "c");
        time.Advance(299 * Second);
        using (TestCall inTime = server.Call())
        {
            Assert.False((await inTime.OpenAsync("c", resumeFrom: 2)).Ended);
            await inTime.HalfCloseAsync();
            await inTime.RestAsync();
        }

        time.Advance(302 * Second);
        using (TestCall late = server.Call())
        {
            CallOpened opened = await late.OpenAsync("c", resumeFrom: 2);
            Assert.True(opened.Ended);
            CallSummary summary = await late.EndAsync(2, Disposition.Saved);
            Assert.Equal(Disposition.Unspecified, summary.Disposition);
            await late.HalfCloseAsync();
            await late.RestAsync();
        }

        time.Advance(302 * Second);
        using TestCall forgotten = server.Call();
        await forgotten.SendAsync(new CallStart { CallId = "c", ResumeFrom = 2 });
        Assert.Equal("HISTORY_LOST", (await Refused.ByAsync(forgotten)).Reason);
    }

    [Fact]
    public async Task ReapedCalls_GiveTheirPlacesBack()
    {
        var time = new FakeTime();
        await using TestServer server = await TestServer.StartAsync(options => options with { Limits = options.Limits with { MaxLiveCalls = 1 } }, time);
        await OpenAndLeaveAsync(server, "a");
        time.Advance(302 * Second);
        await OpenAndLeaveAsync(server, "b");
        Assert.Contains("retentionscore_live_calls 1\n", await server.Ops.GetStringAsync("/metrics").Within(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task AttachedCallWithHeartbeats_IsNeverReaped()
    {
        var time = new FakeTime();
        await using TestServer server = await TestServer.StartAsync(time: time);
        using TestCall call = server.Call();
        await call.OpenAsync("c");
        for (int i = 0; i < 60; i++)
        {
            time.Advance(20 * Second);
            await call.SendAsync(new ScoreCallRequest { Heartbeat = new Heartbeat() });
            await call.ReadAsync();
        }

        Assert.Equal(1u, (await call.SayAsync(1, "back again")).Seq);
    }

    [Fact]
    public async Task MissingTimings_AreFilledFromTheArrivalClockAndEchoed()
    {
        var time = new FakeTime();
        await using TestServer server = await TestServer.StartAsync(time: time);
        using TestCall call = server.Call();
        await call.OpenAsync("c");
        time.Advance(10 * Second);
        await call.SendAsync(new Utterance { Seq = 1, Speaker = Speaker.Customer, Text = "one two three" });
        ScoreUpdate first = await call.UpdateAsync();
        Assert.Equal(10_000, first.EndMs);
        Assert.Equal(10_000 - 400 - 3 * 330, first.StartMs);
        Assert.DoesNotContain(Degradation.TimingsEstimated, first.Degraded);
        time.Advance(TimeSpan.FromMilliseconds(500));
        await call.SendAsync(new Utterance { Seq = 2, Speaker = Speaker.Agent, Text = "one two three" });
        ScoreUpdate second = await call.UpdateAsync();
        // Nobody interrupted because of a time that was made up.
        Assert.Equal(10_000, second.StartMs);
        Assert.Equal(10_500, second.EndMs);
        await call.SendAsync(new Utterance { Seq = 3, Speaker = Speaker.Agent, Text = "told", StartMs = 20_000, EndMs = 21_000 });
        ScoreUpdate third = await call.UpdateAsync();
        Assert.False(third.HasStartMs);
        Assert.False(third.HasEndMs);
        // The clock goes on from the latest time that was told.
        time.Advance(2 * Second);
        await call.SendAsync(new CallEvent { Seq = 4, Kind = CallEventKind.Tick });
        Assert.Equal(23_000, (await call.UpdateAsync()).EndMs);
    }

    [Fact]
    public async Task EchoedTimings_SentAgain_GiveTheSameScores()
    {
        var time = new FakeTime();
        await using TestServer server = await TestServer.StartAsync(time: time);
        using TestCall first = server.Call(), second = server.Call();
        await first.OpenAsync("a");
        await second.OpenAsync("b");
        string[] texts = ["I want to cancel my service.", "Why do you want to leave?", "I would rather not say.", "But why do you want to leave us?"];
        for (uint i = 0; i < texts.Length; i++)
        {
            time.Advance(4 * Second);
            var utterance = new Utterance { Seq = i + 1, Speaker = i % 2 == 0 ? Speaker.Customer : Speaker.Agent, Text = texts[i] };
            await first.SendAsync(utterance);
            ScoreUpdate live = await first.UpdateAsync();
            (utterance.StartMs, utterance.EndMs) = (live.StartMs, live.EndMs);
            await second.SendAsync(utterance);
            ScoreUpdate replayed = await second.UpdateAsync();
            live.ClearStartMs();
            live.ClearEndMs();
            (live.Latency, replayed.Latency) = (null, null);
            Assert.Equal(live, replayed);
        }
    }

    [Fact]
    public async Task Latency_IsReceipted_AndStalenessWhereTheClockAllows()
    {
        var time = new FakeTime();
        await using TestServer server = await TestServer.StartAsync(time: time);
        using TestCall call = server.Call();
        await call.OpenAsync(new CallStart { CallId = "c", ResumeFrom = 1, StartedAtUnixMs = time.GetUtcNow().ToUnixTimeMilliseconds() });
        time.Advance(6 * Second);
        await call.SendAsync(new Utterance { Seq = 1, Speaker = Speaker.Customer, Text = "hello", StartMs = 4000, EndMs = 5200 });
        Assert.Equal(800, (await call.UpdateAsync()).Latency.StalenessMs);
        await call.SendAsync(new Utterance { Seq = 2, Speaker = Speaker.Customer, Text = "hello", StartMs = 7000, EndMs = 7200 });
        Assert.False((await call.UpdateAsync()).Latency.HasStalenessMs);
    }

    private static async Task OpenAndLeaveAsync(TestServer server, string id)
    {
        using TestCall call = server.Call();
        await call.OpenAsync(id);
        await call.SayAsync(1, "hello");
        await call.HalfCloseAsync();
        Assert.Empty(await call.RestAsync());
    }
}
