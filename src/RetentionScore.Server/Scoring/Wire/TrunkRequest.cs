using System.Buffers;
using Microsoft.Extensions.ObjectPool;

namespace RetentionScore.Server.Scoring.Wire;

/// <summary>
/// One ScoreCallsRequest: its messages as frames of the pool, each with its channel, in their order. Read inside the deserializer, where the payload
/// is still valid; then it and its frames belong to whoever reads the trunk. Not thread-safe.
/// </summary>
internal sealed class TrunkRequest
{
    /// <summary>Messages beyond are counted and not read: no server takes so many.</summary>
    internal const int MostMessages = 4096;

    private const int Requests = 1 << 3 | 2, Channel = 1 << 3, Request = 2 << 3 | 2;

    private static readonly ObjectPool<TrunkRequest> Pool = new DefaultObjectPool<TrunkRequest>(new DefaultPooledObjectPolicy<TrunkRequest>(), 64);

    private CallFrame? first, last;

    /// <summary>How many messages came.</summary>
    internal int Count { get; private set; }

    /// <summary>Reads a request into one of the pool.</summary>
    /// <exception cref="InvalidDataException">It is no ScoreCallsRequest.</exception>
    internal static TrunkRequest Read(in ReadOnlySequence<byte> payload)
    {
        TrunkRequest request = Pool.Get();
        if (payload.IsSingleSegment)
        {
            request.Read(payload.FirstSpan);
            return request;
        }

        int length = checked((int)payload.Length);
        byte[] whole = ArrayPool<byte>.Shared.Rent(length);
        payload.CopyTo(whole);
        request.Read(whole.AsSpan(0, length));
        ArrayPool<byte>.Shared.Return(whole, clearArray: true); // what was said is not left lying about
        return request;
    }

    /// <summary>Takes the next message, which is the taker's from then on; null behind the last.</summary>
    internal CallFrame? Take()
    {
        CallFrame? taken = first;
        if (taken is null) return null;
        first = taken.Next;
        taken.Next = null;
        return taken;
    }

    /// <summary>Gives it back, with what was not taken of it.</summary>
    internal void Return()
    {
        while (Take() is { } left) left.Return();
        last = null;
        Count = 0;
        Pool.Return(this);
    }

    private void Read(ReadOnlySpan<byte> bytes)
    {
        var reader = new WireReader(bytes, new WireRange(0, bytes.Length));
        while (reader.TryReadTag(out uint tag))
        {
            if (tag == Requests) Add(bytes, reader.Delimited());
            else reader.Skip(tag, depth: 0);
        }
    }

    private void Add(ReadOnlySpan<byte> bytes, WireRange range)
    {
        if (Count++ >= MostMessages) return;
        uint channel = 0;
        WireRange message = default;
        byte[]? merged = null;
        var reader = new WireReader(bytes, range);
        while (reader.TryReadTag(out uint tag))
        {
            if (tag == Channel) channel = reader.UInt32();
            else if (tag != Request) reader.Skip(tag, depth: 1);
            else if (message == default) message = reader.Delimited();
            else merged = [.. merged ?? bytes.Slice(message.Start, message.Length), .. Slice(bytes, reader.Delimited())]; // in pieces: put together, they are merged
        }

        CallFrame frame = CallFrame.Read(merged ?? Slice(bytes, message));
        frame.Channel = channel;
        if (first is null) first = frame;
        else last!.Next = frame;
        last = frame;
    }

    private static ReadOnlySpan<byte> Slice(ReadOnlySpan<byte> bytes, WireRange range) => bytes.Slice(range.Start, range.Length);
}
