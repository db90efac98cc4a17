using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Google.Protobuf;
using RetentionScore.Core.Policy;

namespace RetentionScore.Server.Scoring.Wire;

/// <summary>
/// Writes protobuf's wire format as the generated classes do: a member that has its default value is left out, but for those whose method's name
/// begins with Present. A message inside is written at once and its length put before it afterwards, so that nothing is measured first. Reused; not
/// thread-safe.
/// </summary>
internal sealed class WireWriter
{
    private const int MaxTagAndNumber = 16;
    private const int Varint = 0, Delimited = 2, Fixed32 = 5;

    private byte[] bytes = new byte[4096];
    private int count;

    /// <summary>Valid until the next <see cref="Clear"/>.</summary>
    internal ReadOnlyMemory<byte> Written => bytes.AsMemory(0, count);

    internal void Clear() => count = 0;

    /// <summary>How much was written.</summary>
    internal int Count => count;

    /// <summary>Takes back what was written behind the first <paramref name="bytesKept"/>.</summary>
    internal void TakeBack(int bytesKept) => count = bytesKept;

    internal void UInt32(int number, uint value)
    {
        if (value == 0) return;
        Reserve(MaxTagAndNumber);
        Tag(number, Varint);
        Number(value);
    }

    internal void Int32(int number, int value)
    {
        if (value != 0) PresentInt32(number, value);
    }

    /// <summary>A negative number takes ten bytes, as protobuf has it.</summary>
    internal void PresentInt32(int number, int value)
    {
        Reserve(MaxTagAndNumber);
        Tag(number, Varint);
        Number((ulong)(long)value);
    }

    internal void Bool(int number, bool value)
    {
        if (value) UInt32(number, 1);
    }

    internal void Float(int number, float value)
    {
        if (value == 0) return;
        Reserve(MaxTagAndNumber);
        Tag(number, Fixed32);
        BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(count), value);
        count += sizeof(float);
    }

    internal void Text(int number, string value)
    {
        if (value.Length == 0) return;
        int mark = Begin(number);
        Reserve(Encoding.UTF8.GetMaxByteCount(value.Length));
        count += Encoding.UTF8.GetBytes(value, bytes.AsSpan(count));
        End(mark);
    }

    internal void Utf8(int number, ReadOnlySpan<byte> value)
    {
        if (value.IsEmpty) return;
        int mark = Begin(number);
        Reserve(value.Length);
        value.CopyTo(bytes.AsSpan(count));
        count += value.Length;
        End(mark);
    }

    internal void Id(int number, PromptId id)
    {
        int mark = Begin(number);
        Reserve(MaxTagAndNumber);
        Digits(id.RaisedSeq);
        bytes[count++] = (byte)'.';
        Digits((uint)id.Action);
        End(mark);
    }

    /// <summary>An item of a packed field, between <see cref="Begin"/> and <see cref="End"/>.</summary>
    internal void Packed(uint value)
    {
        Reserve(MaxTagAndNumber);
        Number(value);
    }

    /// <summary>A whole generated message, without a tag.</summary>
    internal void Message(IMessage message)
    {
        int size = message.CalculateSize();
        Reserve(size);
        message.WriteTo(bytes.AsSpan(count, size));
        count += size;
    }

    /// <summary>Begins a length-delimited member.</summary>
    /// <returns>What <see cref="End"/> is given.</returns>
    internal int Begin(int number)
    {
        Reserve(MaxTagAndNumber);
        Tag(number, Delimited);
        return count++;
    }

    /// <summary>Ends it: its length goes into the byte that was left for it, and what is longer moves up.</summary>
    internal void End(int mark)
    {
        int length = count - mark - 1;
        if (length < 0x80)
        {
            bytes[mark] = (byte)length;
            return;
        }

        int more = (31 - int.LeadingZeroCount(length)) / 7;
        Reserve(more);
        bytes.AsSpan(mark + 1, length).CopyTo(bytes.AsSpan(mark + 1 + more));
        int end = count + more;
        count = mark;
        Number((uint)length);
        count = end;
    }

    private void Digits(uint value)
    {
        value.TryFormat(bytes.AsSpan(count), out int written, provider: CultureInfo.InvariantCulture);
        count += written;
    }

    private void Tag(int number, int type) => Number((uint)(number << 3 | type));

    private void Number(ulong value)
    {
        while (value >= 0x80)
        {
            bytes[count++] = (byte)(value | 0x80);
            value >>= 7;
        }

        bytes[count++] = (byte)value;
    }

    private void Reserve(int more)
    {
        if (bytes.Length - count < more) Array.Resize(ref bytes, Math.Max(bytes.Length * 2, count + more));
    }
}
