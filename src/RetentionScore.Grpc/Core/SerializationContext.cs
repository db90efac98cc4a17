using System.Buffers;

namespace Grpc.Core;

/// <summary>Where a serializer writes one message. Not valid after the serializer returns.</summary>
public abstract class SerializationContext
{
    /// <summary>Completes the message with these bytes; nothing else may be written.</summary>
    /// <param name="payload">The whole message.</param>
    public virtual void Complete(byte[] payload) => throw new NotSupportedException();

    /// <summary>Where to write. With <see cref="SetPayloadLength"/> before it, straight into the output.</summary>
    /// <returns>A writer for exactly one message.</returns>
    public virtual IBufferWriter<byte> GetBufferWriter() => throw new NotSupportedException();

    /// <summary>Announces the length before anything is written; exactly so many bytes must follow.</summary>
    /// <param name="payloadLength">In bytes, 0 or more.</param>
    public virtual void SetPayloadLength(int payloadLength)
    {
    }

    /// <summary>Ends the message.</summary>
    public virtual void Complete() => throw new NotSupportedException();
}
