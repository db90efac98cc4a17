namespace RetentionScore.Server.Scoring.Wire;

/// <summary>
/// The answers of a trunk that go out together, as bytes of one ScoreCallsResponse. Written into the workspace of the thread, from
/// <see cref="Begin"/> on without an await in between. Bounded: whoever writes stops when it <see cref="IsFull"/>.
/// </summary>
internal sealed class TrunkReplies
{
    private const int MaxReplies = 64;
    private const int MaxBytes = 32 * 1024;
    private const int Replies = 1, Draining = 2;
    private const int Channel = 1, Response = 2;
    private const int Update = 2;

    private WireWriter output = null!;
    private int count;

    internal bool IsEmpty => output.Count == 0;

    internal bool IsFull => count >= MaxReplies || output.Count >= MaxBytes;

    /// <summary>What was written; valid as long as the workspace is not used again.</summary>
    internal WireWriter Written => output;

    internal void Begin(WireWriter to)
    {
        output = to;
        output.Clear();
        count = 0;
    }

    /// <summary>An update, which may be changed again afterwards.</summary>
    internal void Add(uint channel, ScoredUpdate update)
    {
        int before = output.Count;
        int reply = output.Begin(Replies);
        output.UInt32(Channel, channel);
        int response = output.Begin(Response);
        int message = output.Begin(Update);
        try
        {
            UpdateMessage.Write(output, update);
        }
        catch
        {
            output.TakeBack(before);
            throw;
        }

        output.End(message);
        output.End(response);
        output.End(reply);
        count++;
    }

    /// <summary>Any other answer.</summary>
    internal void Add(V1.CallReply answer)
    {
        int reply = output.Begin(Replies);
        output.Message(answer);
        output.End(reply);
        count++;
    }

    /// <summary>Concerns every call.</summary>
    internal void Say(V1.Draining draining)
    {
        int mark = output.Begin(Draining);
        output.Message(draining);
        output.End(mark);
    }
}
