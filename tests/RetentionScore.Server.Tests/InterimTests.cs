using RetentionScore.Server.Scoring;

namespace RetentionScore.Server.Tests;

public sealed class InterimTests
{
    [Fact]
    public async Task Interim_IsScoredOnACopyAndTakesNoSeq()
    {
        await using TestServer server = await TestServer.StartAsync();
        using TestCall call = server.Call();
        await call.OpenAsync("c");
        Utterance interim = Say.Interim("I want to cancel my service");
        interim.UtteranceId = "u1";
        await call.SendAsync(interim);
        ScoreUpdate preview = await call.UpdateAsync();
        Assert.True(preview.Interim);
        Assert.Equal(0u, preview.Seq);
        Assert.Equal(0u, preview.AsOfSeq);
        Assert.Equal("u1", preview.UtteranceId);
        Assert.Equal(CancelStage.Requested, preview.CancelStage);
        Assert.Empty(preview.Recommendations);

        // The final that it becomes is no duplicate of it.
        await call.SendAsync(Say.Final(1, "I want to change my service", id: "u1"));
        ScoreUpdate final = await call.UpdateAsync();
        Assert.False(final.Duplicate);
        Assert.Equal(CancelStage.None, final.CancelStage);
    }

    [Fact]
    public async Task InterimsWaiting_OnlyTheNewestOfEachSpeakerIsAnswered()
    {
        await using TestServer server = await TestServer.StartAsync();
        using var hold = new ManualResetEventSlim();
        using var held = new ManualResetEventSlim();
        server.Service<CallFactory>().BeforeScoring = seq =>
        {
            if (seq != 1) return;
            held.Set();
            hold.Wait(Waiting.Limit);
        };
        using TestCall call = server.Call();
        await call.OpenAsync("c");
        await call.SendAsync(Say.Final(1, "hello"));
        held.Wait(Waiting.Limit);
        for (int i = 0; i < 10; i++)
        {
            await call.SendAsync(Say.Interim($"customer {i}"));
            await call.SendAsync(Say.Interim($"agent {i}", Speaker.Agent));
        }

        await call.SendAsync(Say.Interim("superseded by its final", Speaker.Supervisor));
        await call.SendAsync(Say.Final(2, "final", Speaker.Supervisor));
        await call.HalfCloseAsync();
        await Task.Delay(1000); // all of it is in the server's buffers
        hold.Set();
        List<ScoreCallResponse> all = await call.RestAsync();
        Assert.Equal([1u, 2u], all.Where(r => !r.Update.Interim).Select(r => r.Update.Seq));
        Assert.Equal(2, all.Count(r => r.Update.Interim));
    }

    [Fact]
    public void Batch_SupersedesInterimsByNewerAndByFinals_NotByCorrections()
    {
        var batch = new RequestBatch();
        Utterance correction = Say.Final(1, "x");
        correction.CorrectsSeq = 1;
        foreach (Utterance utterance in new[] { Say.Interim("a"), Say.Interim("b", Speaker.Agent), Say.Interim("c"), correction, Say.Final(2, "y", Speaker.Agent) })
            batch.Add(new ScoreCallRequest { Utterance = utterance }, 0);
        batch.Add(new ScoreCallRequest(), 0);
        batch.Close();
        Assert.Equal([true, true, false, false, false, false], Enumerable.Range(0, 6).Select(batch.IsSuperseded));
        Assert.Equal(4, batch.LastAnswered);
    }

    [Fact]
    public async Task InterimAfterTheEnd_IsRefused()
    {
        await using TestServer server = await TestServer.StartAsync();
        using TestCall call = server.Call();
        await call.OpenAsync("c");
        await call.EndAsync(1);
        await call.SendAsync(Say.Interim("hello"));
        Assert.Equal("CALL_ENDED", (await Refused.ByAsync(call)).Reason);
    }
}
