using RetentionScore.Server.Options;
using RetentionScore.Server.Overload;

namespace RetentionScore.Server.Tests.Overload;

public sealed class SheddingTests
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan Target = TimeSpan.FromMilliseconds(100);

    private readonly FakeTime time = new();
    private readonly Shedding shedding;

    public SheddingTests() => shedding = new Shedding(new ServerOptions(), time);

    private ShedLevel After(double targets, TimeSpan lasting)
    {
        for (TimeSpan passed = TimeSpan.Zero; passed <= lasting; passed += Look)
        {
            if (passed > TimeSpan.Zero) time.Advance(Look);
            shedding.Look(Target * targets);
        }

        return shedding.Level;
    }

    [Fact]
    public void Look_ShortWaits_ShedNothing() => Assert.Equal(ShedLevel.None, After(0.99, TimeSpan.FromMinutes(1)));

    [Fact]
    public void Look_WaitsOfTheTarget_ShedInterimsOnceTheyLast()
    {
        Assert.Equal(ShedLevel.None, After(1, Shedding.Rise - Look));
        Assert.Equal(ShedLevel.Interims, After(1, Look));
        Assert.True(shedding.ShedsInterim(TimeSpan.Zero));
        Assert.False(shedding.ShedsExplanations);
    }

    [Fact]
    public void Look_WaitsOfFourTargets_ShedExplanationsToo()
    {
        Assert.Equal(ShedLevel.Explanations, After(4, Shedding.Rise));
        Assert.True(shedding.ShedsInterim(TimeSpan.Zero));
        Assert.True(shedding.ShedsExplanations);
    }

    [Fact]
    public void Look_OneShortWaitAmongLongOnes_BeginsAnew()
    {
        After(5, Shedding.Rise - Look);
        After(0, TimeSpan.Zero);
        Assert.Equal(ShedLevel.None, After(5, Shedding.Rise - Look));
    }

    [Fact]
    public void Look_WaitsBetweenHalfAndWhole_KeepWhatIsShed()
    {
        After(1, Shedding.Rise);
        Assert.Equal(ShedLevel.Interims, After(0.5, TimeSpan.FromMinutes(1)));
        Assert.Equal(ShedLevel.Interims, After(0.49, Shedding.Fall - Look));
        Assert.Equal(ShedLevel.None, After(0.49, Look));
    }

    [Fact]
    public void Look_LoadThatFalls_ComesBackOneStepAtATime()
    {
        After(8, Shedding.Rise);
        Assert.Equal(ShedLevel.Interims, After(1, Shedding.Fall));
        Assert.Equal(ShedLevel.None, After(0, Shedding.Fall));
    }

    [Fact]
    public void ShedsInterim_ThatWaitedForTheTarget_IsStaleAlsoWithoutLoad()
    {
        Assert.False(shedding.ShedsInterim(Target - Look));
        Assert.True(shedding.ShedsInterim(Target));
    }

    [Fact]
    public async Task Interims_AreShedFirst_ThenEvidenceAndSignals_FinalsNever()
    {
        var load = new FakeTime();
        var shed = new Shedding(new ServerOptions(), load);
        await using TestServer server = await TestServer.StartAsync(replace: shed);
        using TestCall loaded = server.Call(), calm = server.Call();
        await loaded.OpenAsync(new CallStart { CallId = "loaded", ResumeFrom = 1, Explain = true });
        await calm.OpenAsync(new CallStart { CallId = "calm", ResumeFrom = 1, Explain = true });
        Utterance[] said = [Say.Final(1, "I want to cancel my service."), Say.Final(2, "Why do you want to leave us?", Speaker.Agent), Say.Final(3, "I said cancel it.")];
        var expected = new List<ScoreUpdate>();
        foreach (Utterance one in said)
        {
            await calm.SendAsync(one);
            expected.Add(await calm.UpdateAsync());
        }

        await loaded.SendAsync(said[0]);
        ScoreUpdate full = await loaded.UpdateAsync();
        Assert.NotEmpty(full.Evidence);
        Assert.DoesNotContain(Degradation.Shed, full.Degraded);

        void Raise(double targets)
        {
            for (int i = 0; i <= Shedding.Rise / Look; i++)
            {
                shed.Look(Target * targets);
                load.Advance(Look);
            }
        }

        Raise(1);
        await loaded.SendAsync(Say.Interim("I want"));
        await loaded.SendAsync(said[1]);
        ScoreUpdate second = await loaded.UpdateAsync(); // not the interim's
        Assert.Equal(2u, second.Seq);
        Assert.NotEmpty(second.Evidence);
        Assert.Empty(second.Degraded);

        Raise(4);
        await loaded.SendAsync(said[2]);
        ScoreUpdate third = await loaded.UpdateAsync();
        Assert.Equal([Degradation.Shed], third.Degraded);
        Assert.Empty(third.Evidence);
        Assert.Empty(third.Signals);
        // Never a bit of risk, band, stage or recommendation.
        ScoreUpdate whole = expected[2];
        Assert.NotEmpty(whole.Evidence);
        Assert.NotEmpty(whole.Signals);
        whole.Evidence.Clear();
        whole.Signals.Clear();
        third.Degraded.Clear();
        (whole.Latency, third.Latency) = (null, null);
        Assert.Equal(whole, third);

        string metrics = await server.Ops.GetStringAsync("/metrics").Within();
        Assert.Contains("retentionscore_shed_total{what=\"interim\"} 1\n", metrics, StringComparison.Ordinal);
        Assert.Contains("retentionscore_shed_total{what=\"explanation\"} 1\n", metrics, StringComparison.Ordinal);
        Assert.Contains("retentionscore_shed_level 2\n", metrics, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Interim_LastOfWhatWaited_HoldsBackNoAnswer()
    {
        var load = new FakeTime();
        var shed = new Shedding(new ServerOptions(), load);
        await using TestServer server = await TestServer.StartAsync(replace: shed);
        for (int i = 0; i <= Shedding.Rise / Look; i++)
        {
            shed.Look(Target);
            load.Advance(Look);
        }

        using var hold = new ManualResetEventSlim();
        using var held = new ManualResetEventSlim();
        server.Service<RetentionScore.Server.Scoring.CallFactory>().BeforeScoring = seq =>
        {
            if (seq != 1) return;
            held.Set();
            hold.Wait(Waiting.Limit);
        };
        using TestCall call = server.Call();
        await call.OpenAsync("c");
        await call.SendAsync(Say.Final(1, "hello"));
        held.Wait(Waiting.Limit);
        await call.SendAsync(Say.Final(2, "I want to cancel my service."));
        await call.SendAsync(Say.Interim("please"));
        await Task.Delay(1000); // both are in the server's buffers
        hold.Set();
        Assert.Equal(1u, (await call.UpdateAsync()).Seq);
        Assert.Equal(2u, (await call.UpdateAsync()).Seq);
    }
}
