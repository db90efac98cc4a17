using System.Text;

namespace RetentionScore.Server.Scoring;

/// <summary>
/// The recogniser's ids of a call's last 64 final utterances, kept as hashes of 64 bits: of 64 ids, two that differ are taken for the same once in
/// some 10^17 messages. Takes no memory on calls without ids. Not thread-safe.
/// </summary>
internal sealed class RecentIds
{
    internal const int MaxIdBytes = 64;

    private const int Capacity = 64;

    private ulong[] hashes = [];
    private byte[] last = [];
    private int lastLength;
    private int next;

    /// <summary>The id of the last utterance that had one; empty before.</summary>
    internal string Last => Encoding.UTF8.GetString(last, 0, lastLength);

    /// <summary>Whether the id is among them; an empty one never is.</summary>
    internal bool Contains(ReadOnlySpan<byte> id) => id.Length > 0 && hashes.AsSpan().Contains(HashOf(id));

    /// <summary>Adds an id of at most <see cref="MaxIdBytes"/>; not an empty one.</summary>
    internal void Add(ReadOnlySpan<byte> id)
    {
        if (id.IsEmpty) return;
        if (last.Length == 0) last = new byte[MaxIdBytes];
        id.CopyTo(last);
        lastLength = id.Length;
        if (next >= hashes.Length && hashes.Length < Capacity) Array.Resize(ref hashes, Math.Max(4, hashes.Length * 2));
        hashes[next] = HashOf(id);
        next = next + 1 == Capacity ? 0 : next + 1;
    }

    /// <summary>Forgets all of them.</summary>
    internal void Clear()
    {
        Array.Clear(hashes);
        (lastLength, next) = (0, 0);
    }

    /// <summary>FNV-1a; never 0, which is an empty place.</summary>
    private static ulong HashOf(ReadOnlySpan<byte> id)
    {
        ulong hash = 14695981039346656037;
        foreach (byte b in id) hash = (hash ^ b) * 1099511628211;
        return hash == 0 ? 1 : hash;
    }
}
