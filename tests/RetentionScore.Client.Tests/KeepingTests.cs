using Grpc.Core;

namespace RetentionScore.Client.Tests;

/// <summary>What is kept, for how long, and what a resend says.</summary>
public sealed class KeepingTests
{
    [Fact]
    public async Task DurableMessages_AreForgotten_AndResumeFromRises()
    {
        await using ScriptedNode node = await ScriptedNode.StartAsync(
            async stream =>
            {
                await stream.OpenAsync(with: opened => opened.Durability = Durability.Node);
                await stream.AnswerAsync(6, update =>
                {
                    update.DurableSeq = update.Seq / 2;
                    return update;
                });
                throw ScriptedStream.Status(StatusCode.Unavailable, "");
            },
            async stream =>
            {
                await stream.OpenAsync(5); // crashed: what was durable is there, and one more
                await stream.AnswerAsync();
            });
        await using ScoringClient client = TestClient.Of(node.Address);
        await using ScoredCall call = await client.StartCallAsync("c").Within();
        for (int n = 1; n <= 6; n++) await call.SendAsync(Say.Turn(n)).Within();
        Assert.NotNull((await call.EndAsync().Within()).Summary);
        Assert.Equal(4u, node.Streams[1].Start!.ResumeFrom);
        Assert.Equal([5u, 6u, 7u], node.Streams[1].Seqs);
    }

    [Fact]
    public async Task Flush_IsAskedForInQuietTimes()
    {
        await using ScriptedNode node = await ScriptedNode.StartAsync(async stream =>
        {
            await stream.OpenAsync(with: opened => opened.Durability = Durability.Node);
            await stream.AnswerAsync(1);
            await stream.ReadAsync();
            await stream.WriteAsync(new ScoreCallResponse { Heartbeat = new HeartbeatReply { NextSeq = 2, DurableSeq = 1 } });
            await stream.HoldAsync();
        });
        await using ScoringClient client = TestClient.Of(node.Address);
        await using ScoredCall call = await client.StartCallAsync("c").Within();
        await call.SendAsync(Say.Turn(1)).Within();
        Assert.Equal(1, call.Status.Kept);
        await Waiting.UntilAsync(() => call.Status.Kept == 0, "durability");
        Assert.True(node.Streams[0].Received.Last().Heartbeat.Flush);
        Assert.Equal(1u, call.Status.DurableSeq);
    }

    [Fact]
    public async Task JournalThatIsDown_HoldsUpTheFlush_NotTheCall()
    {
        await using ScriptedNode node = await ScriptedNode.StartAsync(async stream =>
        {
            await stream.OpenAsync(with: opened => opened.Durability = Durability.Node);
            await stream.AnswerAsync(1);
            await stream.ReadAsync(); // the flush is never answered
            await stream.AnswerAsync();
        });
        await using ScoringClient client = TestClient.Of(node.Address, options => options with { AnswerLimit = TimeSpan.FromMilliseconds(300) });
        await using ScoredCall call = await client.StartCallAsync("c").Within();
        await call.SendAsync(Say.Turn(1)).Within();
        await Task.Delay(1500);
        Assert.Equal(0, call.Status.Breaks);
        Assert.Equal(2u, (await call.SendAsync(Say.Turn(2)).Within()).Seq);
        Assert.Equal(1, node.Streams[0].Received.Count(request => request.Heartbeat is { Flush: true }));
    }

    [Fact]
    public async Task PastTheBound_TheOldestAreDropped_AndTheCallGoesOn()
    {
        await using TestNode node = await TestNode.StartAsync();
        await using var relay = new Relay(node.Address);
        await using ScoringClient client = TestClient.Of(relay.Address, options => options with { MaxKeptMessages = 16 });
        await using ScoredCall call = await client.StartCallAsync("c").Within();
        var notices = call.Notices();
        await call.SendAsync(Say.Turn(1)).Within();
        relay.IsRefusing = true;
        relay.Cut();
        await Waiting.UntilAsync(() => call.Status.State == CallState.Connecting, "the break");
        for (int n = 2; n <= 60; n++) Assert.Equal(SendOutcome.Kept, (await call.SendAsync(Say.Turn(n)).Within()).Outcome);
        Assert.InRange(call.Status.Kept, 8, 16);
        relay.IsRefusing = false;
        EndResult ended = await call.EndAsync(within: Waiting.Limit).Within();
        CallStatus status = call.Status;
        Assert.True(status.HistoryLost);
        Assert.InRange(status.Lost, 60 - 17, 60 - 14);
        Assert.Equal(60 - status.Lost, ended.Summary!.Utterances); // the first one, and those that were kept
        Assert.Contains(Degradation.HistoryLost, ended.Summary.Last.Degraded);
        await Waiting.UntilAsync(() => notices.Any(notice => notice.Notice == CallNotice.Dropped), "the notice");
        Assert.Contains(notices, notice => notice is { Notice: CallNotice.Dropped, FromSeq: > 0 });
    }

    [Fact]
    public async Task LongCallWithoutAJournal_KeepsTheNewestAndLosesNothing()
    {
        await using TestNode node = await TestNode.StartAsync();
        await using var relay = new Relay(node.Address);
        await using ScoringClient client = TestClient.Of(relay.Address, options => options with { MaxKeptBytes = 4096 });
        await using ScoredCall call = await client.StartCallAsync("c").Within();
        for (int n = 1; n <= 200; n++)
        {
            if (n % 70 == 0)
            {
                relay.Cut();
                await Waiting.UntilAsync(() => call.Status.Breaks == n / 70 && call.Status.State == CallState.Attached, "the way back");
            }

            await call.SendAsync(Say.Turn(n)).Within();
        }

        Assert.Equal(200u, (await call.EndAsync().Within()).Summary!.Utterances);
        Assert.False(call.Status.HistoryLost);
        Assert.Equal(0, call.Status.Lost);
    }

    [Fact]
    public async Task TimesThatTheServerFilledIn_AreInTheResend()
    {
        await using ScriptedNode node = await ScriptedNode.StartAsync(
            async stream =>
            {
                await stream.OpenAsync();
                await stream.AnswerAsync(2, update =>
                {
                    (update.StartMs, update.EndMs) = (700, 1900);
                    return update;
                });
            },
            async stream =>
            {
                await stream.OpenAsync(1); // it lost all
                await stream.AnswerAsync();
            });
        await using ScoringClient client = TestClient.Of(node.Address);
        await using ScoredCall call = await client.StartCallAsync("c").Within();
        await call.SendAsync(new Utterance { Speaker = Speaker.Customer, Text = "hello" }).Within();
        await call.SendAsync(new CallEvent { Kind = CallEventKind.HoldStarted }).Within();
        Assert.NotNull((await call.EndAsync().Within()).Summary);
        ScoreCallRequest[] again = [.. node.Streams[1].Received];
        Assert.Equal((700, 1900), (again[0].Utterance.StartMs, again[0].Utterance.EndMs));
        Assert.Equal(1900, again[1].Event.AtMs);
    }

    [Fact]
    public async Task MessageWithoutATimeThatHadToWait_SaysWhenItWasGiven()
    {
        await using TestNode node = await TestNode.StartAsync();
        await using var relay = new Relay(node.Address);
        await using ScoringClient client = TestClient.Of(relay.Address);
        await using ScoredCall call = await client.StartCallAsync("c").Within();
        relay.IsRefusing = true;
        relay.Cut();
        await Waiting.UntilAsync(() => call.Status.State == CallState.Connecting, "the break");
        await call.SendAsync(new Utterance { Speaker = Speaker.Customer, Text = "hello" }).Within();
        await Task.Delay(1500);
        relay.IsRefusing = false;
        CallSummary summary = (await call.EndAsync().Within()).Summary!;
        // The end came 1.5 s later than what was said; had both been timed on arrival, there would be nothing between them.
        Assert.InRange(summary.DurationMs, 0, 10_000);
        Assert.Equal(1u, summary.Utterances);
    }

    [Fact]
    public async Task UtteranceThatTheServerKnewById_TakesNoSeq_ThoseBehindMoveUp()
    {
        await using TestNode node = await TestNode.StartAsync();
        await using ScoringClient client = TestClient.Of(node.Address, options => options with { SendLimit = TimeSpan.Zero });
        await using (ScoredCall first = await client.StartCallAsync("c").Within())
        {
            for (int n = 1; n <= 3; n++) await first.SendAsync(Say.Turn(n)).Within();
            await Waiting.UntilAsync(() => first.Status.AnsweredSeq == 3, "answers");
        }

        // All at once: what follows the duplicate was sent with a seq that is too high by one.
        await using ScoredCall second = await client.StartCallAsync("c").Within();
        for (int n = 3; n <= 12; n++) await second.SendAsync(Say.Turn(n)).Within();
        Assert.Equal(12u, (await second.EndAsync(within: Waiting.Limit).Within()).Summary!.Utterances);
        Assert.Equal(13u, second.Status.Summary!.Last.AsOfSeq);
    }

    [Fact]
    public async Task Correction_OfAMessageBeforeABreak_Arrives()
    {
        await using TestNode node = await TestNode.StartAsync();
        await using var relay = new Relay(node.Address);
        await using ScoringClient client = TestClient.Of(relay.Address);
        await using ScoredCall call = await client.StartCallAsync("c").Within();
        SendResult wrong = await call.SendAsync(Say.Turn(2)).Within();
        relay.Cut();
        Utterance right = Say.Turn(1);
        right.CorrectsSeq = wrong.Seq;
        await call.SendAsync(right).Within();
        EndResult ended = await call.EndAsync().Within();
        Assert.Equal(1u, ended.Summary!.Utterances);
        Assert.Equal(3u, ended.Summary.Last.AsOfSeq);
    }
}
