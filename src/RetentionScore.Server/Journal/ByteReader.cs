using System.Buffers.Binary;
using System.Text;

namespace RetentionScore.Server.Journal;

/// <summary>Reads what <see cref="ByteWriter"/> wrote. Past the end it reads zeros and <see cref="IsBroken"/> says so; nothing is thrown.</summary>
internal ref struct ByteReader(ReadOnlySpan<byte> bytes)
{
    private readonly ReadOnlySpan<byte> bytes = bytes;
    private int at;

    internal bool IsBroken { get; private set; }

    internal byte Byte() => Has(1) ? bytes[at++] : (byte)0;

    internal ushort UInt16()
    {
        if (!Has(sizeof(ushort))) return 0;
        at += sizeof(ushort);
        return BinaryPrimitives.ReadUInt16LittleEndian(bytes[(at - sizeof(ushort))..]);
    }

    internal ulong UInt64()
    {
        if (!Has(sizeof(ulong))) return 0;
        at += sizeof(ulong);
        return BinaryPrimitives.ReadUInt64LittleEndian(bytes[(at - sizeof(ulong))..]);
    }

    internal ulong Varint()
    {
        ulong value = 0;
        for (int shift = 0; shift < 64; shift += 7)
        {
            byte next = Byte();
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80) return value;
        }

        IsBroken = true;
        return value;
    }

    internal long ZigZag()
    {
        ulong value = Varint();
        return (long)(value >> 1) ^ -(long)(value & 1);
    }

    internal string Text()
    {
        int length = Length();
        at += length;
        return Encoding.UTF8.GetString(bytes.Slice(at - length, length));
    }

    /// <summary>Bytes with their length before them, as a part of the memory that is read.</summary>
    internal ReadOnlyMemory<byte> Range(ReadOnlyMemory<byte> of)
    {
        int length = Length();
        at += length;
        return of.Slice(at - length, length);
    }

    private int Length()
    {
        ulong length = Varint();
        return length <= int.MaxValue && Has((int)length) ? (int)length : 0;
    }

    private bool Has(int count)
    {
        if (bytes.Length - at >= count) return true;
        IsBroken = true;
        return false;
    }
}
