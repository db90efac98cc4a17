using static RetentionScore.Server.Tests.Trunk.TestTrunk;

namespace RetentionScore.Server.Tests.Trunk;

/// <summary>However the messages of many calls are mixed and cut into requests, each call is answered as on a stream of its own.</summary>
public sealed class TrunkEquivalence
{
    private const int Calls = 12;

    private static readonly string[] Texts =
    [
        "I want to cancel my service.", "Why do you want to leave us?", "I would rather not say.", "We can offer you half price.", "No, please just cancel it.",
        "Okay, I will do that now.", "hello", "I am recording this call.", "Can I have your account number?", "",
    ];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task AnyInterleaving_GivesEachCallTheAnswersOfAStreamOfItsOwn(int seed)
    {
        var random = new Random(seed);
        List<ScoreCallRequest>[] scripts = [.. Enumerable.Range(0, Calls).Select(call => Script(call, random))];
        await using TestServer alone = await TestServer.StartAsync(), together = await TestServer.StartAsync();
        List<ScoreCallResponse>[] expected = await Task.WhenAll(scripts.Select(script => OnAStreamAsync(alone, script)));

        using var trunk = new TestTrunk(together.Client.ScoreCalls());
        await MixAsync(trunk, scripts, random);
        await trunk.HalfCloseAsync();
        await trunk.DrainAsync();
        for (uint call = 0; call < Calls; call++)
        {
            var got = new List<ScoreCallResponse>();
            while (!trunk.HasNothing(call)) got.Add(await trunk.ResponseAsync(call));
            Assert.Equal(expected[call].Select(Lasting), got.Select(Lasting));
        }
    }

    private static async Task<List<ScoreCallResponse>> OnAStreamAsync(TestServer server, List<ScoreCallRequest> script)
    {
        using TestCall call = server.Call();
        foreach (ScoreCallRequest request in script) await call.SendAsync(request);
        await call.HalfCloseAsync();
        return await call.RestAsync();
    }

    private static async Task MixAsync(TestTrunk trunk, List<ScoreCallRequest>[] scripts, Random random)
    {
        var next = new int[scripts.Length];
        var batch = new List<CallRequest>();
        List<int> left = [.. Enumerable.Range(0, scripts.Length)];
        while (left.Count > 0)
        {
            int call = left[random.Next(left.Count)];
            batch.Add(new CallRequest { Channel = (uint)call, Request = scripts[call][next[call]++] });
            if (next[call] == scripts[call].Count) left.Remove(call);
            if (random.Next(10) != 0) continue;
            await trunk.SendAsync(batch);
            batch.Clear();
        }

        await trunk.SendAsync(batch);
    }

    private static List<ScoreCallRequest> Script(int call, Random random)
    {
        var script = new List<ScoreCallRequest> { new() { Start = new CallStart { CallId = $"c{call}", ResumeFrom = 1, Explain = random.Next(2) == 0 } } };
        uint messages = (uint)random.Next(1, 60);
        for (uint seq = 1; seq <= messages; seq++)
        {
            script.Add(Message(seq, random));
            if (random.Next(6) == 0) script.Add(script[random.Next(1, script.Count)]); // again
            if (random.Next(6) == 0) script.Add(new ScoreCallRequest { Heartbeat = new Heartbeat { Flush = random.Next(2) == 0 } });
            if (random.Next(6) == 0) script.Add(new ScoreCallRequest());
        }

        if (random.Next(3) > 0) script.Add(new ScoreCallRequest { End = new CallEnd { Seq = messages + 1, AtMs = 300_000, Disposition = Disposition.Saved } });
        return script;
    }

    private static ScoreCallRequest Message(uint seq, Random random)
    {
        int at = (int)seq * 3000;
        if (random.Next(5) == 0) return new ScoreCallRequest { Event = new CallEvent { Seq = seq, AtMs = at, Kind = (CallEventKind)random.Next(17) } };
        Utterance utterance = Say.Final(seq, Texts[random.Next(Texts.Length)], (Speaker)random.Next(1, 5), $"u{seq}");
        if (seq > 3 && random.Next(8) == 0) utterance.CorrectsSeq = seq - (uint)random.Next(1, 4);
        return new ScoreCallRequest { Utterance = utterance };
    }

    /// <summary>What does not say when it was said.</summary>
    private static ScoreCallResponse Lasting(ScoreCallResponse response)
    {
        var lasting = response.Clone();
        if (lasting.Opened is not null) lasting.Opened.ServerTimeUnixMs = 0;
        if (lasting.Heartbeat is not null) lasting.Heartbeat.ServerTimeUnixMs = 0;
        if (lasting.Update is not null) lasting.Update.Latency = null;
        if (lasting.Summary is not null) lasting.Summary.Last.Latency = null;
        return lasting;
    }
}
