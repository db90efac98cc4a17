using Google.Protobuf;
using Microsoft.Extensions.Logging.Abstractions;
using RetentionScore.Server.Journal;
using RetentionScore.Server.Options;
using RetentionScore.Server.Scoring;
using RetentionScore.Server.Scoring.Wire;

namespace RetentionScore.Server.Tests;

/// <summary>What is written by hand is, byte for byte, what the generated classes write of the same score.</summary>
public sealed class UpdateMessageTests
{
    private static readonly string[] Texts =
    [
        "I want to cancel my service.", "Why do you want to leave us?", "I would rather not say.", "We can offer you half price for six months.",
        "No, please just cancel it.", "Why is it that you do not want the fastest internet there is?", "I already told you, this is ridiculous!",
        "I am recording this call and I will tell my lawyer.", "Okay, I will do that now.", "hello", "", "Grüße 😀",
    ];

    [Fact]
    public void AnyUpdate_IsWrittenAsTheGeneratedClassesWriteIt()
    {
        var factory = new CallFactory(new ServerOptions(), new PolicySet(), new SignalModels(Core.Signals.SignalReader.BuiltIn), NullLogger<CallFactory>.Instance);
        int recommended = 0, explained = 0;
        for (int seed = 0; seed < 60; seed++)
        {
            var random = new Random(seed);
            var start = new CallStart { CallId = "c", Explain = seed % 2 == 0, Language = seed % 7 == 0 ? "de" : "" };
            var journal = new CallJournal(Durability.Shared, TimeProvider.System);
            if (seed % 5 == 0) journal.SetBehind(true);
            CallScoring call = factory.TryOpen(start, new WordClock(), journal, out _)!;
            for (int i = 0; i < 60; i++)
            {
                CallFrame frame = Frames.Of(Message(call.NextSeq, random));
                ScoredUpdate? update = call.Take(frame, ScoringWorkspace.Current).Update;
                Assert.NotNull(update);
                if (random.Next(2) == 0) update.Latency = new Receipt(TimeSpan.FromMicroseconds(random.Next(1000)), TimeSpan.FromMicroseconds(random.Next(300)), random.Next(2) == 0 ? random.Next(5) - 1 : null);
                ScoreUpdate expected = Expected(update);
                Assert.Equal(expected, update.ToMessage());

                var answer = new CallAnswer();
                answer.Set(update, ScoringWorkspace.Current.Output);
                Assert.Equal(new ScoreCallResponse { Update = expected }.ToByteArray(), answer.Bytes.ToArray());
                recommended += expected.Recommendations.Count;
                explained += expected.Signals.Count;
                frame.Return();
                journal.Advance((uint)i / 2);
            }
        }

        Assert.True(recommended > 300, $"{recommended} recommendations are no sample");
        Assert.True(explained > 300, $"{explained} signals are no sample");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(127)]
    [InlineData(128)]
    [InlineData(16_383)]
    [InlineData(16_384)]
    [InlineData(3_000_000)]
    public void MessageInside_OfAnyLength_HasItsLengthBeforeIt(int length)
    {
        var writer = new WireWriter();
        int outer = writer.Begin(2);
        int inner = writer.Begin(3);
        writer.Text(6, new string('é', length / 2));
        writer.End(inner);
        writer.Int32(8, -1);
        writer.End(outer);
        ReadOnlySpan<byte> written = writer.Written.Span;
        WireRange whole = Inside(written, new WireRange(0, written.Length), 2);
        WireRange text = Inside(written, Inside(written, whole, 3), 6);
        Assert.Equal(written.Length, whole.Start + whole.Length);
        Assert.Equal(length / 2 * 2, text.Length);
    }

    private static WireRange Inside(ReadOnlySpan<byte> bytes, WireRange range, int number)
    {
        var reader = new WireReader(bytes, range);
        if (!reader.TryReadTag(out uint tag)) return default; // empty: left out
        Assert.Equal((uint)(number << 3 | 2), tag);
        return reader.Delimited();
    }

    private static ScoreCallRequest Message(uint next, Random random)
    {
        uint seq = random.Next(10) == 0 && next > 1 ? next - 1 : next;
        if (random.Next(6) == 0) return new ScoreCallRequest { Event = new CallEvent { Seq = seq, Kind = (CallEventKind)random.Next(17) } };
        var utterance = new Utterance
        {
            Seq = seq,
            Speaker = (Speaker)random.Next(5),
            Text = Texts[random.Next(Texts.Length)],
            UtteranceId = random.Next(2) == 0 ? $"u{random.Next()}" : "",
            Interim = random.Next(5) == 0,
        };
        if (random.Next(3) == 0) (utterance.StartMs, utterance.EndMs) = (random.Next(-1, 100_000), random.Next(100_000));
        if (random.Next(3) == 0) utterance.AsrConfidence = random.NextSingle() * 1.2f;
        if (seq > 3 && random.Next(10) == 0) utterance.CorrectsSeq = seq - 2;
        return new ScoreCallRequest { Utterance = utterance };
    }

    private static ScoreUpdate Expected(ScoredUpdate update)
    {
        Core.Calls.ScoreUpdate score = update.Score;
        var message = new ScoreUpdate
        {
            Seq = update.Seq,
            AsOfSeq = score.AsOfSeq,
            UtteranceId = System.Text.Encoding.UTF8.GetString(update.UtteranceId.Span),
            Interim = update.Interim,
            Duplicate = update.Duplicate,
            DurableSeq = update.DurableSeq,
            Band = (RiskBand)score.Band,
            Trend = score.Trend,
            CancelStage = (CancelStage)score.Stage,
            RescoredFromSeq = score.RescoredFromSeq,
        };
        if (score.HasRisk)
        {
            message.Risk = new RiskScores
            {
                Overall = score.Risk.Overall,
                OverallLow = score.Risk.OverallLow,
                OverallHigh = score.Risk.OverallHigh,
                CancelIntent = score.Risk.CancelIntent,
                Frustration = score.Risk.Frustration,
                RetentionPressure = score.Risk.RetentionPressure,
                Escalation = score.Risk.Escalation,
                Exposure = score.Risk.Exposure,
                SaveLikelihood = score.Risk.SaveLikelihood,
            };
        }

        if (!update.Interim) message.Recommendations.Add(score.Recommendations.Select(Expected));
        message.Evidence.Add(score.Evidence.Select(e => new Evidence
        {
            Seq = e.Seq,
            Signal = e.Signal,
            BeginChar = (uint)e.BeginChar,
            EndChar = (uint)e.EndChar,
            Contribution = e.Contribution,
            Note = e.Note,
            Score = UpdateMessage.ScoreNames[(int)e.Score],
        }));
        message.Signals.Add(score.Signals.Select(s => new SignalScore { Name = s.Name, Probability = s.Probability }));
        message.Degraded.Add(Enum.GetValues<Degradation>().Where(update.Degraded.Has));
        if (update.Latency is { } latency)
        {
            message.Latency = new LatencyReceipt { QueueUs = latency.QueueUs, ScoreUs = latency.ScoreUs };
            if (latency.StalenessMs is { } staleness) message.Latency.StalenessMs = staleness;
        }

        if (update.Filled is { } times) (message.StartMs, message.EndMs) = times;
        if (score.Stage > Core.Dialogue.CancelStage.None)
        {
            message.Progress = new CancelProgress
            {
                Requests = (uint)score.Progress.Requests,
                Repeats = (uint)score.Progress.Repeats,
                UnacknowledgedMs = score.Progress.UnacknowledgedMs,
                ReasonAsked = (uint)score.Progress.ReasonAsked,
                ReasonAskedAfterDeclined = (uint)score.Progress.ReasonAskedAfterDeclined,
                ReasonAskedAfterAnswered = (uint)score.Progress.ReasonAskedAfterAnswered,
                SaveAttempts = (uint)score.Progress.SaveAttempts,
                SaveAttemptsLeft = score.Progress.SaveAttemptsLeft,
                AcknowledgedInWordsOnly = score.Progress.AcknowledgedInWordsOnly,
            };
            if (score.Progress.FirstRequestMs >= 0) message.Progress.FirstRequestMs = score.Progress.FirstRequestMs;
        }

        return message;
    }

    private static Recommendation Expected(Core.Policy.Recommendation told)
    {
        uint[] seqs = [told.Evidence0, told.Evidence1, told.Evidence2];
        return new Recommendation
        {
            Id = told.Id.ToString(),
            Action = (RecommendedAction)told.Action,
            Audience = (Audience)told.Audience,
            Severity = (Severity)told.Severity,
            Reason = told.Reason,
            Say = told.Say,
            EvidenceSeqs = { seqs.Where(seq => seq != 0) },
            RaisedAtMs = told.RaisedAtMs,
            ExpiresAtMs = told.ExpiresAtMs,
            State = (RecommendationState)told.State,
        };
    }
}
