using System.Buffers;
using System.IO.Compression;
using FsCheck;
using FsCheck.Fluent;
using Grpc.Core;
using Grpc.Framing;

namespace RetentionScore.Grpc.Tests.Internals;

public sealed class MessageSerializerTests
{
    [Fact]
    public void Write_AnyMessageAnyWay_DecodesToItself() => Prop.ForAll<byte[], bool, bool>((message, isAnnounced, isCompressed) =>
    {
        using var serializer = new MessageSerializer(limit: null);
        var output = new ArrayBufferWriter<byte>();
        for (var i = 0; i < 2; i++)
        {
            serializer.Write(message, isAnnounced ? Announced : Whole, output, isCompressed ? CompressionLevel.Fastest : null);
            serializer.Write(message, InPieces, output, isCompressed ? CompressionLevel.Fastest : null);
        }

        using var decoder = new FrameDecoder("gzip", limit: null);
        var buffer = new ReadOnlySequence<byte>(output.WrittenMemory);
        for (var i = 0; i < 4; i++)
        {
            if (decoder.Take(ref buffer, out var taken) != FrameResult.Message || !taken.ToArray().SequenceEqual(message)) return false;
        }

        return buffer.IsEmpty;
    }).Check(Config.QuickThrowOnFailure.WithMaxTest(200));

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Write_OverTheLimit_ResourceExhaustedAndNothingWritten(bool isAnnounced)
    {
        using var serializer = new MessageSerializer(limit: 10);
        var output = new ArrayBufferWriter<byte>();
        var exception = Assert.Throws<RpcException>(() => serializer.Write(new byte[11], isAnnounced ? Announced : InPieces, output, level: null));
        Assert.Equal(StatusCode.ResourceExhausted, exception.StatusCode);
        Assert.Equal(0, output.WrittenCount);
        serializer.Write(new byte[10], Announced, output, level: null);
        Assert.Equal(15, output.WrittenCount);
    }

    [Fact]
    public void Write_SerializerDoesNotComplete_Invalid()
    {
        using var serializer = new MessageSerializer(limit: null);
        Assert.Throws<InvalidOperationException>(() => serializer.Write("", (_, _) => { }, new ArrayBufferWriter<byte>(), level: null));
    }

    [Fact]
    public void Write_SerializerCompletesTwice_Invalid()
    {
        using var serializer = new MessageSerializer(limit: null);
        Assert.Throws<InvalidOperationException>(() => serializer.Write(
            "",
            (_, context) =>
            {
                context.Complete();
                context.Complete();
            },
            new ArrayBufferWriter<byte>(),
            level: null));
    }

    [Fact]
    public void Write_MessageOfAnnouncedLength_AllocatesNothing()
    {
        using var serializer = new MessageSerializer(limit: 1000);
        var output = new ArrayBufferWriter<byte>(4096);
        var message = new byte[200];
        for (var i = 0; i < 100; i++) Write();
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++) Write();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void Write()
        {
            output.ResetWrittenCount();
            serializer.Write(message, Announced, output, level: null);
        }
    }

    [Fact]
    public void Take_PlainMessages_AllocatesNothing()
    {
        using var decoder = new FrameDecoder(encoding: null, limit: 1000);
        var frames = new ReadOnlySequence<byte>(RawHttp.Frame(new byte[200]));
        for (var i = 0; i < 100; i++) Take();
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++) Take();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void Take()
        {
            var buffer = frames;
            if (decoder.Take(ref buffer, out _) != FrameResult.Message) throw new InvalidOperationException();
        }
    }

    private static void Announced(byte[] message, SerializationContext context)
    {
        context.SetPayloadLength(message.Length);
        context.GetBufferWriter().Write(message);
        context.Complete();
    }

    private static void Whole(byte[] message, SerializationContext context) => context.Complete(message);

    private static void InPieces(byte[] message, SerializationContext context)
    {
        foreach (var b in message) context.GetBufferWriter().Write([b]);
        context.Complete();
    }
}
