using System.Buffers.Binary;
using System.IO.Compression;
using Google.Protobuf;

namespace RetentionScore.Fuzz;

/// <summary>gRPC frames, right and wrong.</summary>
internal static class Frames
{
    internal static byte[] Of(params IEnumerable<IMessage> messages) => Of(messages.Select(message => message.ToByteArray()));

    internal static byte[] Of(IEnumerable<byte[]> payloads)
    {
        using var body = new MemoryStream();
        foreach (byte[] payload in payloads) body.Write(One(payload));
        return body.ToArray();
    }

    internal static byte[] One(ReadOnlySpan<byte> payload, byte flag = 0, uint? length = null)
    {
        var frame = new byte[5 + payload.Length];
        frame[0] = flag;
        BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(1), length ?? (uint)payload.Length);
        payload.CopyTo(frame.AsSpan(5));
        return frame;
    }

    internal static byte[] Gzip(byte[] payload)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true)) gzip.Write(payload);
        return packed.ToArray();
    }

    /// <summary>The payloads of an answer's body; null where it is no row of frames.</summary>
    internal static List<byte[]>? Read(byte[] body)
    {
        var payloads = new List<byte[]>();
        for (int at = 0; at < body.Length;)
        {
            if (body.Length - at < 5 || body[at] != 0) return null;
            uint length = BinaryPrimitives.ReadUInt32BigEndian(body.AsSpan(at + 1));
            if (length > body.Length - at - 5) return null;
            payloads.Add(body[(at + 5)..(at + 5 + (int)length)]);
            at += 5 + (int)length;
        }

        return payloads;
    }
}
