using System.Buffers;
using System.Buffers.Binary;
using System.IO.Compression;

namespace Grpc.Framing;

/// <summary>The message encodings: identity and gzip.</summary>
internal static class MessageEncoding
{
    internal const string Identity = "identity";
    internal const string Gzip = "gzip";

    /// <summary>The value of <c>grpc-accept-encoding</c>.</summary>
    internal const string Offered = "identity,gzip";

    internal static bool IsIdentity(string? encoding) => encoding is null or "" or Identity;

    /// <summary>Whether a <c>grpc-accept-encoding</c> value lists an encoding.</summary>
    internal static bool IsAccepted(string? acceptEncoding, string encoding)
    {
        foreach (var range in acceptEncoding.AsSpan().Split(','))
        {
            if (acceptEncoding.AsSpan(range).Trim().Equals(encoding, StringComparison.OrdinalIgnoreCase)) return true;
        }

        return false;
    }

    internal static void Compress(ReadOnlySpan<byte> message, CompressionLevel level, PooledBuffer destination)
    {
        using var gzip = new GZipStream(new BufferWriterStream(destination), level);
        gzip.Write(message);
    }

    /// <summary>Decompresses a message and stops as soon as it is longer than the limit, so that a small frame cannot fill the memory.</summary>
    internal static FrameResult Decompress(in ReadOnlySequence<byte> message, int? limit, PooledBuffer destination)
    {
        // .NET's gzip writes nothing at all for an empty message.
        if (message.IsEmpty) return FrameResult.Message;
        try
        {
            using var gzip = new GZipStream(new SequenceStream(message), CompressionMode.Decompress);
            while (true)
            {
                var read = gzip.Read(destination.GetSpan(1));
                if (read == 0) return EndsWithLength(message, destination.Count) ? FrameResult.Message : FrameResult.Corrupt;
                if (destination.Count + read > (limit ?? PooledBuffer.MaxCount)) return FrameResult.TooLarge;
                destination.Advance(read);
            }
        }
        catch (InvalidDataException)
        {
            return FrameResult.Corrupt;
        }
    }

    /// <summary>
    /// Whether the last four bytes are the length (RFC 1952, ISIZE), as they are behind the only member of a whole gzip file. .NET reads one that was
    /// cut short to where it was cut, without a word.
    /// </summary>
    private static bool EndsWithLength(in ReadOnlySequence<byte> message, int length)
    {
        if (message.Length < sizeof(uint)) return false;
        Span<byte> last = stackalloc byte[sizeof(uint)];
        message.Slice(message.Length - sizeof(uint)).CopyTo(last);
        return BinaryPrimitives.ReadUInt32LittleEndian(last) == (uint)length;
    }
}
