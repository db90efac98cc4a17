using System.Text;
using Google.Protobuf;
using RetentionScore.V1;

namespace RetentionScore.Fuzz.Inputs;

/// <summary>What one input is drawn from: its own random numbers, so that its number alone gives it again.</summary>
internal sealed class Draw(Seeds seeds, int seed, int index)
{
    internal const string Call = "/retentionscore.v1.ScoringService/ScoreCall";

    private static readonly int[] Ints = [0, 1, -1, 2, 127, 128, 255, 256, 65535, 604_800_000, 604_800_001, int.MaxValue, int.MinValue, int.MinValue + 1];
    private static readonly float[] Floats = [0, 1, -0.0f, 0.5f, -0.1f, 1.1f, float.NaN, float.PositiveInfinity, float.NegativeInfinity, float.Epsilon, float.MaxValue, float.MinValue];

    private readonly Random random = new(unchecked(seed * 31 + index * (int)0x9E3779B1));

    internal int Index => index;

    /// <summary>Some digits changed do not make it another input's.</summary>
    internal string CallId { get; } = $"{index}-{new Random(unchecked(seed + index * 7919)).NextInt64():x16}";

    internal Seeds Seeds => seeds;

    internal int Below(int end) => random.Next(end);

    internal bool OneIn(int n) => random.Next(n) == 0;

    internal T From<T>(IReadOnlyList<T> of) => of[random.Next(of.Count)];

    internal int Int() => OneIn(4) ? random.Next(int.MinValue, int.MaxValue) : From(Ints);

    internal uint UInt() => (uint)Int();

    internal float Float() => OneIn(4) ? BitConverter.Int32BitsToSingle(random.Next(int.MinValue, int.MaxValue)) : From(Floats);

    internal byte[] Bytes(int most)
    {
        var bytes = new byte[random.Next(most + 1)];
        random.NextBytes(bytes);
        return bytes;
    }

    internal string Text() => $"{From(seeds.Texts)} {Seeds.Planted}";

    internal CallStart Start(bool explain = false) => new() { CallId = CallId, ResumeFrom = 1, Explain = explain };

    internal Utterance Utterance(uint seq) => new()
    {
        Seq = seq,
        Speaker = (Speaker)(1 + random.Next(4)),
        Text = Text(),
        StartMs = (int)seq * 3000,
        EndMs = (int)seq * 3000 + 2000,
        UtteranceId = OneIn(2) ? $"u{seq}" : "",
    };

    /// <summary>The start, some of a real conversation, mostly its end.</summary>
    internal List<ScoreCallRequest> Conversation(int most)
    {
        var messages = new List<ScoreCallRequest> { new() { Start = Start(OneIn(4)) } };
        IReadOnlyList<Utterance> call = From(seeds.Calls);
        int count = Math.Min(1 + random.Next(most), call.Count);
        for (int i = 0; i < count; i++)
        {
            Utterance said = call[i].Clone();
            said.Text += " " + Seeds.Planted;
            messages.Add(new ScoreCallRequest { Utterance = said });
        }

        if (!OneIn(4)) messages.Add(new ScoreCallRequest { End = new CallEnd { Seq = (uint)count + 1, Disposition = Disposition.Cancelled } });
        return messages;
    }

    /// <summary>Some bytes changed, cut, doubled, put in or taken from another message.</summary>
    internal byte[] Mutate(byte[] bytes, byte[] other)
    {
        var mutated = new List<byte>(bytes);
        for (int times = 1 + random.Next(4); times > 0; times--)
        {
            int at = random.Next(mutated.Count + 1);
            switch (random.Next(7))
            {
                case 0 when at < mutated.Count:
                    mutated[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1 when at < mutated.Count:
                    mutated[at] = (byte)random.Next(256);
                    break;
                case 2:
                    mutated.RemoveRange(at, mutated.Count - at);
                    break;
                case 3:
                    mutated.InsertRange(at, Bytes(16));
                    break;
                case 4:
                    mutated.RemoveRange(at, Math.Min(random.Next(8), mutated.Count - at));
                    break;
                case 5 when other.Length > 0:
                    mutated.InsertRange(at, other.AsSpan(random.Next(other.Length)).ToArray());
                    break;
                default:
                    mutated.InsertRange(at, Varint((ulong)random.NextInt64()));
                    break;
            }
        }

        return [.. mutated];
    }

    /// <summary>Some bytes changed where they are: mostly the message is still one, and says something else.</summary>
    internal byte[] MutateInPlace(byte[] bytes)
    {
        byte[] mutated = [.. bytes];
        for (int times = 1 + random.Next(3); times > 0 && mutated.Length > 0; times--)
        {
            ref byte one = ref mutated[random.Next(mutated.Length)];
            one = OneIn(2) ? (byte)(one ^ 1 << random.Next(8)) : (byte)random.Next(256);
        }

        return mutated;
    }

    /// <summary>A member that the contract has, or has not, with a value of any wire type.</summary>
    internal byte[] Member(int number)
    {
        using var stream = new MemoryStream();
        var output = new CodedOutputStream(stream, leaveOpen: true);
        switch (random.Next(5))
        {
            case 0:
                output.WriteTag(number, WireFormat.WireType.Varint);
                output.WriteUInt64((ulong)random.NextInt64(long.MinValue, long.MaxValue));
                break;
            case 1:
                output.WriteTag(number, WireFormat.WireType.Fixed64);
                output.WriteFixed64((ulong)random.NextInt64());
                break;
            case 2:
                output.WriteTag(number, WireFormat.WireType.LengthDelimited);
                output.WriteBytes(ByteString.CopyFrom(Bytes(40)));
                break;
            case 3:
                output.WriteTag(number, WireFormat.WireType.StartGroup);
                output.WriteTag(number, WireFormat.WireType.EndGroup);
                break;
            default:
                output.WriteTag(number, WireFormat.WireType.Fixed32);
                output.WriteFixed32(UInt());
                break;
        }

        output.Flush();
        return stream.ToArray();
    }

    /// <summary>The same message with bytes in place of a marker of the same length.</summary>
    internal static byte[] Replace(byte[] message, string marker, ReadOnlySpan<byte> by)
    {
        int at = message.AsSpan().IndexOf(Encoding.ASCII.GetBytes(marker));
        if (at < 0 || marker.Length != by.Length) throw new InvalidOperationException($"no '{marker}' to replace");
        by.CopyTo(message.AsSpan(at));
        return message;
    }

    internal static ScoreCallRequest Message(CallStart start) => new() { Start = start };

    internal static ScoreCallRequest Message(Utterance utterance) => new() { Utterance = utterance };

    internal static ScoreCallRequest Message(CallEvent callEvent) => new() { Event = callEvent };

    internal static ScoreCallRequest Message(CallEnd end) => new() { End = end };

    private static byte[] Varint(ulong value)
    {
        var bytes = new List<byte>();
        for (; value >= 0x80; value >>= 7) bytes.Add((byte)(value | 0x80));
        bytes.Add((byte)value);
        return [.. bytes];
    }
}
