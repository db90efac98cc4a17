using System.Buffers;

namespace Grpc.Framing;

/// <summary>Takes frames from the front of a buffer, one at a time, and decompresses them. One for each stream; for one thread at a time.</summary>
/// <param name="encoding">The stream's <c>grpc-encoding</c>; null for none.</param>
/// <param name="limit">Of one message in bytes, as it came and decompressed; null for none.</param>
internal sealed class FrameDecoder(string? encoding, int? limit) : IDisposable
{
    private PooledBuffer? decompressed;

    internal string? Encoding => encoding;

    /// <summary>Takes the frame at the front, if it is all there.</summary>
    /// <param name="buffer">Left behind the frame when there was one, else unchanged.</param>
    /// <param name="message">Valid until the buffer is given back or the next frame is taken.</param>
    internal FrameResult Take(ref ReadOnlySequence<byte> buffer, out ReadOnlySequence<byte> message)
    {
        message = default;
        if (buffer.Length < FrameHeader.Size) return FrameResult.Incomplete;
        var (flag, length) = FrameHeader.Read(buffer);
        if (flag > 1) return FrameResult.UnknownFlag;

        // Refused by its header: a peer cannot make us wait for, and keep, more than the limit.
        if (length > (uint)(limit ?? int.MaxValue)) return FrameResult.TooLarge;
        if (buffer.Length - FrameHeader.Size < length) return FrameResult.Incomplete;

        message = buffer.Slice(FrameHeader.Size, length);
        buffer = buffer.Slice(message.End);
        return flag == 0 ? FrameResult.Message : Decompress(ref message);
    }

    public void Dispose()
    {
        decompressed?.Dispose();
        decompressed = null;
    }

    private FrameResult Decompress(ref ReadOnlySequence<byte> message)
    {
        if (MessageEncoding.IsIdentity(encoding)) return FrameResult.NotEncoded;
        if (!string.Equals(encoding, MessageEncoding.Gzip, StringComparison.Ordinal)) return FrameResult.UnknownEncoding;
        decompressed ??= new PooledBuffer();
        decompressed.Clear();
        var result = MessageEncoding.Decompress(message, limit, decompressed);
        message = new ReadOnlySequence<byte>(decompressed.Memory);
        return result;
    }
}
