using System.Buffers;

namespace Grpc.Core;

/// <summary>One received message. Not valid after the deserializer returns.</summary>
public abstract class DeserializationContext
{
    /// <summary>In bytes.</summary>
    public abstract int PayloadLength { get; }

    /// <summary>The message in an array of its own.</summary>
    /// <returns>A copy, the caller's to keep.</returns>
    public virtual byte[] PayloadAsNewBuffer() => throw new NotSupportedException();

    /// <summary>The message where it lies; not valid after the deserializer returns.</summary>
    /// <returns>The bytes, in any number of segments.</returns>
    public virtual ReadOnlySequence<byte> PayloadAsReadOnlySequence() => throw new NotSupportedException();
}
