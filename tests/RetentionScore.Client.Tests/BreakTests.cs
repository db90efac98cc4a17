using System.Diagnostics;

namespace RetentionScore.Client.Tests;

/// <summary>Connections that break, are slow, or go silent.</summary>
public sealed class BreakTests
{
    [Fact]
    public async Task CutInTheMiddle_NothingIsLostOrCountedTwice()
    {
        await using TestNode node = await TestNode.StartAsync();
        await using var relay = new Relay(node.Address);
        await using ScoringClient client = TestClient.Of(relay.Address);
        await using ScoredCall call = await client.StartCallAsync("c").Within();
        Task<List<ScoreUpdate>> reading = call.Updates().AllAsync();
        var changes = call.Changes();
        for (int n = 1; n <= 60; n++)
        {
            if (n % 10 == 0) relay.Cut();
            await call.SendAsync(Say.Turn(n)).Within();
        }

        EndResult ended = await call.EndAsync().Within();
        Assert.Equal(60u, ended.Summary!.Utterances);
        Assert.True(call.Status.Breaks > 0);
        Assert.Equal(0, call.Status.Lost);
        uint[] seqs = [.. (await reading.Within()).Where(update => update.Seq > 0).Select(update => update.Seq)];
        Assert.Equal(seqs.Order().Distinct(), seqs);
        Assert.Equal(changes.Count(change => change.Change == RecommendationChange.New), changes.Where(change => change.Change == RecommendationChange.New).Distinct().Count());
    }

    [Fact]
    public async Task NoServer_SendsComeBackAtOnce_AndArriveLater()
    {
        await using TestNode node = await TestNode.StartAsync();
        await using var relay = new Relay(node.Address) { IsRefusing = true };
        await using ScoringClient client = TestClient.Of(relay.Address, options => options with { SendLimit = TimeSpan.FromMilliseconds(200) });
        var clock = Stopwatch.StartNew();
        await using ScoredCall call = await client.StartCallAsync("c").Within();
        Assert.InRange(clock.ElapsedMilliseconds, 150, 2000);
        clock.Restart();
        for (int n = 1; n <= 20; n++)
        {
            SendResult result = await call.SendAsync(Say.Turn(n)).Within();
            Assert.Equal(SendOutcome.Kept, result.Outcome);
            Assert.Equal(0u, result.Seq);
        }

        Assert.InRange(clock.ElapsedMilliseconds, 0, 1000);
        relay.IsRefusing = false;
        Assert.Equal(20u, (await call.EndAsync().Within()).Summary!.Utterances);
    }

    [Fact]
    public async Task SlowServer_SendReturnsInTheConfiguredTime_AndTheAnswerComesLater()
    {
        await using TestNode node = await TestNode.StartAsync();
        await using var relay = new Relay(node.Address);
        await using ScoringClient client = TestClient.Of(relay.Address, options => options with { SendLimit = TimeSpan.FromMilliseconds(100) });
        await using ScoredCall call = await client.StartCallAsync("c").Within();
        await call.SendAsync(Say.Turn(1)).Within();
        relay.Delay = TimeSpan.FromMilliseconds(600);
        var clock = Stopwatch.StartNew();
        SendResult slow = await call.SendAsync(Say.Turn(2)).Within();
        Assert.InRange(clock.ElapsedMilliseconds, 90, 500);
        Assert.Equal(SendOutcome.Sent, slow.Outcome);
        await Waiting.UntilAsync(() => call.Status.AnsweredSeq == 2, "the answer");
        Assert.Equal(0, call.Status.Breaks);
    }

    [Fact]
    public async Task SilentConnection_IsGivenUpForAnother()
    {
        await using TestNode node = await TestNode.StartAsync();
        await using var relay = new Relay(node.Address);
        await using ScoringClient client = TestClient.Of(relay.Address, options => options with { SendLimit = TimeSpan.FromMilliseconds(50), AnswerLimit = TimeSpan.FromMilliseconds(300), OpenLimit = TimeSpan.FromMilliseconds(300) });
        await using ScoredCall call = await client.StartCallAsync("c").Within();
        await Waiting.UntilAsync(() => call.Status.State == CallState.Attached, "the opening");
        relay.IsSwallowing = true;
        for (int n = 1; n <= 5; n++) await call.SendAsync(Say.Turn(n)).Within();
        await Waiting.UntilAsync(() => call.Status.Breaks >= 2, "breaks");
        relay.IsSwallowing = false;
        // Half of what was said on the old connections is gone for ever: they are of no use any more.
        Assert.Equal(5u, (await call.EndAsync(within: Waiting.Limit).Within()).Summary!.Utterances);
        Assert.True(relay.Accepted >= 2);
    }

    [Fact]
    public async Task ServerThatLostAll_IsSentAllAgain()
    {
        await using TestNode second = await TestNode.StartAsync();
        await using var relay = new Relay(second.Address);
        await using ScoringClient client = TestClient.Of(relay.Address);
        ScoredCall call;
        await using (TestNode first = await TestNode.StartAsync())
        {
            relay.PointTo(first.Address);
            call = await client.StartCallAsync("c").Within();
            for (int n = 1; n <= 10; n++) await call.SendAsync(Say.Turn(n)).Within();
            relay.PointTo(second.Address);
        }

        var changes = call.Changes();
        for (int n = 11; n <= 12; n++) await call.SendAsync(Say.Turn(n)).Within();
        Assert.Equal(12u, (await call.EndAsync().Within()).Summary!.Utterances);
        Assert.False(call.Status.HistoryLost);
        Assert.Equal(changes.Count(change => change.Change == RecommendationChange.New), changes.Where(change => change.Change == RecommendationChange.New).Distinct().Count());
        await call.DisposeAsync().Within();
    }
}
