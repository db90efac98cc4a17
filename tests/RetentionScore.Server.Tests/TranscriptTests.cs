using Grpc.Core;
using RetentionScore.Server.Scoring;

namespace RetentionScore.Server.Tests;

public sealed class TranscriptTests
{
    private static readonly (Speaker Speaker, string Text)[] Turns =
    [
        (Speaker.Customer, "I want to cancel my internet service."),
        (Speaker.Agent, "Why do you want to leave us?"),
        (Speaker.Customer, "I would rather not say."),
        (Speaker.Agent, "But why do you not want the fastest internet there is?"),
        (Speaker.Customer, "Please just cancel it."),
    ];

    private static IEnumerable<ScoreCallRequest> Messages(bool timed = false) => Turns.Select((turn, i) => new ScoreCallRequest
    {
        Utterance = timed
            ? Say.Final((uint)i + 1, turn.Text, turn.Speaker)
            : new Utterance { Seq = (uint)i + 1, Speaker = turn.Speaker, Text = turn.Text },
    });

    [Fact]
    public void Transcript_GivesTheSameBitsEveryTime()
    {
        var scorer = new TranscriptScorer();
        ScoredTranscript first = scorer.Score(new CallStart { CallId = "c", Explain = true }, Messages());
        ScoredTranscript second = new TranscriptScorer().Score(new CallStart { CallId = "c", Explain = true }, Messages());
        Assert.Equal(first.Updates, second.Updates);
        Assert.Equal(first.Summary, second.Summary);
        Assert.Equal(5, first.Updates.Count);
        Assert.Null(first.Refusal);
    }

    [Fact]
    public void MissingTimings_AreBuiltFromWordsAndFlagged()
    {
        ScoredTranscript scored = new TranscriptScorer().Score(new CallStart { CallId = "c" }, Messages());
        Assert.All(scored.Updates, update => Assert.Contains(Degradation.TimingsEstimated, update.Degraded));
        Assert.Equal(600, scored.Updates[0].StartMs);
        Assert.Equal(600 + 400 + 7 * 330, scored.Updates[0].EndMs);
        Assert.Equal(scored.Updates[0].EndMs + 600, scored.Updates[1].StartMs);
        Assert.All(scored.Updates, update => Assert.Null(update.Latency));
    }

    [Fact]
    public void MissingSeqAndEnd_AreFilledIn()
    {
        ScoreCallRequest[] messages = [.. Messages()];
        foreach (ScoreCallRequest message in messages) message.Utterance.Seq = 0;
        ScoredTranscript scored = new TranscriptScorer().Score(new CallStart { CallId = "c" }, messages);
        Assert.Equal([1u, 2u, 3u, 4u, 5u], scored.Updates.Select(update => update.Seq));
        Assert.Equal(Disposition.Unspecified, scored.Summary!.Disposition);
        Assert.All(messages, message => Assert.Equal(0u, message.Utterance.Seq));
    }

    [Fact]
    public async Task OverTheWire_IsTheSameAsInProcess_AndAsALiveCall()
    {
        await using TestServer server = await TestServer.StartAsync();
        var start = new CallStart { CallId = "c", ResumeFrom = 1, Explain = true };
        ScoreCallRequest[] messages = [.. Messages(timed: true), new ScoreCallRequest { End = new CallEnd { Seq = 6, AtMs = 30_000, Disposition = Disposition.Saved } }];
        ScoredTranscript local = new TranscriptScorer().Score(start, messages);

        var updates = new List<ScoreUpdate>();
        CallSummary? summary = null;
        using (var call = server.Client.ScoreTranscript(new ScoreTranscriptRequest { Start = start, Messages = { messages } }))
        {
            while (await call.ResponseStream.MoveNext(CancellationToken.None).Within())
            {
                Assert.Null(summary);
                updates.AddRange(call.ResponseStream.Current.Updates);
                summary = call.ResponseStream.Current.Summary;
            }
        }

        Assert.Equal(local.Updates, updates);
        Assert.Equal(local.Summary, summary);

        using TestCall live = server.Call();
        await live.OpenAsync(start);
        foreach (ScoreCallRequest message in messages[..^1])
        {
            await live.SendAsync(message);
            ScoreUpdate update = await live.UpdateAsync();
            Assert.NotNull(update.Latency);
            update.Latency = null;
            Assert.Equal(updates[(int)update.Seq - 1], update);
        }

        await live.SendAsync(messages[^1]);
        Assert.Equal(summary, (await live.ReadAsync()).Summary);
    }

    [Fact]
    public async Task LongTranscript_ComesInChunks()
    {
        await using TestServer server = await TestServer.StartAsync();
        var request = new ScoreTranscriptRequest { Start = new CallStart { CallId = "c", Explain = true } };
        for (uint i = 1; i <= 500; i++) request.Messages.Add(new ScoreCallRequest { Utterance = Say.Final(i, "I want to cancel my service.") });
        using var call = server.Client.ScoreTranscript(request);
        int chunks = 0, updates = 0;
        while (await call.ResponseStream.MoveNext(CancellationToken.None).Within())
        {
            chunks++;
            updates += call.ResponseStream.Current.Updates.Count;
        }

        Assert.Equal(500, updates);
        Assert.InRange(chunks, 2, 500);
    }

    [Fact]
    public async Task TooManyMessages_NamesFieldValueAndLimit()
    {
        await using TestServer server = await TestServer.StartAsync(options => options with { Limits = options.Limits with { MaxTranscriptMessages = 4 } });
        Refused refused = await TranscriptRefusedAsync(server, new ScoreTranscriptRequest { Start = new CallStart { CallId = "c" }, Messages = { Messages() } });
        Assert.Equal(("INVALID_MESSAGE", "messages", "5"), (refused.Reason, refused.Metadata["field"], refused.Metadata["value"]));
    }

    [Fact]
    public async Task GapOrNoStart_IsRefused()
    {
        await using TestServer server = await TestServer.StartAsync();
        Refused gap = await TranscriptRefusedAsync(server, new ScoreTranscriptRequest
        {
            Start = new CallStart { CallId = "c" },
            Messages = { new ScoreCallRequest { Utterance = Say.Final(2, "hello") } },
        });
        Assert.Equal(("SEQUENCE_GAP", "1"), (gap.Reason, gap.Metadata["next_seq"]));
        Assert.Equal("start", (await TranscriptRefusedAsync(server, new ScoreTranscriptRequest())).Metadata["field"]);
    }

    private static async Task<Refused> TranscriptRefusedAsync(TestServer server, ScoreTranscriptRequest request)
    {
        using var call = server.Client.ScoreTranscript(request);
        return Refused.From(await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext(CancellationToken.None).Within()));
    }
}
