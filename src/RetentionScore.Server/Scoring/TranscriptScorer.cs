using System.Buffers;
using Google.Protobuf;
using RetentionScore.Core.Signals;
using RetentionScore.Server.Journal;
using RetentionScore.Server.Scoring.Wire;
using RetentionScore.Server.Security;

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
        : this(SignalReader.BuiltIn)
    {
    }

    /// <summary>The same with another model than the built-in one.</summary>
    public TranscriptScorer(SignalReader reader)
        : this(new CallFactory(
            new Options.ServerOptions(), new PolicySet(), new SignalModels(reader), Microsoft.Extensions.Logging.Abstractions.NullLogger<CallFactory>.Instance))
    {
    }

    internal TranscriptScorer(CallFactory calls) => this.calls = calls;

    /// <summary>Scores a transcript.</summary>
    /// <param name="start">As for a live call; resume_from, attempt and accept_lost_history say nothing here.</param>
    /// <param name="messages">Utterances, events and at most one end; other members are ignored.</param>
    public ScoredTranscript Score(V1.CallStart start, IEnumerable<V1.ScoreCallRequest> messages) => Score(start, messages, Caller.Anonymous);

    /// <summary>The same for a caller with a tenant of its own.</summary>
    internal ScoredTranscript Score(V1.CallStart start, IEnumerable<V1.ScoreCallRequest> messages, Caller caller)
    {
        ArgumentNullException.ThrowIfNull(start);
        ArgumentNullException.ThrowIfNull(messages);
        var updates = new List<V1.ScoreUpdate>();
        if (StartCheck.Check(start, caller, routedId: null) is { } wrong) return new ScoredTranscript(updates, null, wrong);
        if (calls.TryOpen(start, new WordClock(), CallJournal.None, out Refusal? refusal) is not { } call) return new ScoredTranscript(updates, null, refusal);
        ScoringWorkspace workspace = ScoringWorkspace.Current;
        foreach (V1.ScoreCallRequest message in messages)
        {
            CallFrame frame = CallFrame.Read(new ReadOnlySequence<byte>(message.ToByteArray()));
            // A frame that an exception keeps from its return is collected.
            if (frame is { Seq: 0, Interim: false }) frame.Seq = call.NextSeq;
            Answer answer = call.Take(frame, workspace);
            V1.ScoreUpdate? update = answer.Told ?? (answer.Summary is null ? answer.Update?.ToMessage() : null);
            frame.Return();
            if (answer.Refusal is not null) return new ScoredTranscript(updates, null, answer.Refusal);
            if (update is not null) updates.Add(update);
        }

        call.EndUnattended(workspace);
        return new ScoredTranscript(updates, call.Summary, null);
    }
}
