using System.Buffers;
using System.Text;
using System.Text.Unicode;
using Google.Protobuf;
using Microsoft.Extensions.ObjectPool;

namespace RetentionScore.Server.Scoring.Wire;

/// <summary>Which member of the request's oneof is set.</summary>
internal enum FrameMember
{
    /// <summary>None, or one of a later minor version.</summary>
    None,
    Start,
    Utterance,
    Event,
    End,
    Heartbeat,
}

/// <summary>
/// One ScoreCallRequest, read without its generated class: numbers as plain values, text and ids as UTF-8 in a copy of the payload. Only a start and
/// a context, which are rare, are generated messages. Protobuf's rules hold: the last value of a member wins, the last member of the oneof wins, and
/// one that comes in pieces is merged. Not thread-safe.
/// <para>
/// Whose it is: <see cref="Read"/> rents it, inside the deserializer, where the payload is still valid. Then it belongs to whoever reads the stream:
/// <see cref="CallStream"/> returns its start, <see cref="RequestBatch"/> the messages behind it once all their answers are written, a trunk and a
/// transcript each message once it is answered. Nothing of it, no span and no id, is used after <see cref="Return"/>; what outlives it is copied. A frame that
/// a broken stream leaves behind is not returned, and collected.
/// </para>
/// </summary>
internal sealed class CallFrame
{
    private const int MaxPooled = 1024;
    private const int MaxPooledBytes = 4096;

    private static readonly DefaultObjectPool<CallFrame> Pool = new(new Policy(), MaxPooled);

    private byte[] buffer = new byte[256];
    private byte[]? replacedId;
    private WireRange text, utteranceId, recommendationId;

    private CallFrame()
    {
    }

    internal FrameMember Member { get; private set; }

    /// <summary>How long the message is.</summary>
    internal int Bytes { get; private set; }

    /// <summary>On a trunk: which of its calls it is for.</summary>
    internal uint Channel { get; set; }

    /// <summary>On a trunk: timestamp of its arrival.</summary>
    internal long Arrival { get; set; }

    /// <summary>On a trunk: the frame that waits behind it.</summary>
    internal CallFrame? Next { get; set; }

    /// <summary>The start; null on any other member.</summary>
    internal V1.CallStart? Start { get; private set; }

    /// <summary>Of an utterance, an event or an end. A transcript fills in what is missing.</summary>
    internal uint Seq { get; set; }

    internal V1.Speaker Speaker { get; private set; }

    /// <summary>As it came: possibly no valid UTF-8.</summary>
    internal ReadOnlySpan<byte> Text => buffer.AsSpan(text.Start, text.Length);

    internal int? StartMs { get; private set; }

    internal int? EndMs { get; private set; }

    internal float? AsrConfidence { get; private set; }

    internal bool Interim { get; private set; }

    internal uint CorrectsSeq { get; private set; }

    /// <summary>Valid UTF-8: what was not is replaced.</summary>
    internal ReadOnlyMemory<byte> UtteranceId => replacedId ?? buffer.AsMemory(utteranceId.Start, utteranceId.Length);

    /// <summary>Of an event or an end.</summary>
    internal int? AtMs { get; private set; }

    internal V1.CallEventKind Kind { get; private set; }

    internal V1.CallContext? Context { get; private set; }

    /// <summary>As it came: possibly no valid UTF-8.</summary>
    internal ReadOnlySpan<byte> RecommendationId => buffer.AsSpan(recommendationId.Start, recommendationId.Length);

    internal V1.Disposition Disposition { get; private set; }

    internal bool Flush { get; private set; }

    /// <summary>Reads a message into a frame of the pool.</summary>
    /// <exception cref="InvalidDataException">It is no ScoreCallRequest.</exception>
    internal static CallFrame Read(in ReadOnlySequence<byte> payload)
    {
        CallFrame frame = Pool.Get();
        int length = checked((int)payload.Length);
        payload.CopyTo(frame.Reserve(length));
        frame.Parse(length);
        return frame;
    }

    /// <summary>The same of one message among others.</summary>
    /// <exception cref="InvalidDataException">It is no ScoreCallRequest.</exception>
    internal static CallFrame Read(ReadOnlySpan<byte> payload)
    {
        CallFrame frame = Pool.Get();
        payload.CopyTo(frame.Reserve(payload.Length));
        frame.Parse(payload.Length);
        return frame;
    }

    /// <summary>Gives the frame back; its owner forgets it.</summary>
    internal void Return() => Pool.Return(this);

    private Span<byte> Reserve(int length)
    {
        if (buffer.Length < length) buffer = new byte[Math.Max(length, buffer.Length * 2)];
        return buffer;
    }

    private void Parse(int length)
    {
        Bytes = length;
        ReadMessage(length);
        ReadOnlySpan<byte> id = UtteranceId.Span;
        if (!Utf8.IsValid(id)) replacedId = Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(id));
    }

    private void ReadMessage(int length)
    {
        var reader = new WireReader(buffer, new WireRange(0, length));
        while (reader.TryReadTag(out uint tag))
        {
            switch (tag)
            {
                case 1 << 3 | 2:
                    Become(FrameMember.Start);
                    Merge(Start ??= new V1.CallStart(), reader.Delimited());
                    break;
                case 2 << 3 | 2:
                    Become(FrameMember.Utterance);
                    ReadUtterance(reader.Delimited());
                    break;
                case 3 << 3 | 2:
                    Become(FrameMember.Event);
                    ReadEvent(reader.Delimited());
                    break;
                case 4 << 3 | 2:
                    Become(FrameMember.End);
                    ReadEnd(reader.Delimited());
                    break;
                case 5 << 3 | 2:
                    Become(FrameMember.Heartbeat);
                    ReadHeartbeat(reader.Delimited());
                    break;
                default:
                    reader.Skip(tag, depth: 0);
                    break;
            }
        }
    }

    private void ReadUtterance(WireRange range)
    {
        var reader = new WireReader(buffer, range);
        while (reader.TryReadTag(out uint tag))
        {
            switch (tag)
            {
                case 1 << 3:
                    Seq = reader.UInt32();
                    break;
                case 2 << 3:
                    Speaker = (V1.Speaker)reader.Int32();
                    break;
                case 3 << 3 | 2:
                    text = reader.Delimited();
                    break;
                case 4 << 3:
                    StartMs = reader.Int32();
                    break;
                case 5 << 3:
                    EndMs = reader.Int32();
                    break;
                case 6 << 3 | 5:
                    AsrConfidence = reader.Float();
                    break;
                case 7 << 3:
                    Interim = reader.Bool();
                    break;
                case 8 << 3:
                    CorrectsSeq = reader.UInt32();
                    break;
                case 9 << 3 | 2:
                    utteranceId = reader.Delimited();
                    break;
                default:
                    reader.Skip(tag, depth: 1);
                    break;
            }
        }
    }

    private void ReadEvent(WireRange range)
    {
        var reader = new WireReader(buffer, range);
        while (reader.TryReadTag(out uint tag))
        {
            switch (tag)
            {
                case 1 << 3:
                    Seq = reader.UInt32();
                    break;
                case 2 << 3:
                    AtMs = reader.Int32();
                    break;
                case 3 << 3:
                    Kind = (V1.CallEventKind)reader.Int32();
                    break;
                case 5 << 3 | 2:
                    Merge(Context ??= new V1.CallContext(), reader.Delimited());
                    break;
                case 6 << 3 | 2:
                    recommendationId = reader.Delimited();
                    break;
                default: // `detail` is for people who read the call's log
                    reader.Skip(tag, depth: 1);
                    break;
            }
        }
    }

    private void ReadEnd(WireRange range)
    {
        var reader = new WireReader(buffer, range);
        while (reader.TryReadTag(out uint tag))
        {
            switch (tag)
            {
                case 1 << 3:
                    Seq = reader.UInt32();
                    break;
                case 2 << 3:
                    AtMs = reader.Int32();
                    break;
                case 3 << 3:
                    Disposition = (V1.Disposition)reader.Int32();
                    break;
                default:
                    reader.Skip(tag, depth: 1);
                    break;
            }
        }
    }

    private void ReadHeartbeat(WireRange range)
    {
        var reader = new WireReader(buffer, range);
        while (reader.TryReadTag(out uint tag))
        {
            if (tag == 1 << 3) Flush = reader.Bool();
            else reader.Skip(tag, depth: 1);
        }
    }

    private void Merge(IMessage message, WireRange range)
    {
        try
        {
            message.MergeFrom(buffer.AsSpan(range.Start, range.Length));
        }
        catch (Exception exception) when (exception is InvalidProtocolBufferException or InvalidOperationException or IndexOutOfRangeException)
        {
            // The runtime throws all three of malformed bytes.
            throw new InvalidDataException("The message is no protobuf of its type.", exception);
        }
    }

    private void Become(FrameMember member)
    {
        if (Member == member) return;
        Clear();
        Member = member;
    }

    private void Clear()
    {
        Member = FrameMember.None;
        Start = null;
        Seq = 0;
        Speaker = V1.Speaker.Unspecified;
        text = utteranceId = recommendationId = default;
        replacedId = null;
        StartMs = EndMs = AtMs = null;
        AsrConfidence = null;
        Interim = false;
        CorrectsSeq = 0;
        Kind = V1.CallEventKind.Unspecified;
        Context = null;
        Disposition = V1.Disposition.Unspecified;
        Flush = false;
    }

    private sealed class Policy : PooledObjectPolicy<CallFrame>
    {
        public override CallFrame Create() => new();

        public override bool Return(CallFrame obj)
        {
            // One long text must not keep its memory for ever; nor is anything said kept longer than it is needed.
            if (obj.buffer.Length > MaxPooledBytes) return false;
            obj.Next = null;
            obj.Clear();
            return true;
        }
    }
}
