namespace RetentionScore.LoadTests.Loop;

/// <summary>
/// The few numbers of an answer that a load test looks at, read without the generated classes: those of thousands of answers a second would be the
/// client's cost. Stateless.
/// </summary>
internal static class AnswerReader
{
    private const int Varint = 0, Fixed64 = 1, Delimited = 2, Fixed32 = 5;

    /// <summary>The members of the message that is the first member of the given one.</summary>
    internal static ReadOnlySpan<byte> Inner(ReadOnlySpan<byte> message)
    {
        int at = 1;
        int length = (int)Number(message, ref at);
        return message.Slice(at, length);
    }

    /// <summary>A number or the length of a list; 0 where it is missing. Updates' seq is 1, degraded 15; opened's next_seq is 2.</summary>
    internal static uint Member(ReadOnlySpan<byte> message, int number)
    {
        int at = 0;
        while (at < message.Length)
        {
            uint tag = (uint)Number(message, ref at);
            uint value = 0;
            switch (tag & 7)
            {
                case Varint:
                    value = (uint)Number(message, ref at);
                    break;
                case Fixed64:
                    at += 8;
                    break;
                case Delimited:
                    value = (uint)Number(message, ref at);
                    at += (int)value;
                    break;
                case Fixed32:
                    at += 4;
                    break;
                default:
                    throw new InvalidDataException("An answer is no protobuf.");
            }

            if (tag >> 3 == number) return value;
            // Members come in the order of their numbers.
            if (tag >> 3 > number) return 0;
        }

        return 0;
    }

    internal static ulong Number(ReadOnlySpan<byte> bytes, ref int at)
    {
        ulong value = 0;
        for (int shift = 0; ; shift += 7)
        {
            byte next = bytes[at++];
            value |= (ulong)(next & 0x7f) << shift;
            if (next < 0x80) return value;
        }
    }
}
