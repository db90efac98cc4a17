using System.Buffers.Binary;
using System.Text;

namespace RetentionScore.Server.Calls;

/// <summary>
/// A part of <see cref="EndedCalls"/>: records one behind the other in slabs that the collector neither moves nor looks into, oldest first. A slab goes, to be
/// used again, when its last record is too old. Calls whose keys have the same hash are a chain through their records. Under <see cref="Gate"/>.
/// </summary>
internal sealed class EndedShard
{
    /// <summary>Bytes of a slab: what is longer is not kept here.</summary>
    internal const int SlabBytes = 32 * 1024;

    private const int MostSpare = 4;
    private const int HashAt = 4, IsTakenAt = 8, ChainAt = 9, QuietAt = 17, NextSeqAt = 25, DurableSeqAt = 29, EpochAt = 33, Head = 41;
    private const long NoPlace = -1;

    private readonly Dictionary<int, long> newest = []; // by hash: where the newest record of it is
    private readonly List<Slab> slabs = [];
    private readonly Stack<byte[]> spare = new();
    private Slab? last;
    private long firstSlab, nextSlab;

    /// <summary>Held by whoever looks for a call here or puts one here, from before it looks into the registry's own.</summary>
    internal Lock Gate { get; } = new();

    internal int Count { get; private set; }

    /// <summary>Keeps a call; false where it is too long.</summary>
    internal bool TryAdd(CallKey key, int hash, in EndedCall call)
    {
        int length = Head + SizeOf(key.Tenant) + SizeOf(key.CallId) + SizeOf(call.PolicyVersion) + SizeOf(call.ModelVersion) + SizeOf(call.LastUtteranceId) + 4 + call.Summary.Length;
        if (length > SlabBytes) return false;
        if (last is null || last.Used + length > SlabBytes) AddSlab();
        long place = (last!.Number * SlabBytes) + last.Used;
        Span<byte> record = last.Bytes.AsSpan(last.Used, length);
        BinaryPrimitives.WriteInt32LittleEndian(record, length);
        BinaryPrimitives.WriteInt32LittleEndian(record[HashAt..], hash);
        record[IsTakenAt] = 0;
        BinaryPrimitives.WriteInt64LittleEndian(record[ChainAt..], newest.GetValueOrDefault(hash, NoPlace));
        BinaryPrimitives.WriteInt64LittleEndian(record[QuietAt..], call.QuietSince);
        BinaryPrimitives.WriteUInt32LittleEndian(record[NextSeqAt..], call.NextSeq);
        BinaryPrimitives.WriteUInt32LittleEndian(record[DurableSeqAt..], call.DurableSeq);
        BinaryPrimitives.WriteUInt64LittleEndian(record[EpochAt..], call.Epoch);
        Span<byte> left = record[Head..];
        Write(ref left, key.Tenant);
        Write(ref left, key.CallId);
        Write(ref left, call.PolicyVersion);
        Write(ref left, call.ModelVersion);
        Write(ref left, call.LastUtteranceId);
        BinaryPrimitives.WriteInt32LittleEndian(left, call.Summary.Length);
        call.Summary.CopyTo(left[4..]);
        last.Used += length;
        last.QuietSince = Math.Max(last.QuietSince, call.QuietSince);
        newest[hash] = place;
        Count++;
        return true;
    }

    /// <summary>Takes a call out; null where it is not here.</summary>
    internal EndedCall? Take(CallKey key, int hash)
    {
        long place = newest.GetValueOrDefault(hash, NoPlace);
        while (place >= firstSlab * SlabBytes) // older ones are gone
        {
            Span<byte> record = RecordAt(place);
            place = BinaryPrimitives.ReadInt64LittleEndian(record[ChainAt..]);
            if (record[IsTakenAt] != 0) continue;
            ReadOnlySpan<byte> left = record[Head..];
            if (!Is(ref left, key.Tenant) || !Is(ref left, key.CallId)) continue;
            record[IsTakenAt] = 1;
            Count--;
            string policyVersion = Read(ref left), modelVersion = Read(ref left), lastUtteranceId = Read(ref left);
            return new EndedCall(
                left.Slice(4, BinaryPrimitives.ReadInt32LittleEndian(left)).ToArray(),
                BinaryPrimitives.ReadUInt32LittleEndian(record[NextSeqAt..]),
                BinaryPrimitives.ReadUInt32LittleEndian(record[DurableSeqAt..]),
                BinaryPrimitives.ReadUInt64LittleEndian(record[EpochAt..]),
                BinaryPrimitives.ReadInt64LittleEndian(record[QuietAt..]),
                policyVersion,
                modelVersion,
                lastUtteranceId);
        }

        return null;
    }

    /// <summary>Forgets slabs of which every call is too old.</summary>
    internal void Sweep(Func<long, bool> isOver)
    {
        while (slabs.Count > 0 && slabs[0] is { } oldest && isOver(oldest.QuietSince))
        {
            Forget(oldest);
            slabs.RemoveAt(0);
            firstSlab++;
            if (ReferenceEquals(oldest, last)) last = null;
            if (spare.Count < MostSpare) spare.Push(oldest.Bytes);
        }
    }

    private static int SizeOf(string text) => 2 + Encoding.UTF8.GetByteCount(text);

    private static void Write(ref Span<byte> to, string text)
    {
        int length = Encoding.UTF8.GetBytes(text, to[2..]);
        BinaryPrimitives.WriteUInt16LittleEndian(to, checked((ushort)length));
        to = to[(2 + length)..];
    }

    private static ReadOnlySpan<byte> Next(ref ReadOnlySpan<byte> from)
    {
        int length = BinaryPrimitives.ReadUInt16LittleEndian(from);
        ReadOnlySpan<byte> text = from.Slice(2, length);
        from = from[(2 + length)..];
        return text;
    }

    private static string Read(ref ReadOnlySpan<byte> from) => Encoding.UTF8.GetString(Next(ref from));

    private static bool Is(ref ReadOnlySpan<byte> from, string text) => string.Equals(Read(ref from), text, StringComparison.Ordinal);

    private Span<byte> RecordAt(long place)
    {
        Slab slab = slabs[(int)((place / SlabBytes) - firstSlab)];
        int at = (int)(place % SlabBytes);
        return slab.Bytes.AsSpan(at, BinaryPrimitives.ReadInt32LittleEndian(slab.Bytes.AsSpan(at)));
    }

    private void AddSlab()
    {
        // Pinned memory is never moved, and it is the same memory again and again.
        last = new Slab(nextSlab++, spare.TryPop(out byte[]? used) ? used : GC.AllocateUninitializedArray<byte>(SlabBytes, pinned: true));
        slabs.Add(last);
    }

    private void Forget(Slab slab)
    {
        for (int at = 0; at < slab.Used;)
        {
            ReadOnlySpan<byte> record = slab.Bytes.AsSpan(at);
            int hash = BinaryPrimitives.ReadInt32LittleEndian(record[HashAt..]);
            if (newest.TryGetValue(hash, out long place) && place == (slab.Number * SlabBytes) + at) newest.Remove(hash);
            if (record[IsTakenAt] == 0) Count--;
            at += BinaryPrimitives.ReadInt32LittleEndian(record);
        }
    }

    private sealed class Slab(long number, byte[] bytes)
    {
        internal long Number { get; } = number;

        internal byte[] Bytes { get; } = bytes;

        internal int Used { get; set; }

        internal long QuietSince { get; set; }
    }
}
