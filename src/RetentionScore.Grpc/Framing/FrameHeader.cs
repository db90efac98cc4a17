using System.Buffers;
using System.Buffers.Binary;

namespace Grpc.Framing;

/// <summary>The five bytes before each message: a flag (1: compressed) and the length, big-endian.</summary>
internal static class FrameHeader
{
    internal const int Size = 5;

    /// <summary>Reads the header at the start of a buffer of at least <see cref="Size"/> bytes.</summary>
    internal static (byte Flag, uint Length) Read(in ReadOnlySequence<byte> buffer)
    {
        if (buffer.FirstSpan.Length >= Size) return Read(buffer.FirstSpan);
        Span<byte> bytes = stackalloc byte[Size];
        buffer.Slice(0, Size).CopyTo(bytes);
        return Read(bytes);
    }

    internal static void Write(Span<byte> destination, bool compressed, int length)
    {
        destination[0] = compressed ? (byte)1 : (byte)0;
        BinaryPrimitives.WriteUInt32BigEndian(destination[1..], (uint)length);
    }

    private static (byte Flag, uint Length) Read(ReadOnlySpan<byte> bytes) =>
        (bytes[0], BinaryPrimitives.ReadUInt32BigEndian(bytes[1..]));
}
