using Grpc.Core;
using RetentionScore.Server.Scoring;

namespace RetentionScore.Server.Tests;

public sealed class OrderTests
{
    [Fact]
    public async Task LowerSeq_IsADuplicateWithTheScoreAsItStands()
    {
        await using TestServer server = await TestServer.StartAsync();
        using TestCall call = server.Call();
        await call.OpenAsync("c");
        await call.SayAsync(1, "I want to cancel my service.");
        ScoreUpdate second = await call.SayAsync(2, "Why do you want to leave?", Speaker.Agent);
        ScoreUpdate again = await call.SayAsync(1, "I want to cancel my service.");
        Assert.True(again.Duplicate);
        Assert.Equal(1u, again.Seq);
        Assert.Equal(2u, again.AsOfSeq);
        Assert.Equal(second.Risk, again.Risk);
        Assert.Equal(1u, again.Progress.Requests);
        Assert.Equal(3u, (await call.SayAsync(3, "please", Speaker.Customer)).AsOfSeq);
    }

    [Fact]
    public async Task KnownUtteranceId_IsADuplicateThatTakesNoSeq()
    {
        await using TestServer server = await TestServer.StartAsync();
        using TestCall call = server.Call();
        await call.OpenAsync("c");
        await call.SendAsync(Say.Final(1, "I want to cancel.", id: "u1"));
        Assert.Equal("u1", (await call.UpdateAsync()).UtteranceId);
        await call.SendAsync(Say.Final(2, "I want to cancel.", id: "u1"));
        ScoreUpdate again = await call.UpdateAsync();
        Assert.True(again.Duplicate);
        Assert.Equal("u1", again.UtteranceId);
        Assert.Equal(1u, again.AsOfSeq);
        await call.SendAsync(Say.Final(2, "As I said.", id: "u2"));
        Assert.False((await call.UpdateAsync()).Duplicate);
    }

    [Fact]
    public async Task UtteranceId_IsForgottenAfter64Others()
    {
        await using TestServer server = await TestServer.StartAsync();
        using TestCall call = server.Call();
        await call.OpenAsync("c");
        for (uint i = 1; i <= 65; i++)
        {
            await call.SendAsync(Say.Final(i, "yes", id: $"u{i}"));
            Assert.False((await call.UpdateAsync()).Duplicate);
        }

        await call.SendAsync(Say.Final(66, "yes", id: "u2"));
        Assert.True((await call.UpdateAsync()).Duplicate);
        await call.SendAsync(Say.Final(66, "yes", id: "u1"));
        Assert.False((await call.UpdateAsync()).Duplicate);
    }

    [Fact]
    public async Task HigherSeq_EndsWithSequenceGapAndNextSeq_NothingApplied()
    {
        await using TestServer server = await TestServer.StartAsync();
        using (TestCall call = server.Call())
        {
            await call.OpenAsync("c");
            await call.SayAsync(1, "hello");
            await call.SendAsync(Say.Final(3, "I want to cancel."));
            Refused refused = await Refused.ByAsync(call);
            Assert.Equal(StatusCode.FailedPrecondition, refused.Code);
            Assert.Equal("SEQUENCE_GAP", refused.Reason);
            Assert.Equal("2", refused.Metadata["next_seq"]);
            Assert.Equal("3", refused.Metadata["value"]);
        }

        using TestCall next = server.Call();
        CallOpened opened = await next.OpenAsync("c");
        Assert.Equal(2u, opened.NextSeq);
        Assert.Equal(CancelStage.None, opened.Current.CancelStage);
    }

    [Theory]
    [InlineData("utterance")]
    [InlineData("event")]
    [InlineData("end")]
    public async Task SeqZeroOnAFinal_IsInvalid(string kind)
    {
        await using TestServer server = await TestServer.StartAsync();
        using TestCall call = server.Call();
        await call.OpenAsync("c");
        await call.SendAsync(kind switch
        {
            "utterance" => new ScoreCallRequest { Utterance = new Utterance { Text = "hi" } },
            "event" => new ScoreCallRequest { Event = new CallEvent { Kind = CallEventKind.Tick } },
            _ => new ScoreCallRequest { End = new CallEnd() },
        });
        Refused refused = await Refused.ByAsync(call);
        Assert.Equal(StatusCode.InvalidArgument, refused.Code);
        Assert.Equal("INVALID_MESSAGE", refused.Reason);
        Assert.Equal($"{kind}.seq", refused.Metadata["field"]);
        Assert.Equal("0", refused.Metadata["value"]);
    }

    [Fact]
    public async Task EveryMessageWithASeq_GetsOneUpdateInOrder_WhenManyAreSentAtOnce()
    {
        await using TestServer server = await TestServer.StartAsync();
        using TestCall call = server.Call();
        await call.SendAsync(new CallStart { CallId = "c", ResumeFrom = 1 });
        for (uint i = 1; i <= 300; i++)
        {
            if (i % 3 == 0) await call.SendAsync(new CallEvent { Seq = i, Kind = CallEventKind.Tick });
            else await call.SendAsync(Say.Final(i, "I want to cancel my service."));
        }

        await call.HalfCloseAsync();
        List<ScoreCallResponse> all = await call.RestAsync();
        Assert.Equal(ScoreCallResponse.MessageOneofCase.Opened, all[0].MessageCase);
        Assert.Equal(Enumerable.Range(1, 300).Select(i => (uint)i), all.Skip(1).Select(response => response.Update.Seq));
        Assert.All(all.Skip(1), response => Assert.Equal(response.Update.Seq, response.Update.AsOfSeq));
    }

    [Fact]
    public async Task Correction_IsCountedUnderItsOwnSeqAndSaysWhatIsStale()
    {
        await using TestServer server = await TestServer.StartAsync();
        using TestCall call = server.Call();
        await call.OpenAsync("c");
        await call.SendAsync(Say.Final(1, "I want to cancel my service.", id: "u1"));
        Assert.Equal(CancelStage.Requested, (await call.UpdateAsync()).CancelStage);
        await call.SayAsync(2, "Sure.", Speaker.Agent);
        Utterance correction = Say.Final(3, "I want to handle my service.", id: "u1");
        correction.CorrectsSeq = 1;
        await call.SendAsync(correction);
        ScoreUpdate corrected = await call.UpdateAsync();
        Assert.False(corrected.Duplicate);
        Assert.Equal(3u, corrected.Seq);
        Assert.Equal(1u, corrected.RescoredFromSeq);
        Assert.Equal(CancelStage.None, corrected.CancelStage);
        await call.SendAsync(correction);
        Assert.True((await call.UpdateAsync()).Duplicate);
    }

    [Fact]
    public async Task CorrectionOfAnEventOrTooOld_IsCountedNotApplied()
    {
        await using TestServer server = await TestServer.StartAsync();
        using TestCall call = server.Call();
        await call.OpenAsync("c");
        await call.SayAsync(1, "I want to cancel my service.");
        await call.SendAsync(new CallEvent { Seq = 2, Kind = CallEventKind.HoldStarted, AtMs = 9000 });
        await call.UpdateAsync();
        Utterance ofEvent = Say.Final(3, "no");
        ofEvent.CorrectsSeq = 2;
        await call.SendAsync(ofEvent);
        ScoreUpdate update = await call.UpdateAsync();
        Assert.Contains(Degradation.CorrectionTooOld, update.Degraded);
        Assert.Equal(0u, update.RescoredFromSeq);
        for (uint i = 4; i <= 70; i++) await call.SayAsync(i, "hm");
        Utterance old = Say.Final(71, "no");
        old.CorrectsSeq = 1;
        await call.SendAsync(old);
        Assert.Contains(Degradation.CorrectionTooOld, (await call.UpdateAsync()).Degraded);
        Assert.Equal(72u, (await call.SayAsync(72, "hm")).Seq);
    }

    [Fact]
    public async Task AnswersBeforeAGap_AreDelivered_WhenAllOfItWasWaitingTogether()
    {
        await using TestServer server = await TestServer.StartAsync();
        using var hold = new ManualResetEventSlim();
        server.Service<CallFactory>().BeforeScoring = seq =>
        {
            if (seq == 1) hold.Wait(Waiting.Limit);
        };
        using TestCall call = server.Call();
        await call.OpenAsync("c");
        foreach (uint seq in (uint[])[1, 2, 3, 9]) await call.SendAsync(Say.Final(seq, "hello"));
        await Task.Delay(200);
        hold.Set();
        for (uint seq = 1; seq <= 3; seq++) Assert.Equal(seq, (await call.UpdateAsync()).Seq);
        Assert.Equal("4", (await Refused.ByAsync(call)).Metadata["next_seq"]);
    }

    [Fact]
    public async Task RefusedStream_NeverTouchesTheNextCallOfItsConnection()
    {
        await using TestServer server = await TestServer.StartAsync();
        for (int i = 0; i < 150; i++)
        {
            using (TestCall refused = server.Call())
            {
                await refused.SendAsync(new CallStart { CallId = $"refused-{i}", ResumeFrom = 1 });
                await refused.SendAsync(Say.Final(5, "hello"));
                await refused.HalfCloseAsync();
                Assert.Equal("SEQUENCE_GAP", (await Refused.ByAsync(refused)).Reason);
            }

            using TestCall next = server.Call();
            await next.OpenAsync($"next-{i}");
            await next.SayAsync(1, "hello");
            await next.EndAsync(2);
        }
    }
}
