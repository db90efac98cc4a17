using RetentionScore.V1;

namespace RetentionScore.Client;

/// <summary>Seqs that are not kept any more, and how many of them the server never counted.</summary>
internal readonly record struct DroppedMessages(uint FromSeq, uint ToSeq, int Uncounted);

/// <summary>
/// What a call has sent and may have to send again: every message beyond the server's <c>durable_seq</c>, in the order of its seq, the newest interim of
/// each speaker, and, last, the end. It gives the seqs. Bounded: past the bound the oldest eighth is dropped at once, so that the next few messages do not
/// move <c>resume_from</c> again while a stream is being opened with it; bytes are bounded for all calls together, too. Safe for any thread; what reads and writes the stream is one loop.
/// </summary>
internal sealed class Outbox
{
    private const int Speakers = 5;

    private readonly int maxMessages;
    private readonly int maxBytes;
    private readonly Share share;
    private readonly Lock gate = new();
    private readonly List<KeptMessage> kept = [];
    private readonly ScoreCallRequest?[] interims = new ScoreCallRequest?[Speakers];
    private readonly RecentUtterances recent = new();
    private uint first = 1; // seq of kept[0]
    private uint cursor = 1; // the next to write to the stream
    private uint answeredSeq; // everything up to it was counted
    private int bytes;
    private bool isNumbered;
    private bool isSealed;
    private bool isClosed;
    private DroppedMessages dropped;

    /// <param name="maxMessages">Kept at most.</param>
    /// <param name="maxBytes">The same on the wire.</param>
    /// <param name="share">Bytes of all calls of the client.</param>
    internal Outbox(int maxMessages, int maxBytes, Share share)
    {
        this.maxMessages = maxMessages;
        this.maxBytes = maxBytes;
        this.share = share;
        share.Join();
    }

    /// <summary>Whether seqs are final: the call was opened once.</summary>
    internal bool IsNumbered
    {
        get
        {
            lock (gate) return isNumbered;
        }
    }

    /// <summary>The lowest seq that can still be sent.</summary>
    internal uint ResumeFrom
    {
        get
        {
            lock (gate) return first;
        }
    }

    internal int Kept
    {
        get
        {
            lock (gate) return kept.Count;
        }
    }

    /// <summary>Everything up to this seq was answered, or counted before a break.</summary>
    internal uint AnsweredSeq
    {
        get
        {
            lock (gate) return answeredSeq;
        }
    }

    /// <summary>Whether a final message waits to be written.</summary>
    internal bool HasUnwritten
    {
        get
        {
            lock (gate) return cursor < Next;
        }
    }

    /// <summary>Whether the end was given, or nothing is taken any more.</summary>
    internal bool IsSealed
    {
        get
        {
            lock (gate) return isSealed;
        }
    }

    private uint Next => first + (uint)kept.Count;

    /// <summary>Takes a final utterance, an event or the end; it becomes the outbox's own.</summary>
    /// <returns>Null where nothing is taken any more, or where the utterance is a duplicate.</returns>
    internal KeptMessage? Add(ScoreCallRequest request, long now, TaskCompletionSource<ScoreUpdate?>? answer, out bool isDuplicate)
    {
        lock (gate)
        {
            isDuplicate = request.Utterance is { CorrectsSeq: 0 } said && recent.Contains(said.UtteranceId);
            if (isSealed || isDuplicate) return null;
            if (request.Utterance is { } final)
            {
                recent.Add(final.UtteranceId);
                interims[SlotOf(final)] = null;
            }

            if (request.End is not null)
            {
                isSealed = true;
                Array.Clear(interims); // behind the end they would be messages of no call
            }

            var message = new KeptMessage(request, now, answer) { Seq = Next };
            KeptMessage.Number(request, message.Seq);
            kept.Add(message);
            Count(message.Bytes);
            if (kept.Count > maxMessages || bytes > maxBytes || share.IsOver(bytes)) DropOldest();
            return message;
        }
    }

    /// <summary>Takes a hypothesis; it takes the place of one of the same speaker that still waits.</summary>
    internal bool AddInterim(ScoreCallRequest request)
    {
        lock (gate)
        {
            if (isSealed) return false;
            interims[SlotOf(request.Utterance)] = request;
            return true;
        }
    }

    /// <summary>Takes a tick, unless the last message waits to be written: a newer time comes with it or after it.</summary>
    internal void AddTick(ScoreCallRequest tick, long now)
    {
        lock (gate)
        {
            if (isSealed || cursor < Next) return;
        }

        Add(tick, now, null, out _);
    }

    /// <summary>No message is taken any more.</summary>
    internal void Seal()
    {
        lock (gate)
        {
            isSealed = true;
            foreach (KeptMessage message in kept) message.StopWaiting();
            Array.Clear(interims);
        }
    }

    /// <summary>The call is over: what is kept is nobody's part any more.</summary>
    internal void Close()
    {
        Seal();
        lock (gate)
        {
            if (isClosed) return;
            isClosed = true;
            share.Add(-bytes);
            share.Leave();
        }
    }

    /// <summary>The next to write: messages in their order, then interims. Null where there is none.</summary>
    internal ScoreCallRequest? TakeNext(out KeptMessage? message)
    {
        lock (gate)
        {
            message = null;
            if (cursor < first) cursor = first; // dropped before it was written: the server will see the gap
            if (cursor < Next)
            {
                message = kept[(int)(cursor++ - first)];
                message.WasWritten = true;
                return message.Request;
            }

            for (int i = 0; i < interims.Length; i++)
            {
                if (interims[i] is not { } interim) continue;
                interims[i] = null;
                return interim;
            }

            return null;
        }
    }

    /// <summary>Gives a message that waited a time before it is sent.</summary>
    internal ScoreCallRequest Stamp(KeptMessage message, int endMs)
    {
        lock (gate)
        {
            message.FillTimes(null, endMs);
            return message.Request;
        }
    }

    /// <summary>
    /// A stream is open and goes on from a seq. At the first one nothing of ours was ever counted: what waits is numbered from there. Later everything
    /// before it has been counted, whether or not its answer came.
    /// </summary>
    /// <param name="nextSeq">As the server says.</param>
    /// <returns>False where what the server expects is not kept any more: its stream is of no use.</returns>
    internal bool Open(uint nextSeq)
    {
        lock (gate)
        {
            if (!isNumbered)
            {
                isNumbered = true;
                long by = (long)nextSeq - first;
                if (by != 0)
                {
                    for (int i = 0; i < kept.Count; i++) kept[i].Renumber(nextSeq + (uint)i, movedFrom: 0, by);
                }

                first = nextSeq;
                answeredSeq = nextSeq - 1;
            }

            // Somebody else has sent for this call: what we hold was counted, as far as anyone can tell, and ours go on behind.
            if (nextSeq > Next) Forget(Next - 1, nextSeq);
            cursor = Math.Max(nextSeq, first);
            for (int i = 0; i < kept.Count && kept[i].Seq < nextSeq; i++)
            {
                if (!kept[i].IsAnswered) kept[i].SetAnswered(null);
            }

            answeredSeq = Math.Max(answeredSeq, nextSeq - 1);
            return nextSeq >= first;
        }
    }

    /// <summary>The server has answered a message.</summary>
    /// <param name="update">Its answer.</param>
    /// <param name="timeMs">The latest time that the message told, or was given; null where none is known.</param>
    /// <returns>Whether this is its first answer; the seq of a message of an earlier process counts as one.</returns>
    internal bool Answered(ScoreUpdate update, out int? timeMs)
    {
        lock (gate)
        {
            timeMs = update.HasEndMs ? update.EndMs : null;
            bool isNew = update.Seq > answeredSeq;
            if (isNew) answeredSeq = update.Seq;
            if (Find(update.Seq) is not { } message) return isNew;
            if (update.HasEndMs && !update.Duplicate) message.FillTimes(update.HasStartMs ? update.StartMs : null, update.EndMs);
            timeMs = message.TimeMs;
            bool wasAnswered = message.IsAnswered;
            message.SetAnswered(update);
            return isNew || !wasAnswered;
        }
    }

    /// <summary>The server knew an utterance by its id and gave it no seq: those behind it move up.</summary>
    internal void RemoveUncounted(ScoreUpdate update)
    {
        lock (gate)
        {
            if (Find(update.Seq) is not { IsAnswered: false } message) return;
            message.SetAnswered(update);
            int at = (int)(update.Seq - first);
            Count(-message.Bytes);
            kept.RemoveAt(at);
            for (int i = at; i < kept.Count; i++) kept[i].Renumber(update.Seq + (uint)(i - at), update.Seq + 1, -1);
            if (cursor > update.Seq) cursor--;
        }
    }

    /// <summary>Everything up to a seq survives at the server.</summary>
    internal void Durable(uint durableSeq)
    {
        lock (gate) Forget(Math.Min(durableSeq, answeredSeq), 0);
    }

    /// <summary>What was dropped over the bound since the last time.</summary>
    internal DroppedMessages TakeDropped()
    {
        lock (gate)
        {
            DroppedMessages taken = dropped;
            dropped = default;
            return taken;
        }
    }

    /// <summary>Nobody is to wait for an answer: there is no stream.</summary>
    internal void StopWaiting()
    {
        lock (gate)
        {
            foreach (KeptMessage message in kept) message.StopWaiting();
            Array.Clear(interims);
        }
    }

    /// <summary>The seq and the state of a message, which may have moved.</summary>
    internal (uint Seq, bool WasWritten, bool IsAnswered) Look(KeptMessage message)
    {
        lock (gate) return (isNumbered ? message.Seq : 0, message.WasWritten, message.IsAnswered);
    }

    private void DropOldest()
    {
        int count = 0, uncounted = 0, keep = 1; // the one that just came
        uint from = first;
        int mostBytes = (share.IsOver(bytes) ? Math.Min(bytes, maxBytes) : maxBytes) / 8 * 7;
        while (kept.Count - count > keep && (kept.Count - count > maxMessages * 7 / 8 || bytes > mostBytes))
        {
            KeptMessage oldest = kept[count++];
            if (!oldest.IsAnswered) uncounted++;
            Count(-oldest.Bytes);
            oldest.StopWaiting();
        }

        if (count == 0) return;
        kept.RemoveRange(0, count);
        first += (uint)count;
        dropped = new DroppedMessages(dropped.FromSeq == 0 ? from : dropped.FromSeq, first - 1, dropped.Uncounted + uncounted);
    }

    private void Forget(uint upTo, uint next)
    {
        int count = (int)Math.Min((long)upTo - first + 1, kept.Count);
        for (int i = 0; i < count; i++)
        {
            Count(-kept[i].Bytes);
            if (!kept[i].IsAnswered) kept[i].SetAnswered(null);
        }

        if (count > 0)
        {
            kept.RemoveRange(0, count);
            first += (uint)count;
        }

        if (next > first && kept.Count == 0) first = next;
    }

    private void Count(int by)
    {
        bytes += by;
        if (!isClosed) share.Add(by);
    }

    private KeptMessage? Find(uint seq) => seq >= first && seq < Next ? kept[(int)(seq - first)] : null;

    /// <summary>By speaker; one that is not known shares a place with the unspecified.</summary>
    private static int SlotOf(Utterance utterance) => (int)utterance.Speaker is var speaker and > 0 and < Speakers ? speaker : 0;
}
