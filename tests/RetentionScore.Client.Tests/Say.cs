namespace RetentionScore.Client.Tests;

/// <summary>A call that goes wrong, with the times of its recogniser.</summary>
internal static class Say
{
    private static readonly (Speaker Speaker, string Text)[] Turns =
    [
        (Speaker.Agent, "Thanks for calling, how can I help you today?"),
        (Speaker.Customer, "Hi, I'd like to cancel my internet service please."),
        (Speaker.Agent, "I'm sorry to hear that. Can I ask why you want to leave us?"),
        (Speaker.Customer, "I'd rather not say, I just want to cancel."),
        (Speaker.Agent, "We are the number one provider. Why is it that you don't want the fastest internet?"),
        (Speaker.Customer, "I already told you. Please cancel it, I am recording this call."),
        (Speaker.Agent, "I can offer you half price for six months. Why would you leave?"),
        (Speaker.Customer, "No thank you, just cancel my service."),
    ];

    /// <summary>The n-th utterance of the call, from 1; it goes round.</summary>
    internal static Utterance Turn(int n)
    {
        var (speaker, text) = Turns[(n - 1) % Turns.Length];
        return new Utterance { Speaker = speaker, Text = text, StartMs = n * 3000, EndMs = n * 3000 + 2000, UtteranceId = $"u{n}" };
    }
}
