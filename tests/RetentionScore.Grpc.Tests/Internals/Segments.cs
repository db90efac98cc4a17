using System.Buffers;

namespace RetentionScore.Grpc.Tests.Internals;

/// <summary>The same bytes in segments of any sizes, as they come from a connection.</summary>
internal sealed class Segments : ReadOnlySequenceSegment<byte>
{
    private Segments(ReadOnlyMemory<byte> memory, long index)
    {
        Memory = memory;
        RunningIndex = index;
    }

    /// <param name="sizes">Of the segments, 0 allowed; used again from the start when there are too few.</param>
    internal static ReadOnlySequence<byte> Split(byte[] bytes, int[] sizes)
    {
        if (sizes.All(size => size <= 0)) return new ReadOnlySequence<byte>(bytes);
        var first = new Segments(ReadOnlyMemory<byte>.Empty, 0);
        var last = first;
        for (var (at, i) = (0, 0); at < bytes.Length; i++)
        {
            var size = Math.Clamp(sizes[i % sizes.Length], 0, bytes.Length - at);
            var next = new Segments(bytes.AsMemory(at, size), at);
            last.Next = next;
            last = next;
            at += size;
        }

        return new ReadOnlySequence<byte>(first, 0, last, last.Memory.Length);
    }
}
