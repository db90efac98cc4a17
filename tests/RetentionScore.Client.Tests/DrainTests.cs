using Grpc.Core;
using RetentionScore.Server.Options;

namespace RetentionScore.Client.Tests;

/// <summary>A node that goes away.</summary>
public sealed class DrainTests
{
    [Fact]
    public async Task Draining_SendsOnTheOldStream_UntilTheNewOneIsOpened()
    {
        var mayOpen = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using ScriptedNode node = await ScriptedNode.StartAsync(
            async stream =>
            {
                await stream.OpenAsync();
                await stream.AnswerAsync(1);
                await stream.WriteAsync(new ScoreCallResponse { Draining = new Draining { TimeLeftMs = 5000, ReconnectAfterMs = 300 } });
                await stream.AnswerAsync(3);
                mayOpen.SetResult();
                throw ScriptedStream.Status(StatusCode.Aborted, "SUPERSEDED");
            },
            async stream =>
            {
                await mayOpen.Task;
                await stream.OpenAsync(5);
                await stream.AnswerAsync();
            });
        await using ScoringClient client = TestClient.Of(node.Address, options => options with { OpenLimit = TimeSpan.FromSeconds(20) });
        await using ScoredCall call = await client.StartCallAsync("c").Within();
        var notices = call.Notices();
        Task<List<ScoreUpdate>> reading = call.Updates().AllAsync();
        await call.SendAsync(Say.Turn(1)).Within();
        await Waiting.UntilAsync(() => node.Streams.Length == 2, "the new stream");
        Assert.True(node.Streams[1].ArrivedAt - node.Streams[0].ArrivedAt >= 290);
        for (int n = 2; n <= 5; n++) await call.SendAsync(Say.Turn(n)).Within();
        Assert.NotNull((await call.EndAsync().Within()).Summary);
        Assert.Equal([1u, 2u, 3u, 4u], node.Streams[0].Seqs.Take(4));
        Assert.Equal([5u, 6u], node.Streams[1].Seqs);
        Assert.Equal([1u, 2u, 3u, 4u, 5u], (await reading.Within()).Select(update => update.Seq));
        Assert.DoesNotContain(notices, notice => notice.Notice is CallNotice.GivenUp or CallNotice.Broken);
    }

    [Fact]
    public async Task TwoNodes_OneDrains_CallsMoveAndEnd()
    {
        TestNode leaving = await TestNode.StartAsync(options => options with { Drain = new DrainOptions { LameDuck = TimeSpan.Zero, Time = TimeSpan.FromSeconds(2) } });
        await using TestNode staying = await TestNode.StartAsync();
        await using var client = new ScoringClient([leaving.Address, staying.Address], TestClient.Quick);
        ScoredCall[] calls = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => client.StartCallAsync($"call-{i}"))).Within();
        async Task TalkAsync(ScoredCall call, int from, int to)
        {
            for (int n = from; n <= to; n++) await call.SendAsync(Say.Turn(n)).Within();
        }

        await Task.WhenAll(calls.Select(call => TalkAsync(call, 1, 5)));
        string[] nodesBefore = [.. calls.Select(call => call.Status.Opened!.Node)];
        Task stopping = leaving.App.StopAsync();
        await Task.WhenAll(calls.Select(call => TalkAsync(call, 6, 30)));
        await stopping.Within();
        await Task.WhenAll(calls.Select(call => TalkAsync(call, 31, 32)));
        foreach (ScoredCall call in calls)
        {
            EndResult ended = await call.EndAsync().Within();
            // Without a journal the nodes share nothing: the client has all of it still, and sends it again.
            Assert.Equal(32u, ended.Summary!.Utterances);
            Assert.Equal(0, call.Status.Lost);
            Assert.False(call.Status.HistoryLost);
            await call.DisposeAsync().Within();
        }

        await leaving.App.DisposeAsync().Within();
        Assert.NotEmpty(nodesBefore);
    }
}
