using Grpc.Core;

namespace RetentionScore.Client.Tests;

/// <summary>One reason, one thing to do: the table of docs/protocol.md, line by line.</summary>
public sealed class StatusTests
{
    private static async Task SaysNothingMoreAsync(ScriptedNode node, int streams)
    {
        await Task.Delay(400);
        Assert.Equal(streams, node.Streams.Length);
    }

    private static async Task Serve(ScriptedStream stream)
    {
        await stream.OpenAsync();
        await stream.AnswerAsync();
    }

    [Theory]
    [InlineData(StatusCode.InvalidArgument, "INVALID_MESSAGE")]
    [InlineData(StatusCode.NotFound, "UNKNOWN_POLICY")]
    [InlineData(StatusCode.AlreadyExists, "CALL_EXISTS")]
    [InlineData(StatusCode.FailedPrecondition, "CALL_ENDED")]
    [InlineData(StatusCode.Aborted, "SUPERSEDED")]
    [InlineData(StatusCode.Unauthenticated, "UNAUTHENTICATED")]
    [InlineData(StatusCode.PermissionDenied, "FORBIDDEN")]
    public async Task AnswerToTheStart_ForGood_IsNotRetried(StatusCode code, string reason)
    {
        await using ScriptedNode node = await ScriptedNode.StartAsync(ScriptedStream.Refuses(code, reason));
        await using ScoringClient client = TestClient.Of(node.Address);
        await using ScoredCall call = await client.StartCallAsync("c").Within();
        Assert.Equal(CallState.GivenUp, call.Status.State);
        Assert.Equal(reason, call.Status.Refusal!.Reason);
        Assert.Equal(code, call.Status.Refusal.Code);
        Assert.Equal(SendOutcome.Over, (await call.SendAsync(Say.Turn(1)).Within()).Outcome);
        Assert.Empty(await call.Updates().AllAsync().Within());
        EndResult ended = await call.EndAsync().Within();
        Assert.Null(ended.Summary);
        Assert.Equal(reason, ended.Refusal!.Reason);
        await SaysNothingMoreAsync(node, 1);
    }

    [Theory]
    [InlineData(StatusCode.Aborted, "SUPERSEDED")]
    [InlineData(StatusCode.FailedPrecondition, "CALL_ENDED")]
    [InlineData(StatusCode.InvalidArgument, "INVALID_MESSAGE")]
    public async Task EndOfAnOpenStream_ForGood_IsNotRetried(StatusCode code, string reason)
    {
        await using ScriptedNode node = await ScriptedNode.StartAsync(async stream =>
        {
            await stream.OpenAsync();
            await stream.AnswerAsync(1);
            throw ScriptedStream.Status(code, reason);
        });
        await using ScoringClient client = TestClient.Of(node.Address);
        await using ScoredCall call = await client.StartCallAsync("c").Within();
        Assert.Equal(SendOutcome.Answered, (await call.SendAsync(Say.Turn(1)).Within()).Outcome);
        EndResult ended = await call.EndAsync().Within();
        Assert.Equal(reason, ended.Refusal!.Reason);
        await SaysNothingMoreAsync(node, 1);
    }

    [Theory]
    [InlineData(StatusCode.Unavailable, "DRAINING")]
    [InlineData(StatusCode.Unavailable, "NOT_READY")]
    [InlineData(StatusCode.ResourceExhausted, "TOO_MANY")]
    public async Task RetryInfo_IsWaitedForAndThenTriedAgain(StatusCode code, string reason)
    {
        await using ScriptedNode node = await ScriptedNode.StartAsync(
            ScriptedStream.Refuses(code, reason, TimeSpan.FromMilliseconds(300)), ScriptedStream.Refuses(code, reason, TimeSpan.FromMilliseconds(300)), Serve);
        await using ScoringClient client = TestClient.Of(node.Address);
        await using ScoredCall call = await client.StartCallAsync("c").Within();
        Assert.Equal(SendOutcome.Answered, (await call.SendAsync(Say.Turn(1)).Within()).Outcome);
        ScriptedStream[] streams = node.Streams;
        Assert.Equal(3, streams.Length);
        Assert.True(streams[1].ArrivedAt - streams[0].ArrivedAt >= 290);
        Assert.True(streams[2].ArrivedAt - streams[1].ArrivedAt >= 290);
        Assert.True(streams[0].Start!.Attempt < streams[1].Start!.Attempt && streams[1].Start!.Attempt < streams[2].Start!.Attempt);
        Assert.Equal("c", streams[2].CallIdHeader);
    }

    [Theory]
    [InlineData(StatusCode.Internal, "INTERNAL")]
    [InlineData(StatusCode.ResourceExhausted, "SLOW_CONSUMER")]
    [InlineData(StatusCode.FailedPrecondition, "SEQUENCE_GAP")]
    [InlineData(StatusCode.Unavailable, "DRAINING")]
    [InlineData(StatusCode.Unavailable, "OF_A_LATER_VERSION")]
    [InlineData(StatusCode.Unavailable, "")]
    [InlineData(StatusCode.Unknown, "")]
    [InlineData(StatusCode.Cancelled, "")]
    [InlineData(StatusCode.PermissionDenied, "")]
    [InlineData(StatusCode.Unimplemented, "")]
    [InlineData(StatusCode.OK, "")]
    public async Task BrokenStream_IsOpenedAgain_AndWhatWasNotCountedIsSentAgain(StatusCode code, string reason)
    {
        await using ScriptedNode node = await ScriptedNode.StartAsync(
            async stream =>
            {
                await stream.OpenAsync();
                await stream.AnswerAsync(2);
                await stream.ReadAsync();
                if (code != StatusCode.OK) throw ScriptedStream.Status(code, reason);
            },
            async stream =>
            {
                await stream.OpenAsync(3);
                await stream.AnswerAsync();
            });
        await using ScoringClient client = TestClient.Of(node.Address);
        await using ScoredCall call = await client.StartCallAsync("c").Within();
        for (int n = 1; n <= 4; n++) await call.SendAsync(Say.Turn(n)).Within();
        Assert.NotNull((await call.EndAsync().Within()).Summary);
        ScriptedStream[] streams = node.Streams;
        Assert.Equal(2, streams.Length);
        Assert.Equal([3u, 4u, 5u], streams[1].Seqs);
        Assert.Equal(1u, streams[1].Start!.ResumeFrom);
        Assert.True(streams[1].Start!.Attempt > streams[0].Start!.Attempt);
        Assert.False(streams[1].Start!.AcceptLostHistory);
    }

    [Fact]
    public async Task Idle_IsOpenedAgainWhenThereIsSomethingToSay()
    {
        await using ScriptedNode node = await ScriptedNode.StartAsync(
            async stream =>
            {
                await stream.OpenAsync();
                throw ScriptedStream.Status(StatusCode.DeadlineExceeded, "IDLE");
            },
            Serve);
        await using ScoringClient client = TestClient.Of(node.Address);
        await using ScoredCall call = await client.StartCallAsync("c").Within();
        await Waiting.UntilAsync(() => call.Status.State == CallState.Quiet, "quiet");
        await SaysNothingMoreAsync(node, 1);
        Assert.Equal(SendOutcome.Kept, (await call.SendAsync(Say.Turn(1)).Within()).Outcome);
        Assert.NotNull((await call.EndAsync().Within()).Summary);
        Assert.Equal(2, node.Streams.Length);
    }

    [Fact]
    public async Task HistoryLost_IsAcceptedTheSecondTime()
    {
        await using ScriptedNode node = await ScriptedNode.StartAsync(
            async stream =>
            {
                await stream.OpenAsync(with: opened => opened.Durability = Durability.Node);
                await stream.AnswerAsync(5, update =>
                {
                    update.DurableSeq = update.Seq;
                    return update;
                });
            },
            ScriptedStream.Refuses(StatusCode.FailedPrecondition, "HISTORY_LOST", nextSeq: 1),
            ScriptedStream.Refuses(StatusCode.FailedPrecondition, "HISTORY_LOST", nextSeq: 1),
            Serve);
        await using ScoringClient client = TestClient.Of(node.Address);
        await using ScoredCall call = await client.StartCallAsync("c").Within();
        var notices = call.Notices();
        for (int n = 1; n <= 5; n++) await call.SendAsync(Say.Turn(n)).Within();
        Assert.Equal(6u, (await call.SendAsync(Say.Turn(6)).Within()).Seq);
        Assert.NotNull((await call.EndAsync().Within()).Summary);
        Assert.Equal([false, false, false, true], node.Streams.Select(stream => stream.Start!.AcceptLostHistory));
        Assert.Equal([6u, 6u, 6u], node.Streams[1..].Select(stream => stream.Start!.ResumeFrom));
        Assert.Equal([6u, 7u], node.Streams[3].Seqs);
        Assert.True(call.Status.HistoryLost);
        await Waiting.UntilAsync(() => notices.Any(notice => notice.Notice == CallNotice.HistoryLost), "the notice");
        Assert.Equal(5u, notices.Single(notice => notice.Notice == CallNotice.HistoryLost).ToSeq);
    }

    [Fact]
    public async Task HistoryLost_OneNodeKnowsTheCall_IsAskedFirst()
    {
        ScriptedNode? knowing = null;
        await using ScriptedNode forgetful = await ScriptedNode.StartAsync(ScriptedStream.Refuses(StatusCode.FailedPrecondition, "HISTORY_LOST", nextSeq: 1));
        await using ScriptedNode other = knowing = await ScriptedNode.StartAsync(Serve);
        await using var client = new ScoringClient([forgetful.Address, other.Address], TestClient.Quick);
        // A hash chooses the node: some of these begin with the one that knows nothing.
        for (int i = 0; i < 8; i++)
        {
            await using ScoredCall call = await client.StartCallAsync(new CallStart { CallId = $"c{i}", ResumeFrom = 4 }).Within();
            Assert.Equal(4u, (await call.SendAsync(Say.Turn(1)).Within()).Seq);
            Assert.False(call.Status.HistoryLost);
        }

        Assert.NotEmpty(forgetful.Streams);
        Assert.All(forgetful.Streams, stream => Assert.False(stream.Start!.AcceptLostHistory));
        Assert.Equal(8, knowing.Streams.Length);
    }

    [Fact]
    public async Task PoisonousMessage_IsTriedMoreAndMoreSeldom()
    {
        await using ScriptedNode node = await ScriptedNode.StartAsync(async stream =>
        {
            await stream.OpenAsync(1);
            await stream.ReadAsync();
            throw ScriptedStream.Status(StatusCode.Internal, "INTERNAL");
        });
        await using ScoringClient client = TestClient.Of(node.Address, options => options with { FirstBackOff = TimeSpan.FromMilliseconds(20), LongestBackOff = TimeSpan.FromSeconds(60) });
        await using ScoredCall call = await client.StartCallAsync("c").Within();
        await call.SendAsync(Say.Turn(1)).Within();
        await Task.Delay(2500);
        // Waits of up to 20, 40, 80 … ms: eight of them already make 5 s, half that on average.
        Assert.InRange(node.Streams.Length, 3, 25);
    }

    [Fact]
    public async Task AnswerToTheStartThatIsNotOpened_IsTriedAgain()
    {
        await using ScriptedNode node = await ScriptedNode.StartAsync(
            async stream =>
            {
                await stream.ReadAsync();
                await stream.WriteAsync(new ScoreCallResponse { Heartbeat = new HeartbeatReply() });
            },
            Serve);
        await using ScoringClient client = TestClient.Of(node.Address);
        await using ScoredCall call = await client.StartCallAsync("c").Within();
        Assert.NotNull((await call.EndAsync().Within()).Summary);
    }

    [Fact]
    public async Task NewCallOnly_IsNewOnlyOnce()
    {
        await using ScriptedNode node = await ScriptedNode.StartAsync(
            async stream =>
            {
                await stream.ReadAsync();
                throw ScriptedStream.Status(StatusCode.Unavailable, "");
            },
            Serve);
        await using ScoringClient client = TestClient.Of(node.Address);
        await using ScoredCall call = await client.StartCallAsync(new CallStart { CallId = "c" }).Within();
        // The first start may have made it, though its answer was lost.
        Assert.Equal([0u, 1u], node.Streams.Select(stream => stream.Start!.ResumeFrom));
    }
}
