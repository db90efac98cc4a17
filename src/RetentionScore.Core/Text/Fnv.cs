namespace RetentionScore.Core.Text;

/// <summary>FNV-1a, 64 bits (http://www.isthe.com/chongo/tech/comp/fnv/): small, fixed, the same on every machine.</summary>
internal static class Fnv
{
    public const ulong Offset = 14695981039346656037;
    private const ulong Prime = 1099511628211;

    public static ulong Add(ulong hash, byte value) => (hash ^ value) * Prime;

    /// <summary>Hash of a normalised ASCII word.</summary>
    public static ulong Of(string word)
    {
        ulong hash = Offset;
        foreach (char c in word) hash = Add(hash, checked((byte)c));
        return hash;
    }
}
