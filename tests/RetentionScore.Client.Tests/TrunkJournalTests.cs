using System.Collections.Concurrent;
using RetentionScore.Server.Options;
using RetentionScore.Server.Scoring;

namespace RetentionScore.Client.Tests;

/// <summary>Alone: what it loads the machine with would be a silence to tests beside it that measure one.</summary>
[CollectionDefinition(nameof(TrunkJournalTests), DisableParallelization = true)]
public sealed class TrunkJournalCollection;

/// <summary>Everything at once: 200 calls on one trunk, and a server with a journal that is cut off, stopped and drained.</summary>
[Collection(nameof(TrunkJournalTests))]
public sealed class TrunkJournalTests
{
    private const int Calls = 200;
    private const int Turns = 30;

    [Fact]
    public async Task TwoHundredCalls_CutsRestartsAndADrain_AllEndAsInProcess()
    {
        string folder = Directory.CreateTempSubdirectory("trunk").FullName;
        ServerOptions Durable(ServerOptions options) => options with
        {
            Journal = new JournalOptions { Store = JournalStore.Sqlite, Path = Path.Combine(folder, "journal.db") },
            Calls = options.Calls with { TickInterval = TimeSpan.Zero, RetryAfter = TimeSpan.FromMilliseconds(100) },
        };
        TestNode node = await TestNode.StartAsync(Durable);
        await using var relay = new Relay(node.Address);
        await using ScoringClient client = TestClient.Of(relay.Address);
        await using ScoringTrunk trunk = client.OpenTrunk();
        int said = 0, disturbances = 0;
        Task<PlayedCall>[] playing = [.. Enumerable.Range(0, Calls).Select(i => PlayedCall.PlayAsync(trunk, Make(i), () => Interlocked.Increment(ref said)))];

        while (disturbances < 7)
        {
            int at = (disturbances + 1) * Calls * Turns / 9;
            await Waiting.UntilAsync(() => Volatile.Read(ref said) >= at, $"message {at}");
            switch (disturbances++ % 4)
            {
                case 0 or 2:
                    relay.Cut();
                    break;
                case 1: // stops in the middle
                    relay.IsRefusing = true;
                    relay.Cut();
                    await node.DisposeAsync();
                    node = await TestNode.StartAsync(Durable);
                    relay.PointTo(node.Address);
                    relay.IsRefusing = false;
                    break;
                default: // drains; its calls find the next one, which is there already
                    TestNode leaving = node;
                    node = await TestNode.StartAsync(Durable);
                    relay.PointTo(node.Address);
                    await leaving.App.StopAsync().Within();
                    await leaving.App.DisposeAsync().Within();
                    break;
            }
        }

        PlayedCall[] played = await Task.WhenAll(playing).WaitAsync(TimeSpan.FromSeconds(60));
        await node.DisposeAsync();
        Directory.Delete(folder, recursive: true);
        Assert.All(played, call =>
        {
            Assert.True(call.End.IsDurable, $"{call.Status}");
            Assert.Equal(call.Script.Fold, Bare(call.End.Summary!));
            Assert.Equal((0L, false), (call.Status.Lost, call.Status.HistoryLost));
            Assert.Equal(call.Seqs.Order().Distinct(), call.Seqs);
            Assert.Equal(call.Raised.Distinct(), call.Raised);
        });
        Assert.True(played.Sum(call => call.Status.Breaks) > Calls, "the disturbances were none");
        Assert.Contains(played, call => call.Raised.Length > 0);
    }

    private static Script Make(int i)
    {
        var start = new CallStart { CallId = $"call-{i}", ResumeFrom = 1 };
        Utterance[] turns = [.. Enumerable.Range(1, Turns).Select(n =>
        {
            Utterance turn = Say.Turn(n + i % 8);
            (turn.StartMs, turn.EndMs, turn.UtteranceId) = (n * 3000, n * 3000 + 1000 + i, $"u{n}");
            return turn;
        })];
        const int endMs = (Turns + 1) * 3000;
        var messages = turns.Select((turn, at) => new ScoreCallRequest { Utterance = new Utterance(turn) { Seq = (uint)at + 1 } })
            .Append(new ScoreCallRequest { End = new CallEnd { Seq = Turns + 1, AtMs = endMs, Disposition = Disposition.Saved } });
        return new Script(start, turns, endMs, Bare(new TranscriptScorer().Score(start, messages).Summary!));
    }

    private static CallSummary Bare(CallSummary summary)
    {
        CallSummary bare = summary.Clone();
        (bare.Last.Latency, bare.Last.DurableSeq) = (null, 0);
        bare.Last.Degraded.Remove(Degradation.NotDurable);
        return bare;
    }

    private sealed record Script(CallStart Start, Utterance[] Turns, int EndMs, CallSummary Fold);

    private sealed record PlayedCall(Script Script, EndResult End, CallStatus Status, uint[] Seqs, string[] Raised)
    {
        internal static async Task<PlayedCall> PlayAsync(ScoringTrunk trunk, Script script, Action said)
        {
            await using ScoredCall call = await trunk.StartCallAsync(script.Start).Within();
            Task<List<ScoreUpdate>> reading = call.Updates().AllAsync();
            var raised = new ConcurrentQueue<string>();
            call.RecommendationChanged += (_, change) =>
            {
                if (change.Change == RecommendationChange.New) raised.Enqueue($"{change.Recommendation.Id} {change.Recommendation.ExpiresAtMs}");
            };
            foreach (Utterance turn in script.Turns)
            {
                await call.SendAsync(turn).Within();
                said();
                await Task.Delay(20);
            }

            EndResult end = await call.EndAsync(Disposition.Saved, Waiting.Limit, script.EndMs).Within();
            List<ScoreUpdate> updates = await reading.Within();
            return new PlayedCall(script, end, call.Status, [.. updates.Where(update => update.Seq > 0).Select(update => update.Seq)], [.. raised]);
        }
    }
}
