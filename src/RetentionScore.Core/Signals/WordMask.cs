namespace RetentionScore.Core.Signals;

/// <summary>A set of words in 128 bits: words share bits, so a meeting of two sets may be none; no meeting is missed.</summary>
internal readonly record struct WordMask(ulong Low, ulong High)
{
    /// <summary>The set of one word; of the unknown word, which no phrase knows, nothing.</summary>
    public static WordMask Of(ushort word)
    {
        // Without a branch: which words come is not foreseen.
        int bit = (int)((word * 0x9E3779B1u) >> 25);
        ulong one = (word == 0 ? 0UL : 1UL) << (bit & 63), isHigh = 0UL - (ulong)(bit >> 6);
        return new WordMask(one & ~isHigh, one & isHigh);
    }

    public static WordMask operator |(in WordMask a, in WordMask b) => new(a.Low | b.Low, a.High | b.High);
}
