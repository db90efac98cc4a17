using RetentionScore.Server.Scoring.Wire;

namespace RetentionScore.Server.Scoring;

/// <summary>
/// The messages of a stream that were waiting together, in their order, and which of them are answered: of several interims of a speaker only
/// the newest, and none that a final of that speaker follows. Reused; not thread-safe.
/// </summary>
internal sealed class RequestBatch
{
    /// <summary>As many answers are written before one flush.</summary>
    internal const int Capacity = 64;

    private CallFrame[] messages = new CallFrame[1];
    private long[] arrivals = new long[1];
    private ulong superseded;

    internal int Count { get; private set; }

    /// <summary>Of all messages.</summary>
    internal long Bytes { get; private set; }

    /// <summary>The last message that is answered at once; -1 for none. What is written before it may wait for it.</summary>
    internal int LastAnswered { get; private set; }

    internal bool IsFull => Count == Capacity;

    internal CallFrame this[int index] => messages[index];

    /// <summary>Timestamp of a message's arrival.</summary>
    internal long Arrival(int index) => arrivals[index];

    /// <summary>Whether a message behind this interim takes its place.</summary>
    internal bool IsSuperseded(int index) => (superseded >> index & 1) != 0;

    internal void Add(CallFrame message, long arrival)
    {
        if (Count == messages.Length)
        {
            Array.Resize(ref messages, Math.Min(Capacity, Count * 4));
            Array.Resize(ref arrivals, messages.Length);
        }

        messages[Count] = message;
        Bytes += message.Bytes;
        arrivals[Count++] = arrival;
    }

    /// <summary>All that was waiting is here: tells what is answered.</summary>
    internal void Close()
    {
        superseded = 0;
        LastAnswered = -1;
        uint speakers = 0;
        for (int i = Count - 1; i >= 0; i--)
        {
            CallFrame message = messages[i];
            if (message.Member == FrameMember.Utterance)
            {
                uint speaker = 1u << ((int)message.Speaker & 31);
                if (message.Interim && (speakers & speaker) != 0)
                {
                    superseded |= 1UL << i;
                    continue;
                }

                // A correction says nothing of what the speaker is saying now.
                if (message.Interim || message.CorrectsSeq == 0) speakers |= speaker;
            }

            // What waits for the journal is no reason to hold back the answers before it.
            bool waits = message.Member == FrameMember.End || message is { Member: FrameMember.Heartbeat, Flush: true };
            if (LastAnswered < 0 && !waits && message.Member != FrameMember.None) LastAnswered = i;
        }
    }

    /// <summary>All that is answered was: the frames go back.</summary>
    internal void Clear()
    {
        for (int i = 0; i < Count; i++) messages[i].Return();
        Array.Clear(messages, 0, Count);
        Count = 0;
        Bytes = 0;
    }
}
