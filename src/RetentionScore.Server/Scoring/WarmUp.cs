namespace RetentionScore.Server.Scoring;

/// <summary>
/// Scores a built-in call some hundred times before the server says that it is ready, so that the first real caller does not pay for the
/// compiler. No state.
/// </summary>
internal sealed class WarmUp(TranscriptScorer scorer)
{
    private static readonly (V1.Speaker Speaker, string Text)[] Turns =
    [
        (V1.Speaker.Agent, "Thanks for calling, how can I help you today?"),
        (V1.Speaker.Customer, "Hi, I'd like to cancel my internet service please."),
        (V1.Speaker.Agent, "I'm sorry to hear that. Can I ask why you want to leave us?"),
        (V1.Speaker.Customer, "I'd rather not say, I just want to cancel."),
        (V1.Speaker.Agent, "We are the number one provider. Why is it that you don't want the fastest internet?"),
        (V1.Speaker.Customer, "I already told you. Please cancel it, I am recording this call."),
        (V1.Speaker.Agent, "I can offer you half price for six months."),
        (V1.Speaker.Customer, "No thank you, just cancel my service."),
        (V1.Speaker.Agent, "Okay, I've cancelled it, your reference is four two seven one."),
        (V1.Speaker.Customer, "Thank you, goodbye."),
    ];

    /// <summary>How many; tests, which start many servers, take fewer.</summary>
    internal int Calls { get; set; } = 300;

    /// <summary>Called once before the first call; a test lets it wait.</summary>
    internal Action? Before { get; set; }

    internal void Run()
    {
        Before?.Invoke();
        var messages = new List<V1.ScoreCallRequest>();
        foreach ((V1.Speaker speaker, string text) in Turns)
        {
            messages.Add(new V1.ScoreCallRequest { Utterance = new V1.Utterance { Speaker = speaker, Text = text, Interim = true } });
            messages.Add(new V1.ScoreCallRequest { Utterance = new V1.Utterance { Speaker = speaker, Text = text } });
        }

        for (int i = 0; i < Calls; i++) scorer.Score(new V1.CallStart { CallId = "warm-up", Explain = i % 2 == 0 }, messages);
    }
}
