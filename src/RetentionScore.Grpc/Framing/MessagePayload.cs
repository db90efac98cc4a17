using System.Buffers;
using Grpc.Core;

namespace Grpc.Framing;

/// <summary>The context that a deserializer reads one message from; used again for the next.</summary>
internal sealed class MessagePayload : DeserializationContext
{
    private ReadOnlySequence<byte> payload;

    public override int PayloadLength => (int)payload.Length;

    public override byte[] PayloadAsNewBuffer() => payload.ToArray();

    public override ReadOnlySequence<byte> PayloadAsReadOnlySequence() => payload;

    internal T Read<T>(in ReadOnlySequence<byte> message, Func<DeserializationContext, T> deserializer)
    {
        payload = message;
        try
        {
            return deserializer(this);
        }
        finally
        {
            payload = default;
        }
    }
}
