namespace RetentionScore.Server.Scoring;

/// <summary>
/// The messages of a stream that were waiting together, in their order, and which of them are answered: of several interims of a speaker only
/// the newest, and none that a final of that speaker follows. Reused; not thread-safe.
/// </summary>
internal sealed class RequestBatch
{
    /// <summary>As many answers are written before one flush.</summary>
    internal const int Capacity = 64;

    private V1.ScoreCallRequest[] messages = new V1.ScoreCallRequest[1];
    private long[] arrivals = new long[1];
    private ulong superseded;

    internal int Count { get; private set; }

    /// <summary>The last message that is answered; -1 for none. What is written before it may wait for it.</summary>
    internal int LastAnswered { get; private set; }

    internal bool IsFull => Count == Capacity;

    internal V1.ScoreCallRequest this[int index] => messages[index];

    /// <summary>Timestamp of a message's arrival.</summary>
    internal long Arrival(int index) => arrivals[index];

    /// <summary>Whether a message behind this interim takes its place.</summary>
    internal bool IsSuperseded(int index) => (superseded >> index & 1) != 0;

    internal void Add(V1.ScoreCallRequest message, long arrival)
    {
        if (Count == messages.Length)
        {
            Array.Resize(ref messages, Math.Min(Capacity, Count * 4));
            Array.Resize(ref arrivals, messages.Length);
        }

        messages[Count] = message;
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
            V1.ScoreCallRequest message = messages[i];
            if (message.MessageCase == V1.ScoreCallRequest.MessageOneofCase.Utterance)
            {
                V1.Utterance utterance = message.Utterance;
                uint speaker = 1u << ((int)utterance.Speaker & 31);
                if (utterance.Interim && (speakers & speaker) != 0)
                {
                    superseded |= 1UL << i;
                    continue;
                }

                // A correction says nothing of what the speaker is saying now.
                if (utterance.Interim || utterance.CorrectsSeq == 0) speakers |= speaker;
            }

            if (LastAnswered < 0 && message.MessageCase != V1.ScoreCallRequest.MessageOneofCase.None) LastAnswered = i;
        }
    }

    internal void Clear()
    {
        Array.Clear(messages, 0, Count);
        Count = 0;
    }
}
