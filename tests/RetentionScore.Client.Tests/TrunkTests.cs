using System.Diagnostics;
using RetentionScore.Server.Options;

namespace RetentionScore.Client.Tests;

/// <summary>Calls on a trunk: the same promises, and nobody pays for another call.</summary>
public sealed class TrunkTests
{
    [Fact]
    public async Task Call_FromStartToSummary_EveryMessageIsAnswered()
    {
        await using TestNode node = await TestNode.StartAsync();
        await using ScoringClient client = TestClient.Of(node.Address);
        await using ScoringTrunk trunk = client.OpenTrunk();
        await using ScoredCall call = await trunk.StartCallAsync("c").Within();
        Assert.Equal(CallState.Attached, call.Status.State);
        Task<List<ScoreUpdate>> reading = call.Updates().AllAsync();
        var changes = call.Changes();
        for (int n = 1; n <= 8; n++)
        {
            SendResult result = await call.SendAsync(Say.Turn(n)).Within();
            Assert.Equal((SendOutcome.Answered, (uint)n, (uint)n), (result.Outcome, result.Seq, result.Update!.AsOfSeq));
        }

        EndResult ended = await call.EndAsync(Disposition.Saved).Within();
        Assert.Equal(8u, ended.Summary!.Utterances);
        Assert.Equal(Disposition.Saved, ended.Summary.Disposition);
        Assert.Equal(Enumerable.Range(1, 8).Select(n => (uint)n), (await reading.Within()).Select(update => update.Seq));
        Assert.NotEmpty(changes);
        Assert.Equal(0, call.Status.Breaks);
        await Waiting.UntilAsync(() => trunk.OpenCalls == 0, "the end of the call");
    }

    [Fact]
    public async Task ManyCalls_SendAtOnce_GoTogether()
    {
        await using ScriptedNode node = await ScriptedNode.StartAsync();
        await using ScoringClient client = TestClient.Of(node.Address);
        await using ScoringTrunk trunk = client.OpenTrunk();
        ScoredCall[] calls = await Task.WhenAll(Enumerable.Range(0, 100).Select(i => trunk.StartCallAsync($"c{i}"))).Within();
        await Task.WhenAll(calls.Select(async call =>
        {
            for (int n = 1; n <= 20; n++) Assert.Equal(SendOutcome.Answered, (await call.SendAsync(Say.Turn(n)).Within()).Outcome);
        })).Within();
        Assert.Equal(1, node.Trunks);
        Assert.True(node.TrunkMessages >= 2100, $"{node.TrunkMessages} messages");
        Assert.True(node.TrunkRequests < node.TrunkMessages / 2, $"{node.TrunkMessages} messages in {node.TrunkRequests} requests");
    }

    [Fact]
    public async Task CallIdAgain_IsTakenOverByTheNewerStart_OthersDoNotNotice()
    {
        await using TestNode node = await TestNode.StartAsync();
        await using ScoringClient client = TestClient.Of(node.Address);
        await using ScoringTrunk trunk = client.OpenTrunk();
        await using ScoredCall other = await trunk.StartCallAsync("other").Within();
        await using ScoredCall first = await trunk.StartCallAsync("c").Within();
        await first.SendAsync(Say.Turn(1)).Within();
        await using ScoredCall second = await trunk.StartCallAsync("c").Within();
        await Waiting.UntilAsync(() => first.Status.IsOver, "the take-over");
        Assert.Equal("SUPERSEDED", first.Status.Refusal!.Reason);
        Assert.Equal(2u, (await second.SendAsync(Say.Turn(2)).Within()).Seq);
        Assert.Equal(SendOutcome.Answered, (await other.SendAsync(Say.Turn(1)).Within()).Outcome);
        Assert.Equal(0, other.Status.Breaks);
    }

    [Fact]
    public async Task RefusedCall_LeavesTheOthers()
    {
        await using TestNode node = await TestNode.StartAsync();
        await using ScoringClient client = TestClient.Of(node.Address);
        await using ScoringTrunk trunk = client.OpenTrunk();
        ScoredCall[] good = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => trunk.StartCallAsync($"good-{i}"))).Within();
        ScoredCall[] bad = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => trunk.StartCallAsync(new CallStart { CallId = $"bad-{i}", ResumeFrom = 1, Policy = "none" }))).Within();
        foreach (ScoredCall call in bad) Assert.Equal((CallState.GivenUp, "UNKNOWN_POLICY"), (call.Status.State, call.Status.Refusal!.Reason));
        ScoredCall[] more = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => trunk.StartCallAsync($"more-{i}"))).Within(); // on channels that were refused
        foreach (ScoredCall call in good.Concat(more))
        {
            for (int n = 1; n <= 4; n++) Assert.Equal((uint)n, (await call.SendAsync(Say.Turn(n)).Within()).Update!.Seq);
            Assert.Equal(4u, (await call.EndAsync().Within()).Summary!.Utterances);
            Assert.Equal(0, call.Status.Breaks);
        }
    }

    [Fact]
    public async Task CallThatWasLeft_KeepsItsChannel_UntilTheServerHasLetGoOfIt()
    {
        await using TestNode node = await TestNode.StartAsync();
        await using ScoringClient client = TestClient.Of(node.Address);
        await using ScoringTrunk trunk = client.OpenTrunk();
        for (int round = 0; round < 20; round++)
        {
            await using (ScoredCall left = await trunk.StartCallAsync("left").Within()) // takes it from the round before
            {
                Assert.Equal((uint)round + 1, (await left.SendAsync(Say.Turn(round + 1)).Within()).Update!.Seq);
            }

            await using ScoredCall other = await trunk.StartCallAsync($"other-{round}").Within();
            Assert.Equal(1u, (await other.SendAsync(Say.Turn(1)).Within()).Update!.Seq);
            Assert.Equal(1u, (await other.EndAsync().Within()).Summary!.Utterances);
            Assert.Equal(0, other.Status.Breaks);
        }
    }

    [Fact]
    public async Task ChannelThatSaidNothing_IsQuiet_AndComesBackByItself()
    {
        await using TestNode node = await TestNode.StartAsync(options => options with { Calls = options.Calls with { TickInterval = TimeSpan.Zero, IdleTimeout = TimeSpan.FromSeconds(1) } });
        await using ScoringClient client = TestClient.Of(node.Address, options => options with { HeartbeatInterval = TimeSpan.FromSeconds(20) });
        await using ScoringTrunk trunk = client.OpenTrunk();
        await using ScoredCall quiet = await trunk.StartCallAsync("quiet").Within();
        await using ScoredCall talking = await trunk.StartCallAsync("talking").Within();
        for (int n = 1; quiet.Status.State != CallState.Quiet; n++)
        {
            Assert.Equal(SendOutcome.Answered, (await talking.SendAsync(Say.Turn(n)).Within()).Outcome);
            Assert.True(n < 200, "in vain waited for the silence to be noticed");
            await Task.Delay(50);
        }

        Assert.Equal("IDLE", quiet.Status.Refusal!.Reason);
        await quiet.SendAsync(Say.Turn(1)).Within();
        Assert.Equal(1u, (await quiet.EndAsync().Within()).Summary!.Utterances);
        Assert.Equal(0, talking.Status.Breaks);
    }

    [Fact]
    public async Task Heartbeats_KeepEveryChannel()
    {
        await using TestNode node = await TestNode.StartAsync(options => options with { Calls = options.Calls with { TickInterval = TimeSpan.Zero, IdleTimeout = TimeSpan.FromSeconds(1) } });
        await using ScoringClient client = TestClient.Of(node.Address, options => options with { HeartbeatInterval = TimeSpan.FromMilliseconds(100) });
        await using ScoringTrunk trunk = client.OpenTrunk();
        ScoredCall[] calls = await Task.WhenAll(Enumerable.Range(0, 10).Select(i => trunk.StartCallAsync($"c{i}"))).Within();
        await Task.Delay(3000);
        Assert.All(calls, call => Assert.Equal((CallState.Attached, 0), (call.Status.State, call.Status.Breaks)));
    }

    [Fact]
    public async Task Silence_IsToldByTicksOnEveryChannel()
    {
        await using TestNode node = await TestNode.StartAsync(options => options with { Calls = options.Calls with { TickInterval = TimeSpan.FromMilliseconds(50) } });
        await using ScoringClient client = TestClient.Of(node.Address);
        await using ScoringTrunk trunk = client.OpenTrunk();
        ScoredCall[] calls = await Task.WhenAll(Enumerable.Range(0, 5).Select(i => trunk.StartCallAsync($"c{i}"))).Within();
        await Waiting.UntilAsync(() => calls.All(call => call.Status.AnsweredSeq >= 4), "ticks");
    }

    [Fact]
    public async Task SlowReaderOfOneCall_HoldsUpNoOther_NorItself()
    {
        await using TestNode node = await TestNode.StartAsync();
        await using ScoringClient client = TestClient.Of(node.Address, options => options with { MaxWaitingUpdates = 4 });
        await using ScoringTrunk trunk = client.OpenTrunk();
        await using ScoredCall slow = await trunk.StartCallAsync("slow").Within();
        await using ScoredCall other = await trunk.StartCallAsync("other").Within();
        using var never = new ManualResetEventSlim();
        slow.RecommendationChanged += (_, _) => never.Wait(TimeSpan.FromSeconds(10));
        await using IAsyncEnumerator<ScoreUpdate> reader = slow.Updates().GetAsyncEnumerator();
        Task<List<ScoreUpdate>> reading = other.Updates().AllAsync();
        var clock = Stopwatch.StartNew();
        for (int n = 1; n <= 200; n++)
        {
            Assert.Equal(SendOutcome.Answered, (await slow.SendAsync(Say.Turn(n)).Within()).Outcome);
            Assert.Equal(SendOutcome.Answered, (await other.SendAsync(Say.Turn(n)).Within()).Outcome);
            if (n == 1) Assert.True(await reader.MoveNextAsync().Within()); // and then no more
        }

        Assert.Equal(200u, (await other.EndAsync().Within()).Summary!.Utterances);
        Assert.Equal(200u, (await slow.EndAsync().Within()).Summary!.Utterances);
        Assert.InRange(clock.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(9));
        Assert.Equal(195, slow.Status.UnreadUpdates);
        Assert.Equal(200 - other.Status.UnreadUpdates, (await reading.Within()).Count);
        never.Set();
    }

    [Fact]
    public async Task NoServer_NobodyWaitsLongerThanTold_AndEverythingArrivesLater()
    {
        await using TestNode node = await TestNode.StartAsync();
        await using var relay = new Relay(node.Address) { IsRefusing = true };
        await using ScoringClient client = TestClient.Of(relay.Address, options => options with { SendLimit = TimeSpan.FromMilliseconds(200) });
        await using ScoringTrunk trunk = client.OpenTrunk();
        var clock = Stopwatch.StartNew();
        ScoredCall[] calls = await Task.WhenAll(Enumerable.Range(0, 50).Select(i => trunk.StartCallAsync($"c{i}"))).Within();
        Assert.InRange(clock.ElapsedMilliseconds, 150, 2000);
        clock.Restart();
        foreach (ScoredCall call in calls)
        {
            for (int n = 1; n <= 10; n++) Assert.Equal(SendOutcome.Kept, (await call.SendAsync(Say.Turn(n)).Within()).Outcome);
        }

        Assert.InRange(clock.ElapsedMilliseconds, 0, 2000);
        await Task.Delay(1000);
        // One line is tried for all of them, later and later: up to 10, 20, 40 … 200 ms each.
        Assert.InRange(relay.Accepted, 2, 100);
        relay.IsRefusing = false;
        foreach (EndResult ended in await Task.WhenAll(calls.Select(call => call.EndAsync())).Within()) Assert.Equal(10u, ended.Summary!.Utterances);
    }

    [Fact]
    public async Task SilentConnection_SendReturnsInTime_AndTheTrunkIsGivenUpForAnother()
    {
        await using TestNode node = await TestNode.StartAsync();
        await using var relay = new Relay(node.Address);
        await using ScoringClient client = TestClient.Of(relay.Address, options => options with { SendLimit = TimeSpan.FromMilliseconds(100), AnswerLimit = TimeSpan.FromMilliseconds(400), OpenLimit = TimeSpan.FromMilliseconds(400) });
        await using ScoringTrunk trunk = client.OpenTrunk();
        ScoredCall[] calls = await Task.WhenAll(Enumerable.Range(0, 10).Select(i => trunk.StartCallAsync($"c{i}"))).Within();
        await Waiting.UntilAsync(() => calls.All(call => call.Status.State == CallState.Attached), "the openings");
        relay.IsSwallowing = true;
        var clock = Stopwatch.StartNew();
        await Task.WhenAll(calls.Select(async call => await call.SendAsync(Say.Turn(1)).Within()));
        Assert.InRange(clock.ElapsedMilliseconds, 0, 1000);
        await Waiting.UntilAsync(() => calls.All(call => call.Status.Breaks >= 1), "breaks");
        relay.IsSwallowing = false;
        foreach (EndResult ended in await Task.WhenAll(calls.Select(call => call.EndAsync(within: Waiting.Limit))).Within()) Assert.Equal(1u, ended.Summary!.Utterances);
    }

    [Theory]
    [InlineData(5 * 1024 * 1024, 4 * 1024 * 1024)]
    [InlineData(300 * 1024, 128 * 1024)]
    [InlineData(20 * 1024, 8 * 1024)]
    public async Task MessageThatIsTooLong_EndsItsCallOnly(int chars, int limit)
    {
        await using TestNode node = await TestNode.StartAsync(options => options with { Limits = options.Limits with { MaxMessageBytes = limit } });
        await using ScoringClient client = TestClient.Of(node.Address);
        await using ScoringTrunk trunk = client.OpenTrunk();
        ScoredCall[] others = await Task.WhenAll(Enumerable.Range(0, 10).Select(i => trunk.StartCallAsync($"c{i}"))).Within();
        await using ScoredCall bad = await trunk.StartCallAsync("bad").Within();
        await bad.SendAsync(new Utterance { Speaker = Speaker.Customer, Text = new string('a', chars) }).Within();
        await Waiting.UntilAsync(() => bad.Status.IsOver, "the refusal");
        Assert.Equal("INVALID_MESSAGE", bad.Status.Refusal!.Reason);
        foreach (ScoredCall call in others)
        {
            await call.SendAsync(Say.Turn(1)).Within();
            Assert.Equal(1u, (await call.EndAsync().Within()).Summary!.Utterances);
        }
    }

    [Fact]
    public async Task ServerThatTakesSmallRequestsOnly_IsSentSmallOnes()
    {
        await using TestNode node = await TestNode.StartAsync(options => options with { Limits = options.Limits with { MaxBatch = 2 } });
        await using ScoringClient client = TestClient.Of(node.Address);
        await using ScoringTrunk trunk = client.OpenTrunk();
        ScoredCall[] calls = await Task.WhenAll(Enumerable.Range(0, 50).Select(i => trunk.StartCallAsync($"c{i}"))).Within();
        await Task.WhenAll(calls.Select(async call =>
        {
            for (int n = 1; n <= 10; n++) await call.SendAsync(Say.Turn(n)).Within();
            Assert.Equal(10u, (await call.EndAsync(within: Waiting.Limit).Within()).Summary!.Utterances);
        }));
    }

    [Fact]
    public async Task Dispose_LetsGoOfItsCalls_AndAnotherTrunkGoesOnWithThem()
    {
        await using TestNode node = await TestNode.StartAsync();
        await using ScoringClient client = TestClient.Of(node.Address);
        ScoringTrunk first = client.OpenTrunk();
        ScoredCall[] calls = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => first.StartCallAsync($"c{i}"))).Within();
        await Task.WhenAll(calls.Select(async call => await call.SendAsync(Say.Turn(1)).Within()));
        var clock = Stopwatch.StartNew();
        await first.DisposeAsync().Within();
        Assert.InRange(clock.ElapsedMilliseconds, 0, 900); // the server half-closes, too
        Assert.All(calls, call => Assert.Equal(CallState.Detached, call.Status.State));
        Assert.Equal(0, first.OpenCalls);
        Assert.Equal(SendOutcome.Over, (await calls[0].SendAsync(Say.Turn(2)).Within()).Outcome);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => first.StartCallAsync("d")).Within();
        await using ScoringTrunk second = client.OpenTrunk();
        foreach (ScoredCall call in await Task.WhenAll(Enumerable.Range(0, 20).Select(i => second.StartCallAsync($"c{i}"))).Within())
        {
            Assert.Equal(2u, (await call.SendAsync(Say.Turn(2)).Within()).Seq);
            Assert.Equal(2u, (await call.EndAsync().Within()).Summary!.Utterances);
        }
    }

    [Fact]
    public async Task Dispose_WhileTheServerIsAway_IsQuick()
    {
        ScoringClient client = TestClient.Of(new Uri("http://127.0.0.1:1"), options => options with { SendLimit = TimeSpan.Zero });
        ScoringTrunk trunk = client.OpenTrunk();
        ScoredCall call = await trunk.StartCallAsync("c").Within();
        await call.SendAsync(Say.Turn(1)).Within();
        var clock = Stopwatch.StartNew();
        await trunk.DisposeAsync().Within();
        await client.DisposeAsync().Within();
        Assert.InRange(clock.ElapsedMilliseconds, 0, 2000);
        Assert.Equal(CallState.Detached, call.Status.State);
    }

    [Fact]
    public async Task CancelledToken_EndsTheWaitOnly()
    {
        await using TestNode node = await TestNode.StartAsync();
        await using var relay = new Relay(node.Address) { Delay = TimeSpan.FromMilliseconds(300) };
        await using ScoringClient client = TestClient.Of(relay.Address);
        await using ScoringTrunk trunk = client.OpenTrunk();
        using var soon = new CancellationTokenSource(50);
        var clock = Stopwatch.StartNew();
        await using ScoredCall call = await trunk.StartCallAsync("c", soon.Token).Within();
        Assert.InRange(clock.ElapsedMilliseconds, 0, 1000);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call.SendAsync(Say.Turn(1), soon.Token).Within());
        relay.Delay = TimeSpan.Zero;
        await call.SendAsync(Say.Turn(1)).Within();
        Assert.Equal(1u, (await call.EndAsync().Within()).Summary!.Utterances);
    }

    [Fact]
    public async Task TwoNodes_OneDrains_CallsMoveAndEnd()
    {
        TestNode leaving = await TestNode.StartAsync(options => options with { Drain = new DrainOptions { LameDuck = TimeSpan.Zero, Time = TimeSpan.FromSeconds(2) } });
        await using TestNode staying = await TestNode.StartAsync();
        await using var client = new ScoringClient([leaving.Address, staying.Address], TestClient.Quick);
        await using ScoringTrunk trunk = client.OpenTrunk(streamsPerAddress: 2);
        ScoredCall[] calls = await Task.WhenAll(Enumerable.Range(0, 40).Select(i => trunk.StartCallAsync($"call-{i}"))).Within();
        async Task TalkAsync(ScoredCall call, int from, int to)
        {
            for (int n = from; n <= to; n++) await call.SendAsync(Say.Turn(n)).Within();
        }

        await Task.WhenAll(calls.Select(call => TalkAsync(call, 1, 5)));
        Task stopping = leaving.App.StopAsync();
        await Task.WhenAll(calls.Select(call => TalkAsync(call, 6, 30)));
        await stopping.Within();
        await Task.WhenAll(calls.Select(call => TalkAsync(call, 31, 32)));
        foreach (ScoredCall call in calls)
        {
            EndResult ended = await call.EndAsync().Within();
            Assert.Equal(32u, ended.Summary!.Utterances);
            Assert.Equal((0L, false), (call.Status.Lost, call.Status.HistoryLost));
        }

        await leaving.App.DisposeAsync().Within();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(65)]
    public async Task StreamsPerAddress_OutOfRange_Throws(int streams)
    {
        await using var client = new ScoringClient("http://127.0.0.1:1");
        Assert.Throws<ArgumentOutOfRangeException>(() => client.OpenTrunk(streams));
    }
}
