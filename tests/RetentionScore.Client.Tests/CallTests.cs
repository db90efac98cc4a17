namespace RetentionScore.Client.Tests;

/// <summary>A call with a server that is there.</summary>
public sealed class CallTests
{
    [Fact]
    public async Task Call_FromStartToSummary_EveryMessageIsAnswered()
    {
        await using TestNode node = await TestNode.StartAsync();
        await using ScoringClient client = TestClient.Of(node.Address);
        await using ScoredCall call = await client.StartCallAsync("c").Within();
        Assert.Equal(CallState.Attached, call.Status.State);
        Task<List<ScoreUpdate>> reading = call.Updates().AllAsync();
        for (int n = 1; n <= 8; n++)
        {
            SendResult result = await call.SendAsync(Say.Turn(n)).Within();
            Assert.Equal(SendOutcome.Answered, result.Outcome);
            Assert.Equal((uint)n, result.Seq);
            Assert.Equal((uint)n, result.Update!.AsOfSeq);
        }

        EndResult ended = await call.EndAsync(Disposition.Saved).Within();
        Assert.Equal(8u, ended.Summary!.Utterances);
        Assert.Equal(Disposition.Saved, ended.Summary.Disposition);
        Assert.Equal(CallState.Ended, call.Status.State);
        Assert.Equal(Enumerable.Range(1, 8).Select(n => (uint)n), (await reading.Within()).Select(update => update.Seq));
        Assert.Equal(SendOutcome.Over, (await call.SendAsync(Say.Turn(9)).Within()).Outcome);
        Assert.Same(ended.Summary, (await call.EndAsync().Within()).Summary);
    }

    [Fact]
    public async Task Recommendations_AreNewOnceThenGone()
    {
        await using TestNode node = await TestNode.StartAsync();
        await using ScoringClient client = TestClient.Of(node.Address);
        await using ScoredCall call = await client.StartCallAsync("c").Within();
        var changes = call.Changes();
        var told = new HashSet<string>();
        for (int n = 1; n <= 8; n++)
        {
            ScoreUpdate update = (await call.SendAsync(Say.Turn(n)).Within()).Update!;
            foreach (Recommendation recommendation in update.Recommendations)
                if (recommendation.State is RecommendationState.New or RecommendationState.Standing) told.Add(recommendation.Id);
            await Waiting.UntilAsync(() => told.All(id => changes.Any(change => change == (RecommendationChange.New, id))), "news");
        }

        Assert.NotEmpty(told);
        await call.EndAsync().Within();
        await Waiting.UntilAsync(() => told.All(id => changes.Contains((RecommendationChange.Gone, id))), "the end of all");
        Assert.Equal(told.Order(), changes.Where(change => change.Change == RecommendationChange.New).Select(change => change.Id).Order());
        Assert.Equal(told.Order(), changes.Where(change => change.Change == RecommendationChange.Gone).Select(change => change.Id).Order());
    }

    [Fact]
    public async Task LateHandler_IsToldWhatStands()
    {
        await using TestNode node = await TestNode.StartAsync();
        await using ScoringClient client = TestClient.Of(node.Address);
        await using ScoredCall call = await client.StartCallAsync("c").Within();
        ScoreUpdate last = new();
        for (int n = 1; n <= 5; n++) last = (await call.SendAsync(Say.Turn(n)).Within()).Update!;
        string[] stands = [.. last.Recommendations.Where(r => r.State is RecommendationState.New or RecommendationState.Standing).Select(r => r.Id)];
        Assert.NotEmpty(stands);
        var changes = call.Changes();
        await Waiting.UntilAsync(() => changes.Count >= stands.Length, "what stands");
        Assert.Equal(stands.Order(), changes.Select(change => change.Id).Order());
    }

    [Fact]
    public async Task RepeatedUtteranceId_TakesNoSeq()
    {
        await using TestNode node = await TestNode.StartAsync();
        await using ScoringClient client = TestClient.Of(node.Address);
        await using ScoredCall call = await client.StartCallAsync("c").Within();
        await call.SendAsync(Say.Turn(1)).Within();
        Assert.Equal(SendOutcome.Duplicate, (await call.SendAsync(Say.Turn(1)).Within()).Outcome);
        Assert.Equal(2u, (await call.SendAsync(Say.Turn(2)).Within()).Seq);
        Assert.Equal(2u, (await call.EndAsync().Within()).Summary!.Utterances);
    }

    [Fact]
    public async Task Interim_IsAnsweredAmongTheUpdates()
    {
        await using TestNode node = await TestNode.StartAsync();
        await using ScoringClient client = TestClient.Of(node.Address);
        await using ScoredCall call = await client.StartCallAsync("c").Within();
        Utterance interim = Say.Turn(2);
        interim.Interim = true;
        Assert.Equal(SendOutcome.Sent, (await call.SendAsync(interim).Within()).Outcome);
        await using IAsyncEnumerator<ScoreUpdate> updates = call.Updates().GetAsyncEnumerator();
        Assert.True(await updates.MoveNextAsync().Within());
        Assert.True(updates.Current.Interim);
        Assert.Equal(1u, (await call.SendAsync(Say.Turn(1)).Within()).Seq);
    }

    [Fact]
    public async Task Silence_IsToldByTicks()
    {
        await using TestNode node = await TestNode.StartAsync(options => options with { Calls = options.Calls with { TickInterval = TimeSpan.FromMilliseconds(30) } });
        await using ScoringClient client = TestClient.Of(node.Address);
        await using ScoredCall call = await client.StartCallAsync("c").Within();
        await call.SendAsync(Say.Turn(1)).Within();
        await Waiting.UntilAsync(() => call.Status.AnsweredSeq >= 4, "ticks");
        SendResult next = await call.SendAsync(Say.Turn(2)).Within();
        Assert.True(next.Seq >= 5);
        Assert.False(next.Update!.Duplicate);
        Assert.Equal(2u, (await call.EndAsync().Within()).Summary!.Utterances);
    }

    [Fact]
    public async Task Heartbeats_KeepAQuietCall()
    {
        await using TestNode node = await TestNode.StartAsync(options => options with
        {
            Calls = options.Calls with { TickInterval = TimeSpan.Zero, IdleTimeout = TimeSpan.FromSeconds(1) },
        });
        await using ScoringClient client = TestClient.Of(node.Address, options => options with { HeartbeatInterval = TimeSpan.FromMilliseconds(100) });
        await using ScoredCall call = await client.StartCallAsync("c").Within();
        await Task.Delay(3500);
        Assert.Equal(0, call.Status.Breaks);
        Assert.Equal(1u, (await call.SendAsync(Say.Turn(1)).Within()).Update!.Seq);
    }

    [Fact]
    public async Task SecondProcess_GoesOnWhereTheFirstLeft()
    {
        await using TestNode node = await TestNode.StartAsync();
        await using ScoringClient client = TestClient.Of(node.Address);
        await using (ScoredCall first = await client.StartCallAsync("c").Within())
        {
            for (int n = 1; n <= 3; n++) await first.SendAsync(Say.Turn(n)).Within();
        }

        await using ScoredCall second = await client.StartCallAsync("c").Within();
        Assert.Equal("u3", second.Status.Opened!.LastUtteranceId);
        // A source that crashed sends its last one again, not knowing.
        SendResult again = await second.SendAsync(Say.Turn(3)).Within();
        Assert.True(again.Update!.Duplicate);
        SendResult next = await second.SendAsync(Say.Turn(4)).Within();
        Assert.Equal(4u, next.Seq);
        Assert.False(next.Update!.Duplicate);
        Assert.Equal(4u, (await second.EndAsync().Within()).Summary!.Utterances);
    }

    [Fact]
    public async Task EndedCall_StartedAgain_HasItsSummary()
    {
        await using TestNode node = await TestNode.StartAsync();
        await using ScoringClient client = TestClient.Of(node.Address);
        CallSummary summary;
        await using (ScoredCall first = await client.StartCallAsync("c").Within())
        {
            await first.SendAsync(Say.Turn(1)).Within();
            summary = (await first.EndAsync(Disposition.Resolved).Within()).Summary!;
        }

        await using ScoredCall second = await client.StartCallAsync("c").Within();
        Assert.Equal(summary, (await second.EndAsync().Within()).Summary);
    }
}
