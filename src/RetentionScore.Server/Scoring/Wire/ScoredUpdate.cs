using Google.Protobuf;
using RetentionScore.Core.Calls;

namespace RetentionScore.Server.Scoring.Wire;

/// <summary>How long an answer took.</summary>
/// <param name="Queued">From the message's arrival to the start of its scoring.</param>
/// <param name="Scored">Its scoring.</param>
/// <param name="StalenessMs">From the end of what was said to its arrival; null where nobody can tell.</param>
internal readonly record struct Receipt(TimeSpan Queued, TimeSpan Scored, int? StalenessMs)
{
    internal uint QueueUs => (uint)Queued.TotalMicroseconds;

    internal uint ScoreUs => (uint)Scored.TotalMicroseconds;
}

/// <summary>
/// Core's update of one message with what the order of messages, the call's clock and the stream add to it: all that a ScoreUpdate of the contract
/// says. One for each workspace, valid until that scores again. Not thread-safe.
/// </summary>
internal sealed class ScoredUpdate
{
    /// <summary>Core's answer, which belongs to the workspace's scratch.</summary>
    internal ScoreUpdate Score { get; private set; } = new();

    /// <summary>Of the message that is answered.</summary>
    internal uint Seq { get; set; }

    /// <summary>The message's, in its frame.</summary>
    internal ReadOnlyMemory<byte> UtteranceId { get; set; }

    /// <summary>Tells nothing of recommendations.</summary>
    internal bool Interim { get; set; }

    internal bool Duplicate { get; set; }

    /// <summary>How far the journal has come.</summary>
    internal uint DurableSeq { get; private set; }

    /// <summary>All that was left out.</summary>
    internal DegradationSet Degraded { get; private set; }

    /// <summary>The times of a message that had none.</summary>
    internal MessageTimes? Filled { get; set; }

    internal Receipt? Latency { get; set; }

    /// <summary>Begins an answer.</summary>
    /// <param name="score">Core's.</param>
    /// <param name="flags">What is flagged besides what Core says.</param>
    /// <param name="durableSeq">How far the journal has come.</param>
    internal ScoredUpdate Begin(ScoreUpdate score, DegradationSet flags, uint durableSeq)
    {
        Score = score;
        Seq = score.Seq;
        UtteranceId = default;
        Interim = score.Interim;
        Duplicate = false;
        DurableSeq = durableSeq;
        Degraded = flags | DegradationSet.Of(score.Degraded);
        Filled = null;
        Latency = null;
        return this;
    }

    /// <summary>The same as a message, for those who keep it: read from the bytes that a stream would write.</summary>
    internal V1.ScoreUpdate ToMessage()
    {
        WireWriter writer = ScoringWorkspace.Current.Message;
        writer.Clear();
        UpdateMessage.Write(writer, this);
        return V1.ScoreUpdate.Parser.ParseFrom(writer.Written.Span);
    }
}
