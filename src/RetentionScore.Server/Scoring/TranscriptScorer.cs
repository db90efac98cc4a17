namespace RetentionScore.Server.Scoring;

/// <summary>The updates that a live call would have received, and its summary; or why it was refused, with the updates before.</summary>
/// <param name="Updates">One for each message with a seq, and one for each interim.</param>
/// <param name="Summary">Null where it was refused.</param>
/// <param name="Refusal">Null where all of it was scored.</param>
public sealed record ScoredTranscript(IReadOnlyList<V1.ScoreUpdate> Updates, V1.CallSummary? Summary, Refusal? Refusal);

/// <summary>
/// Scores a whole transcript in process: no network, no clock, no state kept. The same messages give the same bits. Times that are missing are
/// built from the words (TIMINGS_ESTIMATED), a seq that is missing is the next, and where no end is given the call ends with the last message.
/// Updates carry no latency receipt. Safe for any thread.
/// </summary>
public sealed class TranscriptScorer
{
    private readonly CallFactory calls;

    /// <summary>A scorer with its own defaults, for use outside of a server.</summary>
    public TranscriptScorer()
        : this(new CallFactory(new Options.ServerOptions(), new PolicySet(), Microsoft.Extensions.Logging.Abstractions.NullLogger<CallFactory>.Instance))
    {
    }

    internal TranscriptScorer(CallFactory calls) => this.calls = calls;

    /// <summary>Scores a transcript.</summary>
    /// <param name="start">As for a live call; resume_from, attempt and accept_lost_history say nothing here.</param>
    /// <param name="messages">Utterances, events and at most one end; other members are ignored.</param>
    public ScoredTranscript Score(V1.CallStart start, IEnumerable<V1.ScoreCallRequest> messages)
    {
        ArgumentNullException.ThrowIfNull(start);
        ArgumentNullException.ThrowIfNull(messages);
        var updates = new List<V1.ScoreUpdate>();
        if (StartCheck.Check(start, routedId: null) is { } wrong) return new ScoredTranscript(updates, null, wrong);
        if (calls.TryOpen(start, new WordClock(), out Refusal? refusal) is not { } call) return new ScoredTranscript(updates, null, refusal);
        ScoringWorkspace workspace = ScoringWorkspace.Current;
        foreach (V1.ScoreCallRequest message in messages)
        {
            Answer answer = call.Take(WithSeq(message, call.NextSeq), workspace, new V1.ScoreUpdate());
            if (answer.Refusal is not null) return new ScoredTranscript(updates, null, answer.Refusal);
            if (answer.Update is not null) updates.Add(answer.Update);
        }

        call.EndUnattended(workspace);
        return new ScoredTranscript(updates, call.Summary, null);
    }

    private static V1.ScoreCallRequest WithSeq(V1.ScoreCallRequest message, uint next)
    {
        switch (message.MessageCase)
        {
            case V1.ScoreCallRequest.MessageOneofCase.Utterance when message.Utterance is { Seq: 0, Interim: false }:
                return new V1.ScoreCallRequest { Utterance = new V1.Utterance(message.Utterance) { Seq = next } };
            case V1.ScoreCallRequest.MessageOneofCase.Event when message.Event.Seq == 0:
                return new V1.ScoreCallRequest { Event = new V1.CallEvent(message.Event) { Seq = next } };
            case V1.ScoreCallRequest.MessageOneofCase.End when message.End.Seq == 0:
                return new V1.ScoreCallRequest { End = new V1.CallEnd(message.End) { Seq = next } };
            default:
                return message;
        }
    }
}
