using System.Diagnostics;
using static RetentionScore.Server.Tests.Trunk.TestTrunk;

namespace RetentionScore.Server.Tests.Trunk;

/// <summary>Trunks and streams that want the same call at the same time, and trunks that may not read on.</summary>
public sealed class TrunkRaceTests
{
    [Fact]
    public async Task ManyTakeOversAtOnce_ByTrunksAndStreams_OneHoldsTheCall()
    {
        await using TestServer server = await TestServer.StartAsync();
        for (int round = 0; round < 10; round++)
        {
            string id = $"c{round}";
            using var one = new TestTrunk(server.Client.ScoreCalls());
            using var two = new TestTrunk(server.Client.ScoreCalls());
            TestCall[] streams = [.. Enumerable.Range(0, 5).Select(_ => server.Call())];
            var starts = new List<Task>();
            for (uint i = 0; i < 5; i++)
            {
                starts.Add(streams[i].SendAsync(new CallStart { CallId = id, ResumeFrom = 1, Attempt = 1 + i * 3 }));
                starts.Add(one.SendAsync(On(i, new CallStart { CallId = id, ResumeFrom = 1, Attempt = 2 + i * 3 })));
                starts.Add(two.SendAsync(On(i, new CallStart { CallId = id, ResumeFrom = 1, Attempt = 3 + i * 3 })));
                await Task.WhenAll(starts);
            }

            // The highest attempt wins, whatever the order they came in.
            Assert.Equal(1u, (await two.ResponseAsync(4)).Opened.NextSeq);
            Assert.Equal(1u, (await two.SayAsync(4, 1, "mine")).Seq);
            foreach (TestCall stream in streams) Assert.Equal("SUPERSEDED", (await Refused.ByAsync(stream)).Reason);
            for (uint i = 0; i < 5; i++) Assert.Equal("SUPERSEDED", (await LastAsync(one, i)).Reason);
            for (uint i = 0; i < 4; i++) Assert.Equal("SUPERSEDED", (await LastAsync(two, i)).Reason);
            foreach (TestCall stream in streams) stream.Dispose();
        }
    }

    [Fact]
    public async Task TrunkInDebt_IsNotReadOn_AndLosesNothing()
    {
        await using TestServer server = await TestServer.StartAsync(options => options with { Limits = options.Limits with { TenantMessagesPerSecond = 100 } });
        using var trunk = new TestTrunk(server.Client.ScoreCalls());
        await trunk.OpenAsync(1, "one");
        await trunk.OpenAsync(2, "two");
        var clock = Stopwatch.StartNew();
        for (uint seq = 1; seq <= 125; seq++) await trunk.SendAsync(On(1, Say.Final(seq, "hello")), On(2, Say.Final(seq, "hello")));
        for (uint seq = 1; seq <= 125; seq++)
        {
            Assert.Equal(seq, (await trunk.UpdateAsync(1)).Seq);
            Assert.Equal(seq, (await trunk.UpdateAsync(2)).Seq);
        }

        // 250 messages, of which a second's worth may come at once.
        Assert.InRange(clock.Elapsed, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(15));
        Assert.DoesNotContain("reading_paused_total 0\n", await server.Ops.GetStringAsync("/metrics").Within(), StringComparison.Ordinal);
    }

    /// <summary>The error that a channel came to, whether it held the call before or not.</summary>
    private static async Task<CallError> LastAsync(TestTrunk trunk, uint channel)
    {
        CallReply reply = await trunk.ReadAsync(channel);
        return reply.OutcomeCase == CallReply.OutcomeOneofCase.Error ? reply.Error : await trunk.ErrorAsync(channel);
    }
}
