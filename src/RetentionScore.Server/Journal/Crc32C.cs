using System.Buffers.Binary;
using System.Numerics;

namespace RetentionScore.Server.Journal;

/// <summary>CRC-32C (Castagnoli), as iSCSI and ext4 use it; by the processor's own instruction where there is one. Stateless.</summary>
internal static class Crc32C
{
    /// <summary>The checksum of some bytes behind those of <paramref name="before"/>.</summary>
    internal static uint Of(ReadOnlySpan<byte> bytes, uint before = 0)
    {
        uint crc = ~before;
        while (bytes.Length >= sizeof(ulong))
        {
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
            bytes = bytes[sizeof(ulong)..];
        }

        foreach (byte b in bytes) crc = BitOperations.Crc32C(crc, b);
        return ~crc;
    }

    /// <summary>The checksum of a number, least byte first.</summary>
    internal static uint Of(long number) => ~BitOperations.Crc32C(uint.MaxValue, (ulong)number);
}
