using System.Buffers;
using System.IO.Compression;
using Grpc.Core;

namespace Grpc.Framing;

/// <summary>
/// The context that a serializer writes one message into; used again for the next. A message whose length is announced goes straight into the output;
/// any other, and one to be compressed, goes over a pooled buffer.
/// </summary>
/// <param name="limit">Of one message in bytes, before compression; null for none.</param>
internal sealed class MessageSerializer(int? limit) : SerializationContext, IDisposable
{
    private readonly PooledBuffer buffered = new();
    private PooledBuffer? compressed;
    private IBufferWriter<byte> output = null!;
    private CompressionLevel? compression;
    private int announced;
    private State state = State.Done;

    private enum State
    {
        Done,
        Started,
        Buffering,
        Direct,
    }

    /// <summary>Writes one message with its header.</summary>
    /// <param name="message">The message.</param>
    /// <param name="serializer">Writes it.</param>
    /// <param name="destination">Where to.</param>
    /// <param name="level">Null for no compression.</param>
    internal void Write<T>(T message, Action<T, SerializationContext> serializer, IBufferWriter<byte> destination, CompressionLevel? level)
    {
        output = destination;
        compression = level;
        announced = -1;
        state = State.Started;
        buffered.Clear();
        try
        {
            serializer(message, this);
            if (state != State.Done) throw new InvalidOperationException("The serializer did not complete the message.");
        }
        finally
        {
            state = State.Done;
            output = null!;
        }
    }

    public override void SetPayloadLength(int payloadLength)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(payloadLength);
        ExpectState(State.Started);
        CheckLimit(payloadLength);
        announced = payloadLength;
    }

    public override IBufferWriter<byte> GetBufferWriter()
    {
        switch (state)
        {
            case State.Started when announced >= 0 && compression is null:
                WriteHeader(compressed: false, announced);
                state = State.Direct;
                return output;
            case State.Started:
                state = State.Buffering;
                return buffered;
            case State.Buffering:
                return buffered;
            case State.Direct:
                return output;
            default:
                throw new InvalidOperationException("The message is complete.");
        }
    }

    public override void Complete(byte[] payload)
    {
        ArgumentNullException.ThrowIfNull(payload);
        ExpectState(State.Started);
        state = State.Done;
        WriteWhole(payload);
    }

    public override void Complete()
    {
        if (state == State.Done) throw new InvalidOperationException("The message is complete.");
        var direct = state == State.Direct;
        state = State.Done;
        if (!direct) WriteWhole(buffered.Written);
    }

    public void Dispose()
    {
        buffered.Dispose();
        compressed?.Dispose();
    }

    private void WriteWhole(ReadOnlySpan<byte> payload)
    {
        CheckLimit(payload.Length);
        if (compression is { } level)
        {
            compressed ??= new PooledBuffer();
            compressed.Clear();
            MessageEncoding.Compress(payload, level, compressed);
            payload = compressed.Written;
        }

        WriteHeader(compression is not null, payload.Length);
        output.Write(payload);
    }

    private void WriteHeader(bool compressed, int length)
    {
        FrameHeader.Write(output.GetSpan(FrameHeader.Size), compressed, length);
        output.Advance(FrameHeader.Size);
    }

    private void CheckLimit(int length)
    {
        if (length > (limit ?? int.MaxValue))
        {
            throw new RpcException(new Status(StatusCode.ResourceExhausted, "Sending message exceeds the maximum configured message size."));
        }
    }

    private void ExpectState(State expected)
    {
        if (state != expected) throw new InvalidOperationException("The message is complete or being written.");
    }
}
