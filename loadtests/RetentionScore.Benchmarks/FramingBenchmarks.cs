using System.Buffers;
using System.IO.Pipelines;
using BenchmarkDotNet.Attributes;
using Grpc.Core;
using Grpc.Framing;

namespace RetentionScore.Benchmarks;

/// <summary>gRPC frames off a pipe and onto it: 64 messages of 120 bytes that came together.</summary>
[MemoryDiagnoser]
public class FramingBenchmarks : IDisposable
{
    private const int Messages = 64, Size = 120;

    private readonly byte[] message = new byte[Size];
    private readonly Pipe pipe = new(new PipeOptions(pauseWriterThreshold: 0, useSynchronizationContext: false));
    private readonly MessageSerializer serializer = new(limit: null);
    private readonly ArrayBufferWriter<byte> output = new(Messages * (Size + FrameHeader.Size));
    private MessageReader<object> reader = null!;
    private byte[] frames = [];

    [GlobalSetup]
    public void Fill()
    {
        Write();
        frames = output.WrittenSpan.ToArray();
        reader = new MessageReader<object>(pipe.Reader, new FrameDecoder(encoding: null, limit: null), context => context.PayloadAsReadOnlySequence().IsEmpty ? this : message);
    }

    [GlobalCleanup]
    public void Dispose()
    {
        serializer.Dispose();
        GC.SuppressFinalize(this);
    }

    [Benchmark(OperationsPerInvoke = Messages)]
    public int Read()
    {
        pipe.Writer.Write(frames);
        pipe.Writer.FlushAsync().AsTask().GetAwaiter().GetResult();
        int read = 0;
        for (int i = 0; i < Messages; i++)
        {
            ValueTask<object?> next = reader.ReadAsync(CancellationToken.None);
            if (next.IsCompletedSuccessfully && next.Result is not null) read++;
        }

        return read;
    }

    [Benchmark(OperationsPerInvoke = Messages)]
    public int Write()
    {
        output.ResetWrittenCount();
        for (int i = 0; i < Messages; i++) serializer.Write(message, static (bytes, context) =>
        {
            context.SetPayloadLength(bytes.Length);
            context.GetBufferWriter().Write(bytes);
            context.Complete();
        }, output, level: null);
        return output.WrittenCount;
    }
}
