using System.Buffers;
using Google.Protobuf;
using RetentionScore.Server.Scoring.Wire;

namespace RetentionScore.Server.Tests;

/// <summary>The frame's parser and the generated one are given the same bytes.</summary>
public sealed class CallFrameTests
{
    private static readonly string[] Texts = ["", "a", "I want to cancel.", "Grüße 😀", new('x', 300)];
    private static readonly uint[] Numbers = [0, 1, 2, 127, 128, 16384, int.MaxValue, uint.MaxValue];
    private static readonly int[] Signed = [0, 1, -1, 3000, int.MinValue, int.MaxValue];

    private static readonly MessageParser<ScoreCallRequest> KnownOnly = ScoreCallRequest.Parser.WithDiscardUnknownFields(true);

    [Fact]
    public void ValidMessages_AreReadAsTheGeneratedParserReadsThem()
    {
        var members = new HashSet<FrameMember>();
        for (int seed = 0; seed < 20_000; seed++)
        {
            byte[] bytes = Pieces(new Random(seed));
            CallFrame frame = CallFrame.Read(new ReadOnlySequence<byte>(bytes));
            AssertSame(KnownOnly.ParseFrom(bytes), frame, seed);
            members.Add(frame.Member);
            frame.Return();
        }

        Assert.Equal(Enum.GetValues<FrameMember>().Length, members.Count);
    }

    [Fact]
    public void MutatedMessages_AreReadAlikeOrNotAtAll()
    {
        int read = 0, malformed = 0;
        for (int seed = 0; seed < 60_000; seed++)
        {
            var random = new Random(seed);
            byte[] bytes = Mutated(Pieces(random), random);
            ScoreCallRequest? expected = null;
            try
            {
                ScoreCallRequest.Parser.ParseFrom(bytes);
                expected = KnownOnly.ParseFrom(bytes);
            }
            catch (InvalidProtocolBufferException exception) when (exception.Message.Contains("UTF-8", StringComparison.Ordinal))
            {
                continue; // later runtimes; ours is never fatal
            }
            catch (Exception)
            {
                malformed++; // IndexOutOfRangeException, too: the runtime's mistake
            }

            CallFrame? frame = null;
            Exception? thrown = Record.Exception(() => frame = CallFrame.Read(new ReadOnlySequence<byte>(bytes)));
            if (expected is null)
            {
                Assert.True(thrown is InvalidDataException, $"seed {seed}: {thrown?.GetType().Name ?? "nothing"} was thrown");
                continue;
            }

            Assert.True(thrown is null, $"seed {seed}: {thrown}");
            AssertSame(expected, frame!, seed);
            frame!.Return();
            read++;
        }

        Assert.InRange(read, 10_000, 50_000);
        Assert.InRange(malformed, 10_000, 50_000);
    }

    [Fact]
    public void Message_InSeveralSegments_IsReadWhole()
    {
        byte[] bytes = new ScoreCallRequest { Utterance = Say.Final(7, "I want to cancel my service.", id: "u7") }.ToByteArray();
        for (int at = 0; at <= bytes.Length; at++)
        {
            var last = new Segment(bytes.AsMemory(at), at);
            CallFrame frame = CallFrame.Read(new ReadOnlySequence<byte>(new Segment(bytes.AsMemory(0, at), 0).Before(last), 0, last, last.Memory.Length));
            AssertSame(ScoreCallRequest.Parser.ParseFrom(bytes), frame, at);
            frame.Return();
        }
    }

    [Theory]
    [InlineData(100, true)]
    [InlineData(101, false)]
    public void UnknownGroups_AreSkippedToADepth(int depth, bool readable)
    {
        byte[] bytes = [.. Enumerable.Repeat((byte)(15 << 3 | 3), depth), .. Enumerable.Repeat((byte)(15 << 3 | 4), depth)];
        Assert.Equal(readable, Record.Exception(() => ScoreCallRequest.Parser.ParseFrom(bytes)) is null);
        Assert.Equal(readable, Record.Exception(() => CallFrame.Read(new ReadOnlySequence<byte>(bytes))) is null);
    }

    [Fact]
    public void InvalidUtf8_InIds_IsReplaced_AndLeftInText()
    {
        byte[] bytes = new ScoreCallRequest { Utterance = Say.Final(1, "##", id: "##") }.ToByteArray();
        for (int at; (at = bytes.AsSpan().IndexOf("##"u8)) >= 0;) (bytes[at], bytes[at + 1]) = (0xff, 0x28);
        CallFrame frame = CallFrame.Read(new ReadOnlySequence<byte>(bytes));
        Assert.Equal([0xff, 0x28], frame.Text.ToArray());
        Assert.Equal("\uFFFD("u8, frame.UtteranceId.Span);
    }

    [Fact]
    public void Frame_ThatComesBackFromThePool_SaysNothingOfTheMessageBefore()
    {
        for (int i = 0; i < 100; i++)
        {
            CallFrame frame = Frames.Of(new ScoreCallRequest { Utterance = Say.Final(1, "secret", id: "secret") });
            frame.Return();
            frame = Frames.Of(new ScoreCallRequest { Utterance = new Utterance() });
            Assert.Equal(new ScoreCallRequest { Utterance = new Utterance() }, Frames.ToMessage(frame));
            frame.Return();
        }
    }

    private static void AssertSame(ScoreCallRequest expected, CallFrame frame, int seed)
    {
        if (expected.Event is not null) expected.Event.Detail = "";
        ScoreCallRequest got = KnownOnly.ParseFrom(Frames.ToMessage(frame).ToByteArray());
        Assert.True(expected.Equals(got), $"seed {seed}: expected {expected}, got {got}");
    }

    /// <summary>Up to four members after each other, the same or others, with unknown members between and inside them.</summary>
    private static byte[] Pieces(Random random)
    {
        using var stream = new MemoryStream();
        for (int i = random.Next(1, 5); i > 0; i--)
        {
            if (random.Next(3) == 0) Unknown(stream, random, depth: 0);
            else if (random.Next(3) == 0) stream.Write(Whole(random).ToByteArray());
            else Piece(stream, random);
        }

        return stream.ToArray();
    }

    private static ScoreCallRequest Whole(Random random) => random.Next(5) switch
    {
        0 => new() { Start = new CallStart { CallId = Pick(Texts, random), Explain = true, StartedAtUnixMs = random.Next(), Context = Context(random) } },
        1 => new() { Utterance = Say.Final(Pick(Numbers, random), Pick(Texts, random), (Speaker)Pick(Signed, random), Pick(Texts, random)) },
        2 => new() { Event = new CallEvent { Seq = Pick(Numbers, random), AtMs = Pick(Signed, random), Detail = Pick(Texts, random), Context = Context(random) } },
        3 => new() { End = new CallEnd { Seq = Pick(Numbers, random), Disposition = (Disposition)Pick(Signed, random) } },
        _ => new() { Heartbeat = new Heartbeat { Flush = random.Next(2) == 0 } },
    };

    private static CallContext Context(Random random) => new() { AgentId = Pick(Texts, random), TenureMonths = Pick(Numbers, random) };

    /// <summary>A member with its own members in any order, any number of times, and now and then of another wire type.</summary>
    private static void Piece(MemoryStream to, Random random)
    {
        int member = random.Next(1, 6);
        using var inside = new MemoryStream();
        using (var output = new CodedOutputStream(inside, leaveOpen: true))
        {
            for (int i = random.Next(8); i > 0; i--)
            {
                int number = random.Next(1, 11);
                bool isText = (member, number) is (2, 3) or (2, 9) or (3, 4) or (3, 6) or (1, 1) or (1, 3) or (1, 4) or (1, 10);
                if (random.Next(10) == 0)
                {
                    output.Flush();
                    Unknown(inside, random, depth: 0);
                }
                else if ((member, number) is (3, 5) or (1, 2))
                {
                    output.WriteTag(number, WireFormat.WireType.LengthDelimited);
                    output.WriteMessage(Context(random));
                }
                else if (isText)
                {
                    output.WriteTag(number, WireFormat.WireType.LengthDelimited);
                    output.WriteString(Pick(Texts, random));
                }
                else if ((member, number) is (2, 6))
                {
                    output.WriteTag(number, WireFormat.WireType.Fixed32);
                    output.WriteFloat(random.NextSingle() * 3 - 1);
                }
                else
                {
                    output.WriteTag(number, WireFormat.WireType.Varint);
                    if (random.Next(2) == 0) output.WriteInt32(Pick(Signed, random));
                    else output.WriteUInt64((ulong)random.NextInt64() << random.Next(2));
                }
            }
        }

        using var outside = new CodedOutputStream(to, leaveOpen: true);
        outside.WriteTag(member, WireFormat.WireType.LengthDelimited);
        outside.WriteBytes(ByteString.CopyFrom(inside.ToArray()));
    }

    private static void Unknown(MemoryStream to, Random random, int depth)
    {
        int number = random.Next(16, 3000);
        using var output = new CodedOutputStream(to, leaveOpen: true);
        switch (random.Next(5))
        {
            case 0:
                output.WriteTag(number, WireFormat.WireType.Varint);
                output.WriteUInt64((ulong)random.NextInt64());
                break;
            case 1:
                output.WriteTag(number, WireFormat.WireType.Fixed64);
                output.WriteFixed64((ulong)random.NextInt64());
                break;
            case 2:
                output.WriteTag(number, WireFormat.WireType.Fixed32);
                output.WriteFixed32((uint)random.Next());
                break;
            case 3 when depth < 4:
                output.WriteTag(number, WireFormat.WireType.StartGroup);
                output.Flush();
                for (int i = random.Next(3); i > 0; i--) Unknown(to, random, depth + 1);
                output.WriteTag(number, WireFormat.WireType.EndGroup);
                break;
            default:
                output.WriteTag(number, WireFormat.WireType.LengthDelimited);
                output.WriteString(Pick(Texts, random));
                break;
        }
    }

    private static byte[] Mutated(byte[] bytes, Random random)
    {
        if (random.Next(10) == 0)
        {
            bytes = new byte[random.Next(40)];
            random.NextBytes(bytes);
            return bytes;
        }

        for (int i = random.Next(3); i > 0 && bytes.Length > 0; i--) bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
        return random.Next(3) == 0 ? bytes[..random.Next(bytes.Length + 1)] : bytes;
    }

    private static T Pick<T>(T[] from, Random random) => from[random.Next(from.Length)];

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        internal Segment(ReadOnlyMemory<byte> memory, long index) => (Memory, RunningIndex) = (memory, index);

        internal Segment Before(Segment next)
        {
            Next = next;
            return this;
        }
    }
}
