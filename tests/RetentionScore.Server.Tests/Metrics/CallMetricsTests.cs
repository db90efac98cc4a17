using RetentionScore.Server.Options;

namespace RetentionScore.Server.Tests.Metrics;

/// <summary>What is counted once a call, and where live calls stand.</summary>
public sealed class CallMetricsTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("metrics-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private static readonly string Model = Core.Signals.SignalReader.BuiltIn.Version;

    [Fact]
    public async Task Acknowledgement_InTime_IsMeasuredFromTheFirstRequest()
    {
        await using TestServer server = await TestServer.StartAsync();
        using TestCall call = server.Call();
        await call.OpenAsync("c");
        await call.SayAsync(1, "I want to cancel my service."); // ends at 5 s
        await call.SayAsync(2, "Of course, I'll cancel that for you right away.", Speaker.Agent); // ends at 8 s
        MetricsPage page = await MetricsPage.OfAsync(server);
        Assert.Equal(1, page["cancel_requests_total"]);
        Assert.Equal(0, page["cancel_acknowledged_seconds_count"]); // the agent may still take it back
        await call.SayAsync(3, "Thank you.");
        await call.SayAsync(4, "It's cancelled, your confirmation number is four two seven one.", Speaker.Agent); // ends at 14 s
        await call.EndAsync(5);

        page = await MetricsPage.OfAsync(server);
        Assert.Equal(1, page["cancel_acknowledged_seconds_count"]);
        Assert.Equal(3, page["cancel_acknowledged_seconds_sum"]);
        Assert.Equal(1, page["cancel_confirmed_seconds_count"]);
        Assert.Equal(9, page["cancel_confirmed_seconds_sum"]);
        Assert.Equal(1, page["cancel_settled_total{outcome=\"in_time\"}"]);
        Assert.Equal(1, page["calls_ended_total{disposition=\"cancelled\"}"]);
        Assert.Equal(1, page[$"call_score_count{{score=\"cancel_intent\",policy=\"default-1\",model=\"{Model}\"}}"]);
        Assert.Equal(1, page[$"signals_total{{policy=\"default-1\",signal=\"cancel_request\",model=\"{Model}\"}}"]);
    }

    [Theory]
    [InlineData("No, I can't do that. Why do you want to leave us?", 61, "late")]
    [InlineData("No, I can't do that. Why do you want to leave us?", 20, "unanswered")]
    [InlineData("Actually, I changed my mind, please don't cancel, I'll stay.", 20, "withdrawn")]
    [InlineData("Of course, I'll cancel that for you right away.", 20, "in_time")]
    public async Task Request_IsSettledOnce(string reply, int afterSeconds, string outcome)
    {
        await using TestServer server = await TestServer.StartAsync();
        using TestCall call = server.Call();
        await call.OpenAsync("c");
        await call.SayAsync(1, "I want to cancel my service.");
        await call.SayAsync(2, reply, outcome == "withdrawn" ? Speaker.Customer : Speaker.Agent);
        for (uint seq = 3; seq < 6; seq++)
        {
            await call.SendAsync(new CallEvent { Seq = seq, Kind = CallEventKind.Tick, AtMs = 5000 + afterSeconds * 1000 });
            await call.UpdateAsync();
        }

        await call.EndAsync(6);
        MetricsPage page = await MetricsPage.OfAsync(server);
        foreach (string one in (string[])["in_time", "late", "withdrawn", "unanswered"])
            Assert.Equal(one == outcome ? 1 : 0, page[$"cancel_settled_total{{outcome=\"{one}\"}}"]);
    }

    [Fact]
    public async Task RestoredCall_CountsNothingTwice()
    {
        Func<ServerOptions, ServerOptions> kept = options => options with { Journal = new JournalOptions { Store = JournalStore.Sqlite, Path = Path.Combine(folder, "journal.db") } };
        await using (TestServer first = await TestServer.StartAsync(kept))
        {
            using TestCall call = first.Call();
            await call.OpenAsync("c", attempt: 1);
            await call.SayAsync(1, "I want to cancel my service.");
            await call.SayAsync(2, "Of course, I'll cancel that for you right away.", Speaker.Agent);
            await call.SayAsync(3, "Thank you.");
            await call.SayAsync(4, "One moment please.", Speaker.Agent);
            await call.SayAsync(5, "And when does it end?");
            Assert.Equal(1, (await MetricsPage.OfAsync(first))["cancel_acknowledged_seconds_count"]);
            await call.SendAsync(new ScoreCallRequest { Heartbeat = new Heartbeat { Flush = true } });
            await call.ReadAsync();
        }

        await using TestServer second = await TestServer.StartAsync(kept);
        using TestCall again = second.Call();
        await again.OpenAsync("c", resumeFrom: 6, attempt: 2);
        await again.SayAsync(6, "It's cancelled, your confirmation number is four two seven one.", Speaker.Agent);
        MetricsPage page = await MetricsPage.OfAsync(second);
        Assert.Equal(1, page["opens_total{how=\"restored\"}"]);
        Assert.Equal(5, page["replayed_messages_total"]);
        Assert.Equal(0, page["cancel_requests_total"]);
        Assert.Equal(0, page["cancel_acknowledged_seconds_count"]);
        Assert.Equal(0, page["cancel_settled_total{outcome=\"in_time\"}"]);
        Assert.Equal(1, page["cancel_confirmed_seconds_count"]);
        Assert.Equal(1, page["utterances_total{speaker=\"agent\"}"]);
        Assert.Equal(1, Live(page, "confirmed"));
    }

    [Fact]
    public async Task Board_FollowsCalls_AndIsEmptyWhenTheyEnd()
    {
        await using TestServer server = await TestServer.StartAsync();
        using TestCall asks = server.Call(), talks = server.Call();
        await asks.OpenAsync("asks", attempt: 1);
        await talks.OpenAsync("talks");
        await asks.SayAsync(1, "I want to cancel my service.");
        await talks.SayAsync(1, "My internet is slow.");
        MetricsPage page = await MetricsPage.OfAsync(server);
        Assert.Equal(1, Live(page, "requested"));
        Assert.Equal(1, Live(page, "none"));
        Assert.Equal(2, page["live_calls"]);

        using TestCall taker = server.Call();
        await taker.OpenAsync("asks", attempt: 2);
        await asks.FailureAsync();
        Assert.Equal(1, Live(await MetricsPage.OfAsync(server), "requested"));
        await taker.EndAsync(2);
        await talks.EndAsync(2);
        page = await MetricsPage.OfAsync(server);
        Assert.Equal(0, page.Samples.Where(sample => sample.Name == "retentionscore_live_calls_by_risk").Sum(sample => sample.Value));
        Assert.Equal(1, page["opens_total{how=\"took_over\"}"]);
        Assert.Equal(2, page["opens_total{how=\"opened\"}"]);
    }

    [Fact]
    public async Task Recommendations_AreCountedByWhatBecameOfThem()
    {
        await using TestServer server = await TestServer.StartAsync();
        using TestCall call = server.Call();
        await call.OpenAsync("c");
        await call.SayAsync(1, "I want to cancel my service.");
        await call.SayAsync(2, "Why do you want to leave us?", Speaker.Agent);
        await call.SayAsync(3, "I'd rather not say.");
        await call.SayAsync(4, "Come on, why is it that you want to leave?", Speaker.Agent);
        await call.SayAsync(5, "I told you, please just cancel it.");
        await call.SayAsync(6, "We could give you half price for six months.", Speaker.Agent);
        await call.SayAsync(7, "No thank you, cancel my service now.");
        await call.SendAsync(new CallEvent { Seq = 8, Kind = CallEventKind.Tick, AtMs = 120_000 });
        await call.UpdateAsync();
        await call.SendAsync(new Utterance { Seq = 9, Speaker = Speaker.Agent, Text = "It's cancelled, your confirmation number is four two seven one.", StartMs = 121_000, EndMs = 125_000 });
        await call.UpdateAsync();
        MetricsPage page = await MetricsPage.OfAsync(server);
        Assert.Equal(1, Of("process_cancellation", "raised"));
        Assert.Equal(1, Of("process_cancellation", "fulfilled"));
        Assert.Equal(1, Of("acknowledge_request", "withdrawn"));
        Assert.True(Of("stop_asking_why", "raised") >= 1);
        Assert.True(All("expired") >= 1, "nothing expired");
        Assert.True(All("held_back") >= 1, "nothing was held back");
        Assert.True(page["save_limit_exceeded_total"] >= 1, "no save attempt was over the limit");

        double Of(string action, string state) => page[$"recommendations_total{{action=\"{action}\",state=\"{state}\"}}"];
        double All(string state) => page.Samples.Where(sample => sample.Name == "retentionscore_recommendations_total" && sample.Labels["state"] == state).Sum(sample => sample.Value);
    }

    [Fact]
    public async Task Arrival_ConfidenceAndStaleness_AreSeen()
    {
        await using TestServer server = await TestServer.StartAsync();
        using TestCall call = server.Call();
        await call.OpenAsync(new CallStart { CallId = "c", ResumeFrom = 1, StartedAtUnixMs = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() - 7000 });
        Utterance utterance = Say.Final(1, "My internet is slow."); // ended 2 s ago
        utterance.AsrConfidence = 0.75f;
        await call.SendAsync(utterance);
        await call.UpdateAsync();
        MetricsPage page = await MetricsPage.OfAsync(server);
        Assert.Equal(1, page["asr_confidence_bucket{speaker=\"customer\",le=\"0.8\"}"]);
        Assert.Equal(0, page["asr_confidence_bucket{speaker=\"customer\",le=\"0.7\"}"]);
        Assert.Equal(0, page["utterance_staleness_seconds_bucket{kind=\"final\",le=\"1.5\"}"]);
        Assert.Equal(1, page["utterance_staleness_seconds_bucket{kind=\"final\",le=\"60.0\"}"]);
    }

    private static double Live(MetricsPage page, string stage) =>
        page.Samples.Where(sample => sample.Name == "retentionscore_live_calls_by_risk" && sample.Labels["stage"] == stage).Sum(sample => sample.Value);
}
