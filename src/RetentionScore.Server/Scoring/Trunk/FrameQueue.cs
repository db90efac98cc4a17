using RetentionScore.Server.Scoring.Wire;

namespace RetentionScore.Server.Scoring.Trunk;

/// <summary>Messages of one call that wait, in their order; linked through the frames, so that it takes no memory of its own. Not thread-safe.</summary>
internal struct FrameQueue
{
    private CallFrame? first, last;

    internal int Count { get; private set; }

    internal void Add(CallFrame frame)
    {
        if (first is null) first = frame;
        else last!.Next = frame;
        last = frame;
        Count++;
    }

    /// <summary>The next message, which is the taker's; null where none waits.</summary>
    internal CallFrame? Take()
    {
        CallFrame? taken = first;
        if (taken is null) return null;
        first = taken.Next;
        if (first is null) last = null;
        taken.Next = null;
        Count--;
        return taken;
    }

    /// <summary>
    /// Whether a message that waits takes the place of this interim: a newer interim of its speaker, or a final, but for a correction, which says nothing
    /// of what the speaker is saying now.
    /// </summary>
    internal readonly bool Supersedes(CallFrame interim)
    {
        if (!interim.Interim) return false;
        for (CallFrame? waiting = first; waiting is not null; waiting = waiting.Next)
        {
            if (waiting.Member == FrameMember.Utterance && waiting.Speaker == interim.Speaker && (waiting.Interim || waiting.CorrectsSeq == 0)) return true;
        }

        return false;
    }
}
