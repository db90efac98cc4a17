using System.Collections.Immutable;
using RetentionScore.V1;

namespace RetentionScore.Cli.Calls;

/// <summary>
/// A call out of a file, as the messages a platform would have sent: utterances and events, numbered by seq from 1 in the order of the file.
/// Its messages are shared by all who play it and are not to be changed.
/// </summary>
internal sealed record RecordedCall
{
    /// <summary>The file's name of the call; 1 to 128 visible ASCII characters.</summary>
    public required string Id { get; init; }

    /// <summary>What the platform knew before anyone spoke; null for nothing.</summary>
    public CallContext? Context { get; init; }

    /// <summary>BCP-47; empty for what the server takes it for.</summary>
    public string Language { get; init; } = "";

    /// <summary>A policy's name; empty for the server's own choice.</summary>
    public string Policy { get; init; } = "";

    /// <summary>Utterances and events, without the end.</summary>
    public required ImmutableArray<ScoreCallRequest> Messages { get; init; }

    /// <summary>How it ended, as the platform says.</summary>
    public Disposition Disposition { get; init; }

    /// <summary>Labels of the whole call that are plain words, by name: what it is about, its line of business.</summary>
    public ImmutableDictionary<string, string> Labels { get; init; } = ImmutableDictionary<string, string>.Empty;

    /// <summary>Whether every message tells its time.</summary>
    public bool IsTimed => Messages.All(message => message.MessageCase == ScoreCallRequest.MessageOneofCase.Event
        ? message.Event.HasAtMs
        : message.Utterance.HasStartMs && message.Utterance.HasEndMs);

    /// <summary>Utterances, those that correct another one included.</summary>
    public int Turns => Messages.Count(message => message.MessageCase == ScoreCallRequest.MessageOneofCase.Utterance);

    /// <summary>The first message of the call's stream.</summary>
    public CallStart Start(string callId, bool explain) =>
        new() { CallId = callId, Context = Context, Language = Language, Policy = Policy, Explain = explain };

    /// <summary>The last message of the call, after all others.</summary>
    /// <param name="seq">Its place in the order.</param>
    /// <param name="atMs">On the call's clock; null where nobody knows.</param>
    public ScoreCallRequest End(uint seq, int? atMs)
    {
        var end = new CallEnd { Seq = seq, Disposition = Disposition };
        if (atMs is { } ms) end.AtMs = ms;
        return new ScoreCallRequest { End = end };
    }

    /// <summary>Everything after the start, the end included, as it stands in the file.</summary>
    public IEnumerable<ScoreCallRequest> MessagesToTheEnd()
    {
        int? atMs = IsTimed ? Messages.Select(EndMs).DefaultIfEmpty(0).Max() : null;
        return Messages.Append(End((uint)Messages.Length + 1, atMs));
    }

    private static int EndMs(ScoreCallRequest message) =>
        message.MessageCase == ScoreCallRequest.MessageOneofCase.Event ? message.Event.AtMs : message.Utterance.EndMs;
}
