using System.Diagnostics;
using Grpc.Core;

namespace RetentionScore.Client.Tests;

/// <summary>What a platform may do to the SDK, and what it may not suffer from it.</summary>
public sealed class PlatformTests
{
    [Fact]
    public async Task SlowHandler_HoldsUpNoCall()
    {
        await using TestNode node = await TestNode.StartAsync();
        await using ScoringClient client = TestClient.Of(node.Address);
        await using ScoredCall call = await client.StartCallAsync("c").Within();
        using var never = new ManualResetEventSlim();
        call.RecommendationChanged += (_, _) => never.Wait(TimeSpan.FromSeconds(10));
        var clock = Stopwatch.StartNew();
        for (int n = 1; n <= 16; n++) Assert.Equal(SendOutcome.Answered, (await call.SendAsync(Say.Turn(n)).Within()).Outcome);
        Assert.NotNull((await call.EndAsync().Within()).Summary);
        Assert.InRange(clock.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(8));
        never.Set();
    }

    [Fact]
    public async Task HandlerThatThrows_IsToldAsANotice()
    {
        await using TestNode node = await TestNode.StartAsync();
        await using ScoringClient client = TestClient.Of(node.Address);
        await using ScoredCall call = await client.StartCallAsync("c").Within();
        var notices = call.Notices();
        call.RecommendationChanged += (_, _) => throw new InvalidOperationException("ours");
        for (int n = 1; n <= 8; n++) await call.SendAsync(Say.Turn(n)).Within();
        await Waiting.UntilAsync(() => notices.Any(notice => notice.Exception is InvalidOperationException { Message: "ours" }), "the notice");
        Assert.NotNull((await call.EndAsync().Within()).Summary);
    }

    [Fact]
    public async Task UpdatesThatNobodyReads_AreDroppedOldestFirst()
    {
        await using TestNode node = await TestNode.StartAsync();
        await using ScoringClient client = TestClient.Of(node.Address, options => options with { MaxWaitingUpdates = 4 });
        await using ScoredCall call = await client.StartCallAsync("c").Within();
        for (int n = 1; n <= 10; n++) await call.SendAsync(Say.Turn(n)).Within();
        await call.EndAsync().Within();
        Assert.Equal([7u, 8u, 9u, 10u], (await call.Updates().AllAsync().Within()).Select(update => update.Seq));
        Assert.Equal(6, call.Status.UnreadUpdates);
    }

    [Fact]
    public async Task CancelledToken_EndsTheWaitOnly()
    {
        await using ScriptedNode node = await ScriptedNode.StartAsync(async stream =>
        {
            await stream.OpenAsync();
            await stream.ReadAsync();
            await Task.Delay(1000);
            await stream.WriteAsync(new ScoreUpdate { Seq = 1, AsOfSeq = 1 });
            await stream.AnswerAsync();
        });
        await using ScoringClient client = TestClient.Of(node.Address);
        await using ScoredCall call = await client.StartCallAsync("c").Within();
        using var soon = new CancellationTokenSource(100);
        var clock = Stopwatch.StartNew();
        Assert.Equal(SendOutcome.Sent, (await call.SendAsync(Say.Turn(1), soon.Token).Within()).Outcome);
        Assert.InRange(clock.ElapsedMilliseconds, 50, 800);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call.SendAsync(Say.Turn(2), soon.Token).Within());
        EndResult early = await call.EndAsync(cancellationToken: soon.Token).Within();
        Assert.Null(early.Summary);
        Assert.NotNull((await call.EndAsync().Within()).Summary);
        Assert.Equal([1u, 2u], node.Streams[0].Seqs);
    }

    [Fact]
    public async Task End_NoServer_ComesBackAtItsDeadline_AndTheSummaryLater()
    {
        await using TestNode node = await TestNode.StartAsync();
        await using var relay = new Relay(node.Address);
        await using ScoringClient client = TestClient.Of(relay.Address);
        await using ScoredCall call = await client.StartCallAsync("c").Within();
        await call.SendAsync(Say.Turn(1)).Within();
        relay.IsRefusing = true;
        relay.Cut();
        var clock = Stopwatch.StartNew();
        EndResult early = await call.EndAsync(Disposition.Saved, TimeSpan.FromMilliseconds(300)).Within();
        Assert.InRange(clock.ElapsedMilliseconds, 250, 2000);
        Assert.Null(early.Summary);
        Assert.Null(early.Refusal);
        relay.IsRefusing = false;
        Assert.Equal(Disposition.Saved, (await call.EndAsync().Within()).Summary!.Disposition);
    }

    [Fact]
    public async Task SummaryLostOnTheWay_IsAskedForAgain()
    {
        await using ScriptedNode node = await ScriptedNode.StartAsync(
            async stream =>
            {
                await stream.OpenAsync();
                await stream.AnswerAsync(1);
                await stream.ReadAsync();
                throw ScriptedStream.Status(StatusCode.Unavailable, "");
            },
            async stream =>
            {
                await stream.OpenAsync(3, opened => (opened.Resumed, opened.Ended) = (true, true));
                await stream.AnswerAsync();
            });
        await using ScoringClient client = TestClient.Of(node.Address);
        await using ScoredCall call = await client.StartCallAsync("c").Within();
        await call.SendAsync(Say.Turn(1)).Within();
        Assert.NotNull((await call.EndAsync().Within()).Summary);
        Assert.Equal([2u], node.Streams[1].Seqs);
    }

    [Fact]
    public async Task Dispose_WhileTheServerIsAway_IsQuick()
    {
        ScoringClient client = TestClient.Of(new Uri("http://127.0.0.1:1"), options => options with { SendLimit = TimeSpan.Zero });
        ScoredCall call = await client.StartCallAsync("c").Within();
        await call.SendAsync(Say.Turn(1)).Within();
        var clock = Stopwatch.StartNew();
        await call.DisposeAsync().Within();
        await client.DisposeAsync().Within();
        Assert.InRange(clock.ElapsedMilliseconds, 0, 2000);
        Assert.Equal(CallState.Detached, call.Status.State);
        Assert.Equal(SendOutcome.Over, (await call.SendAsync(Say.Turn(2)).Within()).Outcome);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => client.StartCallAsync("d"));
    }

    [Fact]
    public async Task ManySendersAtOnce_EachMessageHasItsOwnSeq()
    {
        await using TestNode node = await TestNode.StartAsync();
        await using var relay = new Relay(node.Address);
        await using ScoringClient client = TestClient.Of(relay.Address);
        await using ScoredCall call = await client.StartCallAsync("c").Within();
        uint[][] seqs = await Task.WhenAll(Enumerable.Range(0, 8).Select(sender => Task.Run(async () =>
        {
            var own = new List<uint>();
            for (int n = 0; n < 50; n++)
            {
                if (sender == 0 && n % 20 == 10) relay.Cut();
                own.Add((await call.SendAsync(Say.Turn(1 + sender * 50 + n)).Within()).Seq);
            }

            return own.ToArray();
        }))).Within();
        Assert.Equal(Enumerable.Range(1, 400).Select(seq => (uint)seq), seqs.SelectMany(own => own).Order());
        Assert.Equal(400u, (await call.EndAsync().Within()).Summary!.Utterances);
    }

    [Theory]
    [InlineData("")]
    [InlineData("with space")]
    [InlineData("ü")]
    public async Task CallIdThatCannotBe_Throws(string id)
    {
        await using var client = new ScoringClient("http://127.0.0.1:1");
        await Assert.ThrowsAsync<ArgumentException>(() => client.StartCallAsync(id));
    }

    [Fact]
    public void OptionsOutOfRange_AreNamed()
    {
        var problem = Assert.Throws<ArgumentOutOfRangeException>(() => new ScoringClient([new Uri("http://h")], new ScoringClientOptions { MaxKeptMessages = 1 }));
        Assert.Contains(nameof(ScoringClientOptions.MaxKeptMessages), problem.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => new ScoringClient([new Uri("ftp://h")], new ScoringClientOptions()));
        Assert.Throws<ArgumentException>(() => new ScoringClient([], new ScoringClientOptions()));
    }
}
