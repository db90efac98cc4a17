using System.Buffers;
using Google.Protobuf;
using RetentionScore.Server.Scoring.Wire;

namespace RetentionScore.Server.Tests.Trunk;

/// <summary>The parser of requests and the generated one are given the same bytes.</summary>
public sealed class TrunkRequestTests
{
    [Fact]
    public void Messages_AreReadAsTheGeneratedParserReadsThem()
    {
        for (int seed = 0; seed < 2000; seed++)
        {
            var random = new Random(seed);
            var request = new ScoreCallsRequest();
            for (int i = random.Next(20); i > 0; i--) request.Requests.Add(Message(random));
            byte[] bytes = request.ToByteArray();
            Assert.Equal(request, Read(random.Next(2) == 0 ? new ReadOnlySequence<byte>(bytes) : InTwo(bytes, random)));
        }
    }

    [Fact]
    public void RequestInPieces_IsMerged()
    {
        byte[] first = new ScoreCallRequest { Utterance = Say.Final(1, "first") }.ToByteArray();
        byte[] second = new ScoreCallRequest { Utterance = new Utterance { Text = "second", Interim = true } }.ToByteArray();
        byte[] call = [0x12, (byte)first.Length, .. first, 0x08, 7, 0x12, (byte)second.Length, .. second, 0x08, 9];
        byte[] bytes = [0x0a, (byte)call.Length, .. call];
        ScoreCallsRequest read = Read(new ReadOnlySequence<byte>(bytes));
        Assert.Equal(ScoreCallsRequest.Parser.ParseFrom(bytes), read);
        Assert.Equal(("second", 9u), (read.Requests[0].Request.Utterance.Text, read.Requests[0].Channel));
    }

    [Fact]
    public void CutOffAnywhere_ReadsAlikeOrNotAtAll()
    {
        var whole = new ScoreCallsRequest { Requests = { TestTrunk.On(1, Say.Final(1, "hello")), TestTrunk.On(300, new Heartbeat { Flush = true }) } };
        byte[] bytes = whole.ToByteArray();
        int read = 0;
        for (int length = 0; length <= bytes.Length; length++)
        {
            byte[] cut = bytes[..length];
            ScoreCallsRequest? expected = null;
            try
            {
                expected = ScoreCallsRequest.Parser.ParseFrom(cut);
            }
            catch (Exception exception) when (exception is InvalidProtocolBufferException or IndexOutOfRangeException)
            {
                Assert.Throws<InvalidDataException>(() => TrunkRequest.Read(new ReadOnlySequence<byte>(cut)));
            }

            if (expected is null) continue;
            Assert.Equal(expected, Read(new ReadOnlySequence<byte>(cut)));
            read++;
        }

        Assert.Equal(3, read); // nothing, the first, both
    }

    [Fact]
    public void MoreThanAnyServerTakes_AreCounted()
    {
        var request = new ScoreCallsRequest();
        for (int i = 0; i < TrunkRequest.MostMessages + 5; i++) request.Requests.Add(new CallRequest());
        TrunkRequest read = TrunkRequest.Read(new ReadOnlySequence<byte>(request.ToByteArray()));
        Assert.Equal(TrunkRequest.MostMessages + 5, read.Count);
        read.Return();
    }

    private static CallRequest Message(Random random)
    {
        uint channel = random.Next(4) switch { 0 => 0, 1 => (uint)random.Next(200), 2 => uint.MaxValue, _ => (uint)random.Next() };
        uint seq = (uint)random.Next(1, 1000);
        return random.Next(5) switch
        {
            0 => TestTrunk.On(channel, new CallStart { CallId = "c", ResumeFrom = 1, Context = new CallContext { AgentId = "a" } }),
            1 => TestTrunk.On(channel, new CallEnd { Seq = seq, AtMs = 5 }),
            2 => TestTrunk.On(channel, new Heartbeat { Flush = random.Next(2) == 0 }),
            3 => TestTrunk.On(channel, Say.Interim(new string('x', random.Next(300)))),
            _ => TestTrunk.On(channel, Say.Final(seq, "Grüße 😀", id: "u")),
        };
    }

    private static ScoreCallsRequest Read(ReadOnlySequence<byte> bytes)
    {
        TrunkRequest request = TrunkRequest.Read(bytes);
        var read = new ScoreCallsRequest();
        while (request.Take() is { } frame)
        {
            read.Requests.Add(new CallRequest { Channel = frame.Channel, Request = Frames.ToMessage(frame) });
            frame.Return();
        }

        Assert.Equal(read.Requests.Count, request.Count);
        request.Return();
        return read;
    }

    private static ReadOnlySequence<byte> InTwo(byte[] bytes, Random random)
    {
        int at = random.Next(bytes.Length + 1);
        var first = new Segment(bytes.AsMemory(0, at), null);
        var second = new Segment(bytes.AsMemory(at), first);
        return new ReadOnlySequence<byte>(first, 0, second, bytes.Length - at);
    }

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        internal Segment(ReadOnlyMemory<byte> memory, Segment? before)
        {
            Memory = memory;
            if (before is null) return;
            RunningIndex = before.RunningIndex + before.Memory.Length;
            before.Next = this;
        }
    }
}
