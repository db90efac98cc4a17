using System.Buffers;

namespace Grpc.Framing;

/// <summary>A growing buffer out of the shared array pool, used again from message to message. For one thread at a time.</summary>
internal sealed class PooledBuffer : IBufferWriter<byte>, IDisposable
{
    internal const int MaxCount = 0x7FFFFFC7;

    private const int FirstSize = 1024;
    private const int KeptSize = 64 * 1024;

    private byte[] array = [];

    /// <summary>How many bytes are written.</summary>
    internal int Count { get; private set; }

    internal ReadOnlyMemory<byte> Memory => array.AsMemory(0, Count);

    internal Span<byte> Written => array.AsSpan(0, Count);

    public void Advance(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, array.Length - Count);
        Count += count;
    }

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        Reserve(sizeHint);
        return array.AsMemory(Count);
    }

    public Span<byte> GetSpan(int sizeHint = 0)
    {
        Reserve(sizeHint);
        return array.AsSpan(Count);
    }

    /// <summary>Empties the buffer; a large array goes back to the pool, so that one big message does not stay for the life of a stream.</summary>
    internal void Clear()
    {
        Count = 0;
        if (array.Length > KeptSize) Return();
    }

    public void Dispose()
    {
        Count = 0;
        Return();
    }

    private void Reserve(int sizeHint)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(sizeHint);
        var needed = (long)Count + Math.Max(sizeHint, 1);
        if (needed <= array.Length) return;
        if (needed > MaxCount) throw new InvalidOperationException("A message cannot be longer than 2 GiB.");
        var larger = ArrayPool<byte>.Shared.Rent((int)Math.Clamp(array.Length * 2L, Math.Max(needed, FirstSize), MaxCount));
        array.AsSpan(0, Count).CopyTo(larger);
        Return();
        array = larger;
    }

    private void Return()
    {
        // Never twice: the same array would be lent to two at once.
        var returned = Interlocked.Exchange(ref array, []);
        if (returned.Length > 0) ArrayPool<byte>.Shared.Return(returned);
    }
}
