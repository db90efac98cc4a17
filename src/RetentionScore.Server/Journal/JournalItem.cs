using System.Buffers;

namespace RetentionScore.Server.Journal;

/// <summary>What one call has to write in one commit. A value; the writer's alone.</summary>
internal readonly record struct JournalItem(
    CallJournal Call, byte[]? Buffer, int Length, uint LastSeq, LastWords Words, byte[]? Summary, string? CustomerId, bool Released)
{
    /// <summary>The records, one behind the other; possibly none.</summary>
    internal ReadOnlyMemory<byte> Records => Buffer.AsMemory(0, Length);

    /// <summary>Gives the bytes back.</summary>
    internal void Return()
    {
        if (Buffer is not null) ArrayPool<byte>.Shared.Return(Buffer);
    }
}
