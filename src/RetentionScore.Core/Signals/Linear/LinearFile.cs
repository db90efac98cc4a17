using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace RetentionScore.Core.Signals.Linear;

/// <summary>
/// The file of weights, little-endian: "RSLM", format (u16), name, then for customer and agent their heads, words, features and direct rows;
/// at the end the SHA-256 of all before it. Signals stand by name, so that a file does not depend on how they are numbered.
/// </summary>
internal static class LinearFile
{
    /// <summary>The format that is written and read.</summary>
    public const ushort Format = 3;

    /// <summary>Bytes at most.</summary>
    public const int MostBytes = 8 * 1024 * 1024;

    private const int MostRows = 4_000_000, MostNameBytes = 64;

    private static ReadOnlySpan<byte> Magic => "RSLM"u8;

    /// <summary>The bytes of a model.</summary>
    public static byte[] Write(string name, LinearTables customer, LinearTables agent)
    {
        var into = new ArrayBufferWriter<byte>();
        into.Write(Magic);
        Write(into, Format);
        Write(into, name);
        foreach (var side in new[] { customer, agent }) Write(into, side);
        into.Write(SHA256.HashData(into.WrittenSpan));
        return into.WrittenSpan.ToArray();
    }

    /// <summary>The model in a file's bytes, or what is wrong with them.</summary>
    public static (LinearModel? Model, string? Problem) Read(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > MostBytes) return (null, string.Create(NumberFormatInfo.InvariantInfo, $"{bytes.Length} bytes, must be at most {MostBytes}"));
        if (bytes.Length < Magic.Length + 2 || !bytes.StartsWith(Magic)) return (null, "no file of weights: it must begin with 'RSLM'");
        ushort format = BinaryPrimitives.ReadUInt16LittleEndian(bytes[Magic.Length..]);
        if (format != Format) return (null, string.Create(NumberFormatInfo.InvariantInfo, $"format {format}, this build reads format {Format}"));
        int hashed = bytes.Length - SHA256.HashSizeInBytes;
        if (hashed < 0 || !SHA256.HashData(bytes[..hashed]).AsSpan().SequenceEqual(bytes[hashed..])) return (null, "damaged: its checksum is another");
        var reader = new Reader(bytes[(Magic.Length + 2)..hashed]);
        string name = reader.Text();
        LinearTables customer = reader.Side(), agent = reader.Side();
        if (reader.Problem is not null) return (null, reader.Problem);
        if (!IsName(name)) return (null, "its name must be 1 to 64 letters, digits, points, dashes, underscores or plus signs");
        return reader.IsAtEnd ? (new LinearModel(name, customer, agent), null) : (null, "damaged: more bytes than it tells of");
    }

    /// <summary>Names stand in answers, journals and labels of metrics.</summary>
    private static bool IsName(string name)
    {
        foreach (char c in name)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('.' or '-' or '_' or '+')) return false;
        }

        return name.Length is > 0 and <= MostNameBytes;
    }

    private static void Write(ArrayBufferWriter<byte> into, LinearTables side)
    {
        Write(into, (ushort)side.Heads.Length);
        foreach (LinearHead head in side.Heads)
        {
            Write(into, SignalCatalogue.Name(head.Signal));
            foreach (double value in new[] { head.Bias, head.WordScale, head.DirectScale, head.Slope, head.Offset }) BinaryPrimitives.WriteDoubleLittleEndian(Advance(into, 8), value);
            Advance(into, 1)[0] = head.Windowed ? (byte)1 : (byte)0;
        }

        // Direct rows stand by the names of their signals, too.
        Write(into, (ushort)SignalCatalogue.Count);
        for (int s = 1; s < SignalCatalogue.Count; s++) Write(into, SignalCatalogue.Name((Signal)s));
        Write(into, side.DirectRows);
        Write(into, side.WordKeys);
        Write(into, side.WordRows);
        Write(into, side.FeatureKeys);
        foreach (sbyte value in side.FeatureRows) Advance(into, 1)[0] = (byte)value;
    }

    private static void Write(ArrayBufferWriter<byte> into, ushort value) => BinaryPrimitives.WriteUInt16LittleEndian(Advance(into, 2), value);

    private static void Write(ArrayBufferWriter<byte> into, string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        if (bytes.Length > MostNameBytes) throw new ArgumentException($"'{text}' has more than {MostNameBytes} bytes", nameof(text));
        Advance(into, 1)[0] = (byte)bytes.Length;
        into.Write(bytes);
    }

    private static void Write(ArrayBufferWriter<byte> into, ulong[] keys)
    {
        BinaryPrimitives.WriteInt32LittleEndian(Advance(into, 4), keys.Length);
        foreach (ulong key in keys) BinaryPrimitives.WriteUInt64LittleEndian(Advance(into, 8), key);
    }

    private static void Write(ArrayBufferWriter<byte> into, short[] rows)
    {
        foreach (short value in rows) BinaryPrimitives.WriteInt16LittleEndian(Advance(into, 2), value);
    }

    private static Span<byte> Advance(ArrayBufferWriter<byte> into, int count)
    {
        var span = into.GetSpan(count)[..count];
        into.Advance(count);
        return span;
    }

    /// <summary>Reads on until something is wrong; from then on everything is empty.</summary>
    private ref struct Reader(ReadOnlySpan<byte> bytes)
    {
        private ReadOnlySpan<byte> _rest = bytes;

        public string? Problem { get; private set; }

        public readonly bool IsAtEnd => _rest.IsEmpty;

        public string Text() => Encoding.UTF8.GetString(Take(Take(1) is [var length] ? length : 0));

        public LinearTables Side()
        {
            int heads = Short();
            if (heads > LinearSide.Stride) return Fail(string.Create(NumberFormatInfo.InvariantInfo, $"{heads} signals a side, must be at most {LinearSide.Stride}"));
            var read = new LinearHead[heads];
            for (int i = 0; i < heads; i++)
            {
                string name = Text();
                double bias = Number(), wordScale = Number(), directScale = Number(), slope = Number(), offset = Number();
                bool windowed = Take(1) is [1];
                if (Problem is not null) return LinearTables.None;
                if (!SignalCatalogue.TryParse(name, out Signal signal)) return Fail($"unknown signal '{name}'");
                if (!double.IsFinite(bias + wordScale + directScale + slope + offset)) return Fail($"'{name}' has a weight that is no number");
                read[i] = new LinearHead(signal, bias, wordScale, directScale, slope, offset, windowed);
            }

            int signals = Short();
            if (signals != SignalCatalogue.Count) return Fail(string.Create(NumberFormatInfo.InvariantInfo, $"made for {signals} signals, this build has {SignalCatalogue.Count}"));
            for (int s = 1; s < signals; s++)
            {
                string name = Text();
                if (name != SignalCatalogue.Name((Signal)s)) return Fail($"made for other signals: '{name}' is '{SignalCatalogue.Name((Signal)s)}' here");
            }

            short[] direct = Shorts(heads == 0 ? 0 : DirectFeature.Count * heads);
            ulong[] wordKeys = Keys();
            short[] wordRows = Shorts(wordKeys.Length * heads);
            ulong[] featureKeys = Keys();
            sbyte[] featureRows = System.Runtime.InteropServices.MemoryMarshal.Cast<byte, sbyte>(Take(featureKeys.Length * heads)).ToArray();
            return Problem is null ? new LinearTables(read, wordKeys, wordRows, featureKeys, featureRows, direct) : LinearTables.None;
        }

        private LinearTables Fail(string problem)
        {
            Problem ??= problem;
            return LinearTables.None;
        }

        private ReadOnlySpan<byte> Take(int count)
        {
            if (Problem is null && count >= 0 && count <= _rest.Length)
            {
                var taken = _rest[..count];
                _rest = _rest[count..];
                return taken;
            }

            Problem ??= "damaged: it ends too early";
            return [];
        }

        private ushort Short() => Take(2) is { Length: 2 } two ? BinaryPrimitives.ReadUInt16LittleEndian(two) : (ushort)0;

        private double Number() => Take(8) is { Length: 8 } eight ? BinaryPrimitives.ReadDoubleLittleEndian(eight) : 0;

        private short[] Shorts(int count)
        {
            var taken = Take(count * 2);
            var values = new short[taken.Length / 2];
            for (int i = 0; i < values.Length; i++) values[i] = BinaryPrimitives.ReadInt16LittleEndian(taken[(i * 2)..]);
            return values;
        }

        private ulong[] Keys()
        {
            int count = Take(4) is { Length: 4 } four ? BinaryPrimitives.ReadInt32LittleEndian(four) : 0;
            if (count is < 0 or > MostRows)
            {
                Problem ??= "damaged: a table too long";
                return [];
            }

            var taken = Take(count * 8);
            var keys = new ulong[taken.Length / 8];
            for (int i = 0; i < keys.Length; i++) keys[i] = BinaryPrimitives.ReadUInt64LittleEndian(taken[(i * 8)..]);
            return keys;
        }
    }
}
