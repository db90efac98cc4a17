using System.Buffers.Binary;

namespace RetentionScore.Server.Journal;

/// <summary>Writes little-endian numbers and varints into a span that has room for them.</summary>
internal ref struct ByteWriter(Span<byte> to)
{
    private readonly Span<byte> to = to;

    internal int Length { get; private set; }

    internal void Byte(byte value) => to[Length++] = value;

    internal void UInt16(ushort value)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(to[Length..], value);
        Length += sizeof(ushort);
    }

    internal void UInt64(ulong value)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(to[Length..], value);
        Length += sizeof(ulong);
    }

    internal void Varint(ulong value)
    {
        for (; value > 0x7F; value >>= 7) to[Length++] = (byte)(value | 0x80);
        to[Length++] = (byte)value;
    }

    internal void ZigZag(long value) => Varint((ulong)(value << 1 ^ value >> 63));

    internal void Bytes(ReadOnlySpan<byte> bytes)
    {
        Varint((ulong)bytes.Length);
        bytes.CopyTo(to[Length..]);
        Length += bytes.Length;
    }
}
