using RetentionScore.V1;

namespace RetentionScore.Client;

/// <summary>
/// What holds a call at a server: a stream of its own, or a channel of a trunk. Its signal is set whenever there may be something to read, or room to
/// write. For one user at a time.
/// </summary>
internal interface IAttachment : IDisposable
{
    /// <summary>The server's answer to the start; set before the loop gets it.</summary>
    CallOpened Opened { get; set; }

    /// <summary>Whether a message can be written now.</summary>
    bool CanWrite { get; }

    /// <summary>Sends the start and waits for the first answer: before the loop reads.</summary>
    Task<(ScoreCallResponse? Response, CallRefusal? End)> OpenAsync(ScoreCallRequest start);

    /// <summary>Starts a write; <see cref="CanWrite"/> was true.</summary>
    void Write(ScoreCallRequest request);

    /// <summary>The next answer, if one is there. Else, where it has ended, why.</summary>
    bool TryRead(out ScoreCallResponse? response, out CallRefusal? end);

    /// <summary>No answer came for so long: what is below it is looked at, and given up if nothing comes there at all.</summary>
    void HasGoneSilent(TimeSpan limit);

    /// <summary>Says that nothing more comes, if that can be said at once.</summary>
    void HalfClose();
}

/// <summary>What calls are carried by: streams, one for each, or a trunk. Safe for any thread.</summary>
internal interface ICarrier
{
    /// <summary>Begins an attachment; the call is started with <see cref="IAttachment.OpenAsync"/>.</summary>
    /// <param name="node">Any number: it goes round.</param>
    /// <param name="callId">Whose.</param>
    /// <param name="signal">Of the loop that reads it.</param>
    /// <param name="refusal">Where there is none: why.</param>
    IAttachment? Attach(uint node, string callId, Signal signal, out CallRefusal? refusal);
}
