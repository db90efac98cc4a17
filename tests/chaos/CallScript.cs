using RetentionScore.Server.Scoring;
using RetentionScore.V1;

namespace RetentionScore.Chaos;

/// <summary>What is said on a made-up call, and what a plain fold over it in this process comes to. Immutable.</summary>
internal sealed class CallScript
{
    private static readonly string[] Customer =
    [
        "Hi, I'd like to cancel my internet service please.", "I'd rather not say, I just want to cancel.", "I already told you. Please cancel it.",
        "No thank you, just cancel my service.", "This is ridiculous, I am recording this call.", "I am going to post this everywhere.",
        "My bill went up again and nobody told me.", "Okay, that sounds good.", "Can you check my last invoice?", "Thank you, goodbye.",
    ];

    private static readonly string[] Agent =
    [
        "Thanks for calling, how can I help you today?", "I'm sorry to hear that. Can I ask why you want to leave us?", "We are the number one provider.",
        "Why is it that you don't want the fastest internet?", "I can offer you half price for six months.", "I understand. Let me process that for you.",
        "Okay, I've cancelled it, your reference is four two seven one.", "Is there anything else?", "Please hold for a moment.", "So why would you leave?",
    ];

    private CallScript(CallStart start, ScoreCallRequest[] messages, ScoredTranscript fold)
    {
        Start = start;
        Messages = messages;
        Fold = fold;
    }

    internal CallStart Start { get; }

    /// <summary>Message i has seq i + 1; the last is the end. Each has its times.</summary>
    internal ScoreCallRequest[] Messages { get; }

    /// <summary>Of all of them, in their order, once.</summary>
    internal ScoredTranscript Fold { get; }

    internal int Utterances => Messages.Count(message => message.Utterance is { CorrectsSeq: 0 });

    /// <summary>A call that a seed decides.</summary>
    internal static CallScript Of(string callId, int seed)
    {
        var random = new Random(seed);
        var start = new CallStart { CallId = callId, ResumeFrom = 1, Context = new CallContext { Jurisdiction = random.Next(2) == 0 ? "US-CA" : "US-NY", TenureMonths = (uint)random.Next(1, 200) } };
        var messages = new ScoreCallRequest[random.Next(20, 61)];
        int ms = 0;
        for (int i = 0; i < messages.Length - 1; i++)
        {
            ms += random.Next(200, 9_000);
            messages[i] = Message(random, (uint)i + 1, ms, messages);
        }

        messages[^1] = new ScoreCallRequest { End = new CallEnd { Seq = (uint)messages.Length, AtMs = ms + 500, Disposition = (Disposition)random.Next(1, 6) } };
        return new CallScript(start, messages, new TranscriptScorer().Score(start, messages));
    }

    private static ScoreCallRequest Message(Random random, uint seq, int ms, ScoreCallRequest[] before)
    {
        int kind = random.Next(100);
        if (kind < 8)
        {
            CallEventKind[] kinds = [CallEventKind.HoldStarted, CallEventKind.HoldEnded, CallEventKind.OfferPresented, CallEventKind.OfferDeclined, CallEventKind.Tick, CallEventKind.Transferred];
            return new ScoreCallRequest { Event = new CallEvent { Seq = seq, AtMs = ms, Kind = kinds[random.Next(kinds.Length)] } };
        }

        bool isCustomer = random.Next(2) == 0;
        var said = new Utterance
        {
            Seq = seq,
            Speaker = isCustomer ? Speaker.Customer : Speaker.Agent,
            Text = isCustomer ? Customer[random.Next(Customer.Length)] : Agent[random.Next(Agent.Length)],
            StartMs = ms - 150,
            EndMs = ms,
            UtteranceId = $"u{seq}",
        };
        if (random.Next(3) == 0) said.AsrConfidence = (float)random.NextDouble();
        if (kind < 16 && seq > 1 && before[random.Next((int)Math.Max(0, (int)seq - 20), (int)seq - 1)] is { Utterance: { CorrectsSeq: 0 } wrong })
        {
            said.CorrectsSeq = wrong.Seq;
            said.Speaker = wrong.Speaker;
            said.UtteranceId = "";
        }

        return new ScoreCallRequest { Utterance = said };
    }
}
