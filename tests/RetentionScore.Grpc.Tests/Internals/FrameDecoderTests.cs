using System.Buffers;
using System.IO.Pipelines;
using FsCheck;
using FsCheck.Fluent;
using Grpc.Core;
using Grpc.Framing;

namespace RetentionScore.Grpc.Tests.Internals;

/// <summary>Whatever bytes come, in whatever pieces: messages as they were sent, or a fault; never anything else.</summary>
public sealed class FrameDecoderTests
{
    private const int Limit = 1000;

    private static readonly Config Runs = Config.QuickThrowOnFailure.WithMaxTest(500);

    [Fact]
    public void Take_WholeFramesInAnySegments_GivesTheMessages() => Prop.ForAll<byte[][], int[], bool>((messages, sizes, gzip) =>
    {
        var bytes = messages.SelectMany((message, i) => gzip && i % 2 == 0
            ? RawHttp.Frame(CompressionTests.Compress(message), flag: 1)
            : RawHttp.Frame(message)).ToArray();
        using var decoder = new FrameDecoder("gzip", Limit);
        var buffer = Segments.Split(bytes, sizes);
        foreach (var message in messages)
        {
            if (decoder.Take(ref buffer, out var taken) != FrameResult.Message || !taken.ToArray().SequenceEqual(message)) return false;
        }

        return buffer.IsEmpty && decoder.Take(ref buffer, out _) == FrameResult.Incomplete;
    }).Check(Runs);

    [Fact]
    public void Take_RandomBytes_MessagesOrAFault() => Prop.ForAll<byte[], int[]>(Survives).Check(Runs);

    [Fact]
    public void Take_MutatedFrames_MessagesOrAFault() => Prop.ForAll<byte[][], int[], (int At, byte Value)[]>((messages, sizes, mutations) =>
    {
        var bytes = messages.SelectMany(message => RawHttp.Frame(CompressionTests.Compress(message), flag: 1)).ToArray();
        foreach (var (at, value) in mutations)
        {
            if (bytes.Length > 0) bytes[(int)((uint)at % bytes.Length)] = value;
        }

        return Survives(bytes, sizes);
    }).Check(Runs);

    [Fact]
    public void Take_CutFrame_IsIncompleteAndUntouched() => Prop.ForAll<byte[], int[], uint>((message, sizes, cut) =>
    {
        var frame = RawHttp.Frame(message);
        var part = frame[..(int)(cut % frame.Length)];
        using var decoder = new FrameDecoder(encoding: null, Limit);
        var buffer = Segments.Split(part, sizes);
        return decoder.Take(ref buffer, out _) == FrameResult.Incomplete && buffer.Length == part.Length;
    }).Check(Runs);

    [Theory]
    [InlineData(2)]
    [InlineData(128)]
    [InlineData(255)]
    public void Take_UnknownFlag_Fault(byte flag) => Assert.Equal(FrameResult.UnknownFlag, Take(RawHttp.Frame([1], flag)));

    [Theory]
    [InlineData(1000u, FrameResult.Incomplete)]
    [InlineData(1001u, FrameResult.TooLarge)]
    [InlineData(0x80000000u, FrameResult.TooLarge)]
    [InlineData(0xFFFFFFFFu, FrameResult.TooLarge)]
    public void Take_HeaderAlone_LimitIsChecked(uint length, object expected) =>
        Assert.Equal(expected, Take(RawHttp.Frame([], length: length)));

    [Fact]
    public void Take_NoLimit_LengthBeyondAnArrayIsAFault()
    {
        using var decoder = new FrameDecoder(encoding: null, limit: null);
        var buffer = new ReadOnlySequence<byte>(RawHttp.Frame([], length: 0x80000000));
        Assert.Equal(FrameResult.TooLarge, decoder.Take(ref buffer, out _));
    }

    [Fact]
    public void Take_GzipOfExactlyTheLimit_IsAMessageAndOneMoreIsNot()
    {
        Assert.Equal(FrameResult.Message, Take(RawHttp.Frame(CompressionTests.Compress(new byte[Limit]), flag: 1)));
        Assert.Equal(FrameResult.TooLarge, Take(RawHttp.Frame(CompressionTests.Compress(new byte[Limit + 1]), flag: 1)));
    }

    [Fact]
    public void Take_GzipCutShort_Corrupt()
    {
        var random = new byte[500];
        new System.Random(1).NextBytes(random);
        Assert.Equal(FrameResult.Corrupt, Take(RawHttp.Frame(CompressionTests.Compress(random).AsSpan()[..^100], flag: 1)));
    }

    [Fact]
    public async Task MessageReader_AnyPiecesOverAPipe_AllMessagesThenTheEnd()
    {
        var random = new System.Random(7);
        for (var round = 0; round < 50; round++)
        {
            var messages = Enumerable.Range(0, random.Next(1, 20)).Select(_ => new byte[random.Next(0, 300)]).ToArray();
            foreach (var message in messages) random.NextBytes(message);
            var bytes = messages.SelectMany(message => RawHttp.Frame(message)).ToArray();
            var pipe = new Pipe();
            var writing = Task.Run(async () =>
            {
                for (var at = 0; at < bytes.Length;)
                {
                    var size = Math.Min(random.Next(1, 200), bytes.Length - at);
                    await pipe.Writer.WriteAsync(bytes.AsMemory(at, size));
                    at += size;
                }

                await pipe.Writer.CompleteAsync();
            });
            var reader = new MessageReader<byte[]>(pipe.Reader, new FrameDecoder(encoding: null, Limit), context => context.PayloadAsNewBuffer());
            foreach (var message in messages) Assert.Equal(message, await reader.ReadAsync(CancellationToken.None).AsTask().Within());
            Assert.Null(await reader.ReadAsync(CancellationToken.None).AsTask().Within());
            Assert.Null(await reader.ReadAsync(CancellationToken.None).AsTask().Within());
            reader.Release();
            await writing.Within();
        }
    }

    [Fact]
    public async Task MessageReader_PipeEndsInsideAFrame_Internal()
    {
        var pipe = new Pipe();
        await pipe.Writer.WriteAsync(RawHttp.Frame([1, 2], length: 3));
        await pipe.Writer.CompleteAsync();
        var reader = new MessageReader<byte[]>(pipe.Reader, new FrameDecoder(encoding: null, Limit), context => context.PayloadAsNewBuffer());
        var exception = await Assert.ThrowsAsync<RpcException>(() => reader.ReadAsync(CancellationToken.None).AsTask().Within());
        Assert.Equal(StatusCode.Internal, exception.StatusCode);
    }

    private static FrameResult Take(byte[] bytes)
    {
        using var decoder = new FrameDecoder("gzip", Limit);
        var buffer = new ReadOnlySequence<byte>(bytes);
        return decoder.Take(ref buffer, out _);
    }

    private static bool Survives(byte[] bytes, int[] sizes)
    {
        using var decoder = new FrameDecoder("gzip", Limit);
        var buffer = Segments.Split(bytes, sizes);
        while (true)
        {
            var before = buffer.Length;
            var result = decoder.Take(ref buffer, out var message);
            if (result == FrameResult.Message)
            {
                if (message.Length > Limit || buffer.Length >= before) return false;
                continue;
            }

            return result == FrameResult.Incomplete || result.ToStatus("gzip").StatusCode != StatusCode.OK;
        }
    }
}
