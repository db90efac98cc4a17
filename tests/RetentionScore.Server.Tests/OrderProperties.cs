using RetentionScore.Server.Scoring;

namespace RetentionScore.Server.Tests;

/// <summary>Whatever is sent again or tried out in between, the call comes to the same.</summary>
public sealed class OrderProperties
{
    private static readonly string[] Texts =
    [
        "I want to cancel my service.", "Why do you want to leave us?", "I would rather not say.", "We can offer you half price.", "No, please just cancel it.",
        "Okay, I will do that now.", "hello", "I am recording this call.", "Can I have your account number?", "",
    ];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public void DuplicatesInterimsAndUnknownMembers_ChangeNothing(int seed)
    {
        var random = new Random(seed);
        ScoreCallRequest[] calm = [.. Enumerable.Range(1, 60).Select(i => Message((uint)i, random))];
        var noisy = new List<ScoreCallRequest>();
        for (int i = 0; i < calm.Length; i++)
        {
            noisy.Add(calm[i]);
            while (random.Next(3) == 0) noisy.Add(Noise(calm, i, random));
        }

        var scorer = new TranscriptScorer();
        var start = new CallStart { CallId = "c", Explain = true };
        ScoredTranscript expected = scorer.Score(start, calm), got = scorer.Score(start, noisy);
        Assert.Null(got.Refusal);
        Assert.Equal(expected.Updates, got.Updates.Where(update => !update.Duplicate && !update.Interim));
        Assert.Equal(expected.Summary, got.Summary);
    }

    private static ScoreCallRequest Message(uint seq, Random random)
    {
        int at = (int)seq * 3000;
        if (random.Next(5) == 0) return new ScoreCallRequest { Event = new CallEvent { Seq = seq, AtMs = at, Kind = (CallEventKind)random.Next(17) } };
        Utterance utterance = Say.Final(seq, Texts[random.Next(Texts.Length)], (Speaker)random.Next(1, 5), $"u{seq}");
        if (seq > 3 && random.Next(8) == 0) utterance.CorrectsSeq = seq - (uint)random.Next(1, 4);
        return new ScoreCallRequest { Utterance = utterance };
    }

    private static ScoreCallRequest Noise(ScoreCallRequest[] calm, int upTo, Random random)
    {
        switch (random.Next(4))
        {
            case 0:
                return calm[random.Next(upTo + 1)];
            case 1:
                return new ScoreCallRequest { Utterance = Say.Interim(Texts[random.Next(Texts.Length)], (Speaker)random.Next(1, 5), upTo * 3000 + 3000) };
            case 2:
                return new ScoreCallRequest { Heartbeat = new Heartbeat() };
            default:
                return new ScoreCallRequest();
        }
    }
}
