using System.Buffers.Binary;

namespace RetentionScore.LoadTests.Wire;

/// <summary>The five bytes before each gRPC message: a flag and the length, big-endian. Nothing is compressed here.</summary>
internal static class GrpcFrame
{
    internal const int HeaderSize = 5;

    internal static int Length(ReadOnlySpan<byte> header) => header[0] == 0
        ? BinaryPrimitives.ReadInt32BigEndian(header[1..])
        : throw new InvalidDataException("A message came compressed, which was not asked for.");

    internal static void Write(Span<byte> header, int length)
    {
        header[0] = 0;
        BinaryPrimitives.WriteInt32BigEndian(header[1..], length);
    }
}
