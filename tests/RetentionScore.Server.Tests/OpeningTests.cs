using Grpc.Core;

namespace RetentionScore.Server.Tests;

public sealed class OpeningTests
{
    [Fact]
    public async Task Headers_AreThereBeforeTheFirstMessage()
    {
        await using TestServer server = await TestServer.StartAsync();
        using TestCall call = server.Call();
        await call.Raw.ResponseHeadersAsync.Within();
    }

    [Fact]
    public async Task ResumeFromZero_WithALiveCall_IsCallExists()
    {
        await using TestServer server = await TestServer.StartAsync();
        using TestCall first = server.Call();
        Assert.False((await first.OpenAsync("c", resumeFrom: 0)).Resumed);
        using TestCall second = server.Call();
        await second.SendAsync(new CallStart { CallId = "c", ResumeFrom = 0, Attempt = 9 });
        Refused refused = await Refused.ByAsync(second);
        Assert.Equal(StatusCode.AlreadyExists, refused.Code);
        Assert.Equal("CALL_EXISTS", refused.Reason);
        Assert.Equal(1u, (await first.SayAsync(1, "still mine")).Seq);
    }

    [Fact]
    public async Task ResumeFromZero_AfterTheEnd_IsANewCall()
    {
        await using TestServer server = await TestServer.StartAsync();
        using TestCall first = server.Call();
        await first.OpenAsync("c", resumeFrom: 0);
        await first.EndAsync(1);
        using TestCall second = server.Call();
        CallOpened opened = await second.OpenAsync("c", resumeFrom: 0);
        Assert.Equal(1u, opened.NextSeq);
        Assert.False(opened.Resumed);
        Assert.False(opened.Ended);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Detached_IsAttachedAgainWithTheScoreAsItStands(bool cancel)
    {
        await using TestServer server = await TestServer.StartAsync();
        ScoreUpdate last;
        using (TestCall first = server.Call())
        {
            await first.OpenAsync("c");
            await first.SendAsync(Say.Final(1, "I want to cancel my service.", id: "u1"));
            last = await first.UpdateAsync();
            if (!cancel)
            {
                await first.HalfCloseAsync();
                Assert.Empty(await first.RestAsync());
            }
        }

        using TestCall second = server.Call();
        // A higher attempt: the server may not have heard yet that the first one left.
        CallOpened opened = await second.OpenAsync("c", resumeFrom: 1, attempt: 1);
        Assert.True(opened.Resumed);
        Assert.False(opened.Ended);
        Assert.Equal(2u, opened.NextSeq);
        Assert.Equal("u1", opened.LastUtteranceId);
        Assert.Equal(1u, opened.Current.AsOfSeq);
        Assert.Equal(0u, opened.Current.Seq);
        Assert.Equal(last.Risk, opened.Current.Risk);
        Assert.Equal(last.CancelStage, opened.Current.CancelStage);
        Assert.Equal(2u, (await second.SayAsync(2, "Sure", Speaker.Agent)).AsOfSeq);
    }

    [Fact]
    public async Task BrokenConnection_Detaches()
    {
        await using TestServer server = await TestServer.StartAsync();
        TestCall first = server.CallOnItsOwnConnection(out var channel);
        await first.OpenAsync("c");
        await first.SayAsync(1, "hello");
        channel.Dispose();
        using TestCall second = server.Call();
        Assert.Equal(2u, (await second.OpenAsync("c", resumeFrom: 2, attempt: 1)).NextSeq);
    }

    [Fact]
    public async Task ExplainOnAttach_IsTheAttachersChoice()
    {
        await using TestServer server = await TestServer.StartAsync();
        using (TestCall first = server.Call())
        {
            await first.OpenAsync("c");
            Assert.Empty((await first.SayAsync(1, "hello there")).Evidence);
        }

        using TestCall second = server.Call();
        await second.OpenAsync(new CallStart { CallId = "c", ResumeFrom = 1, Attempt = 1, Explain = true });
        ScoreUpdate update = await second.SayAsync(2, "I want to cancel my service.");
        Assert.NotEmpty(update.Evidence);
        Assert.NotEmpty(update.Signals);
        Assert.Contains(update.Evidence, evidence => evidence is { Score: "overall", Signal: "prior" });
    }

    [Fact]
    public async Task HigherAttempt_TakesOver_TheFormerIsSuperseded()
    {
        await using TestServer server = await TestServer.StartAsync();
        using TestCall first = server.Call();
        await first.OpenAsync("c", attempt: 5);
        await first.SayAsync(1, "hello");
        using TestCall second = server.Call();
        CallOpened opened = await second.OpenAsync("c", attempt: 6);
        Assert.Equal(2u, opened.NextSeq);
        Refused refused = await Refused.ByAsync(first);
        Assert.Equal(StatusCode.Aborted, refused.Code);
        Assert.Equal("SUPERSEDED", refused.Reason);
        Assert.Equal(2u, (await second.SayAsync(2, "mine now")).Seq);
    }

    [Theory]
    [InlineData(5ul)]
    [InlineData(4ul)]
    [InlineData(0ul)]
    public async Task LowerOrEqualAttempt_IsTheOneRefused(ulong attempt)
    {
        await using TestServer server = await TestServer.StartAsync();
        using TestCall first = server.Call();
        await first.OpenAsync("c", attempt: 5);
        using TestCall second = server.Call();
        await second.SendAsync(new CallStart { CallId = "c", ResumeFrom = 1, Attempt = attempt });
        Refused refused = await Refused.ByAsync(second);
        Assert.Equal("SUPERSEDED", refused.Reason);
        Assert.Equal("start.attempt", refused.Metadata["field"]);
        Assert.Equal(1u, (await first.SayAsync(1, "still mine")).Seq);
    }

    [Fact]
    public async Task TakeOverWhileMessagesAreCounted_NextSeqIsReadAfterTheFormerStopped()
    {
        await using TestServer server = await TestServer.StartAsync();
        for (ulong round = 1; round <= 10; round++)
        {
            using TestCall first = server.Call();
            uint next = (await first.OpenAsync("c", attempt: round * 2)).NextSeq;
            using TestCall second = server.Call();
            Task<CallOpened> taking = Task.CompletedTask.ContinueWith(_ => second.OpenAsync("c", attempt: round * 2 + 1), TaskScheduler.Default).Unwrap();
            try
            {
                for (uint i = 0; i < 50; i++) await first.SendAsync(Say.Final(next + i, "I want to cancel."));
            }
            catch (Exception exception) when (exception is RpcException or InvalidOperationException or IOException)
            {
                // Superseded while it sent.
            }

            CallOpened opened = await taking.Within();
            ScoreUpdate update = await second.SayAsync(opened.NextSeq, "hm");
            Assert.False(update.Duplicate);
            Assert.Equal(opened.NextSeq, update.AsOfSeq);
        }
    }

    [Fact]
    public async Task ManyTakeOversAtOnce_OneHoldsTheCall()
    {
        await using TestServer server = await TestServer.StartAsync();
        TestCall[] calls = [.. Enumerable.Range(0, 20).Select(_ => server.Call())];
        await Task.WhenAll(calls.Select((call, i) => call.SendAsync(new CallStart { CallId = "c", ResumeFrom = 1, Attempt = (ulong)i + 1 })));
        // The highest attempt wins, whatever the order they came in.
        ScoreCallResponse opened = await calls[^1].ReadAsync();
        Assert.Equal(1u, opened.Opened.NextSeq);
        Assert.Equal(1u, (await calls[^1].SayAsync(1, "mine")).Seq);
        foreach (TestCall loser in calls[..^1]) Assert.Equal("SUPERSEDED", (await Refused.ByAsync(loser)).Reason);
        foreach (TestCall call in calls) call.Dispose();
    }

    [Fact]
    public async Task ResumeFromAboveOne_OfAnUnknownCall_IsHistoryLost()
    {
        await using TestServer server = await TestServer.StartAsync();
        using TestCall call = server.Call();
        await call.SendAsync(new CallStart { CallId = "c", ResumeFrom = 7 });
        Refused refused = await Refused.ByAsync(call);
        Assert.Equal(StatusCode.FailedPrecondition, refused.Code);
        Assert.Equal("HISTORY_LOST", refused.Reason);
        Assert.Equal("1", refused.Metadata["next_seq"]);
        Assert.Equal("7", refused.Metadata["value"]);
    }

    [Fact]
    public async Task AcceptLostHistory_OpensThere_AndEveryUpdateSaysSo()
    {
        await using TestServer server = await TestServer.StartAsync();
        using TestCall call = server.Call();
        CallOpened opened = await call.OpenAsync(new CallStart { CallId = "c", ResumeFrom = 7, AcceptLostHistory = true });
        Assert.Equal(7u, opened.NextSeq);
        for (uint seq = 7; seq <= 9; seq++) Assert.Contains(Degradation.HistoryLost, (await call.SayAsync(seq, "hello")).Degraded);
        await call.SendAsync(Say.Interim("hello"));
        Assert.Contains(Degradation.HistoryLost, (await call.UpdateAsync()).Degraded);
        Assert.Contains(Degradation.HistoryLost, (await call.EndAsync(10)).Last.Degraded);
    }

    [Fact]
    public async Task ServerThatKnowsLess_IsHistoryLost_ThenAcceptedThere()
    {
        await using TestServer server = await TestServer.StartAsync();
        using (TestCall first = server.Call())
        {
            await first.OpenAsync("c");
            await first.SayAsync(1, "I want to cancel my service.");
        }

        using (TestCall second = server.Call())
        {
            await second.SendAsync(new CallStart { CallId = "c", ResumeFrom = 5, Attempt = 1 });
            Refused refused = await Refused.ByAsync(second);
            Assert.Equal("HISTORY_LOST", refused.Reason);
            Assert.Equal("2", refused.Metadata["next_seq"]);
        }

        using TestCall third = server.Call();
        CallOpened opened = await third.OpenAsync(new CallStart { CallId = "c", ResumeFrom = 5, AcceptLostHistory = true, Attempt = 2 });
        Assert.Equal(5u, opened.NextSeq);
        Assert.Contains(Degradation.HistoryLost, (await third.SayAsync(5, "hello")).Degraded);
    }

    [Fact]
    public async Task OnAttach_ContextPolicyAndLanguageAreIgnored()
    {
        await using TestServer server = await TestServer.StartAsync();
        using (TestCall first = server.Call()) await first.OpenAsync("c");
        using TestCall second = server.Call();
        CallOpened opened = await second.OpenAsync(new CallStart { CallId = "c", ResumeFrom = 1, Attempt = 1, Policy = "unknown", Language = "de" });
        Assert.True(opened.Resumed);
        Assert.DoesNotContain(Degradation.LanguageNotEvaluated, (await second.SayAsync(1, "hello")).Degraded);
    }

    [Fact]
    public async Task EndedCall_SaysSo_AndGivesTheSameSummaryAgain()
    {
        await using TestServer server = await TestServer.StartAsync();
        CallSummary summary;
        using (TestCall first = server.Call())
        {
            await first.OpenAsync("c");
            await first.SayAsync(1, "I want to cancel my service.");
            summary = await first.EndAsync(2, Disposition.Saved);
            Assert.Equal(summary, await first.EndAsync(2, Disposition.Saved));
        }

        using TestCall second = server.Call();
        CallOpened opened = await second.OpenAsync("c", resumeFrom: 2, attempt: 1);
        Assert.True(opened.Ended);
        Assert.Equal(3u, opened.NextSeq);
        Assert.Equal(summary, await second.EndAsync(2, Disposition.Saved));
        ScoreUpdate duplicate = await second.SayAsync(1, "I want to cancel my service.");
        Assert.True(duplicate.Duplicate);
        Assert.Equal(2u, duplicate.AsOfSeq);
        await second.SendAsync(Say.Final(3, "hello"));
        Refused refused = await Refused.ByAsync(second);
        Assert.Equal(StatusCode.FailedPrecondition, refused.Code);
        Assert.Equal("CALL_ENDED", refused.Reason);
    }

    [Fact]
    public async Task EndedCall_ThatNobodyHolds_IsKeptAsBytes_AndGivesWayToANewOneOfItsName()
    {
        await using TestServer server = await TestServer.StartAsync();
        var calls = server.Service<RetentionScore.Server.Calls.CallRegistry>();
        CallSummary summary;
        using (TestCall first = server.Call())
        {
            await first.OpenAsync("c");
            await first.SayAsync(1, "I want to cancel my service.");
            summary = await first.EndAsync(2, Disposition.Saved);
        }

        await Waiting.UntilAsync(() => calls.Ended == 1);
        using (TestCall again = server.Call())
        {
            Assert.True((await again.OpenAsync("c", resumeFrom: 1)).Ended);
            Assert.Equal(0, calls.Ended); // somebody holds it
            Assert.Equal(summary, await again.EndAsync(2, Disposition.Saved));
        }

        await Waiting.UntilAsync(() => calls.Ended == 1);
        using TestCall other = server.Call();
        Assert.False((await other.OpenAsync("c", resumeFrom: 0)).Resumed);
        Assert.Equal(0, calls.Ended);
        Assert.Equal(1, calls.Live);
        ScoreUpdate update = await other.SayAsync(1, "hello there");
        Assert.Equal(CancelStage.None, update.CancelStage); // nothing of the call whose memory it has
    }

    [Fact]
    public async Task MessageBehindStart_NeedsNoWaitForOpened()
    {
        await using TestServer server = await TestServer.StartAsync();
        using TestCall call = server.Call();
        await call.SendAsync(new CallStart { CallId = "c", ResumeFrom = 1 });
        await call.SendAsync(Say.Final(1, "hello"));
        await call.SendAsync(new CallEnd { Seq = 2 });
        await call.HalfCloseAsync();
        Assert.Equal(
            [ScoreCallResponse.MessageOneofCase.Opened, ScoreCallResponse.MessageOneofCase.Update, ScoreCallResponse.MessageOneofCase.Summary],
            (await call.RestAsync()).Select(response => response.MessageCase));
    }

    [Fact]
    public async Task DeadlineOfTheStream_Detaches()
    {
        await using TestServer server = await TestServer.StartAsync();
        using (var first = new TestCall(server.Client.ScoreCall(deadline: DateTime.UtcNow.AddSeconds(1))))
        {
            await first.OpenAsync("c");
            await first.SayAsync(1, "hello");
            Assert.Equal(StatusCode.DeadlineExceeded, (await first.FailureAsync()).StatusCode);
        }

        using TestCall second = server.Call();
        Assert.Equal(2u, (await second.OpenAsync("c", resumeFrom: 2, attempt: 1)).NextSeq);
    }
}
