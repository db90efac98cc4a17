using System.Buffers.Binary;

namespace RetentionScore.Server.Scoring.Wire;

/// <summary>A length-delimited member: where it lies in the message's bytes.</summary>
internal readonly record struct WireRange(int Start, int Length);

/// <summary>
/// Reads protobuf's wire format as the generated parsers do: numbers too wide are cut, unknown members and groups are skipped. What is truncated
/// or malformed throws <see cref="InvalidDataException"/>.
/// </summary>
/// <param name="bytes">The whole message; ranges count from its start.</param>
/// <param name="range">The part to read.</param>
internal ref struct WireReader(ReadOnlySpan<byte> bytes, WireRange range)
{
    private const int MaxDepth = 100;
    private const int MaxVarintBits = 70;
    private const int EndGroup = 4;

    private readonly ReadOnlySpan<byte> bytes = bytes;
    private readonly int end = range.Start + range.Length;
    private int at = range.Start;

    /// <summary>The next member's number and wire type; false at the end.</summary>
    internal bool TryReadTag(out uint tag)
    {
        tag = 0;
        if (at == end) return false;
        tag = UInt32();
        return tag >> 3 != 0 ? true : throw Malformed();
    }

    internal ulong UInt64()
    {
        ulong value = 0;
        for (int shift = 0; shift < MaxVarintBits; shift += 7)
        {
            byte b = bytes[Take(1)];
            value |= (ulong)(b & 0x7f) << shift;
            if (b < 0x80) return value;
        }

        throw Malformed();
    }

    internal uint UInt32() => (uint)UInt64();

    internal int Int32() => (int)UInt64();

    internal bool Bool() => UInt64() != 0;

    internal float Float() => BinaryPrimitives.ReadSingleLittleEndian(bytes[Take(sizeof(float))..]);

    internal WireRange Delimited()
    {
        int length = Int32();
        return new WireRange(Take(length), length);
    }

    /// <summary>Leaves out a member that is not known.</summary>
    /// <param name="tag">Its tag, which was read.</param>
    /// <param name="depth">How many messages and groups it is in.</param>
    internal void Skip(uint tag, int depth)
    {
        switch (tag & 7)
        {
            case 0:
                UInt64();
                break;
            case 1:
                Take(sizeof(ulong));
                break;
            case 2:
                Delimited();
                break;
            case 3 when depth < MaxDepth:
                SkipGroup(tag, depth + 1);
                break;
            case 5:
                Take(sizeof(uint));
                break;
            default:
                throw Malformed();
        }
    }

    private void SkipGroup(uint start, int depth)
    {
        while (true)
        {
            if (!TryReadTag(out uint tag)) throw Malformed();
            if ((tag & 7) != EndGroup) Skip(tag, depth);
            else if (tag >> 3 == start >> 3) return;
            else throw Malformed();
        }
    }

    private int Take(int length)
    {
        if ((uint)length > (uint)(end - at)) throw Malformed();
        int from = at;
        at += length;
        return from;
    }

    private static InvalidDataException Malformed() => new("The message is no protobuf of its type.");
}
