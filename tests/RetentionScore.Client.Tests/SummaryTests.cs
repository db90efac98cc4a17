using System.Diagnostics;
using Grpc.Core;

namespace RetentionScore.Client.Tests;

/// <summary>A summary that the journal does not have yet.</summary>
public sealed class SummaryTests
{
    private static async Task AnswerNotDurableAsync(ScriptedStream stream)
    {
        await stream.OpenAsync(with: opened => opened.Durability = Durability.Node);
        await stream.AnswerAsync(1);
        await EndAsync(stream, isDurable: false);
        await stream.HoldAsync();
    }

    private static async Task EndAsync(ScriptedStream stream, bool isDurable)
    {
        while (await stream.ReadAsync() is { } request)
        {
            if (request.End is not { } end) continue;
            var last = new ScoreUpdate { AsOfSeq = end.Seq, DurableSeq = isDurable ? end.Seq : 0 };
            if (!isDurable) last.Degraded.Add(Degradation.NotDurable);
            await stream.WriteAsync(new ScoreCallResponse { Summary = new CallSummary { Utterances = end.Seq - 1, Last = last } });
            return;
        }
    }

    [Fact]
    public async Task NotDurable_IsAskedForAgain_UntilItIs()
    {
        await using ScriptedNode node = await ScriptedNode.StartAsync(
            AnswerNotDurableAsync,
            async stream =>
            {
                await stream.OpenAsync(3, opened => (opened.Ended, opened.Durability) = (true, Durability.Node));
                await EndAsync(stream, isDurable: true);
            });
        await using ScoringClient client = TestClient.Of(node.Address);
        await using ScoredCall call = await client.StartCallAsync("c").Within();
        var notices = call.Notices();
        await call.SendAsync(Say.Turn(1)).Within();
        EndResult ended = await call.EndAsync().Within();
        Assert.True(ended.IsDurable);
        Assert.Equal(CallState.Ended, call.Status.State);
        Assert.Equal(0, call.Status.Kept);
        Assert.Equal(1u, node.Streams[1].Start!.ResumeFrom);
        Assert.Equal([2u], node.Streams[1].Seqs);
        await Waiting.UntilAsync(() => notices.Count(notice => notice.Notice == CallNotice.SummaryNotDurable) == 1, "the notice");
    }

    [Fact]
    public async Task NotDurable_AndTheServerLostIt_IsSentAllAgain()
    {
        await using ScriptedNode node = await ScriptedNode.StartAsync(
            AnswerNotDurableAsync,
            async stream =>
            {
                await stream.OpenAsync(1, opened => opened.Durability = Durability.Node);
                await stream.AnswerAsync(1);
                await EndAsync(stream, isDurable: true);
            });
        await using ScoringClient client = TestClient.Of(node.Address);
        await using ScoredCall call = await client.StartCallAsync("c").Within();
        await call.SendAsync(Say.Turn(1)).Within();
        Assert.True((await call.EndAsync().Within()).IsDurable);
        Assert.Equal([1u, 2u], node.Streams[1].Seqs);
    }

    [Fact]
    public async Task NotDurable_EndComesBackInTime_AndTheLimitEndsTheCall()
    {
        await using ScriptedNode node = await ScriptedNode.StartAsync(AnswerNotDurableAsync, ScriptedStream.Refuses(StatusCode.Unavailable, "NOT_READY"));
        await using ScoringClient client = TestClient.Of(node.Address, options => options with { DurableSummaryLimit = TimeSpan.FromMilliseconds(1500) });
        await using ScoredCall call = await client.StartCallAsync("c").Within();
        await call.SendAsync(Say.Turn(1)).Within();
        var clock = Stopwatch.StartNew();
        EndResult early = await call.EndAsync(within: TimeSpan.FromMilliseconds(300)).Within();
        Assert.InRange(clock.ElapsedMilliseconds, 250, 1400);
        Assert.NotNull(early.Summary);
        Assert.False(early.IsDurable);
        Assert.Equal(2, call.Status.Kept);
        EndResult late = await call.EndAsync().Within();
        Assert.InRange(clock.ElapsedMilliseconds, 1400, 5000);
        Assert.False(late.IsDurable);
        Assert.Equal(1u, late.Summary!.Utterances);
        Assert.Equal(CallState.Ended, call.Status.State);
    }

    [Fact]
    public async Task NotDurable_WithoutALimit_IsFinal()
    {
        await using ScriptedNode node = await ScriptedNode.StartAsync(AnswerNotDurableAsync);
        await using ScoringClient client = TestClient.Of(node.Address, options => options with { DurableSummaryLimit = TimeSpan.Zero });
        await using ScoredCall call = await client.StartCallAsync("c").Within();
        await call.SendAsync(Say.Turn(1)).Within();
        EndResult ended = await call.EndAsync().Within();
        Assert.NotNull(ended.Summary);
        Assert.False(ended.IsDurable);
        Assert.Equal(CallState.Ended, call.Status.State);
    }
}
