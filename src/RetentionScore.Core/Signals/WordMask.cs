namespace RetentionScore.Core.Signals;

/// <summary>A set of words in 128 bits: words share bits, so a meeting of two sets may be none; no meeting is missed.</summary>
internal readonly record struct WordMask(ulong Low, ulong High)
{
    /// <summary>The set of one word; of the unknown word, which no phrase knows, nothing.</summary>
    public static WordMask Of(ushort word)
    {
        if (word == 0) return default;
        int bit = (int)((word * 0x9E3779B1u) >> 25);
        return bit < 64 ? new WordMask(1UL << bit, 0) : new WordMask(0, 1UL << (bit - 64));
    }

    public static WordMask operator |(in WordMask a, in WordMask b) => new(a.Low | b.Low, a.High | b.High);

    /// <summary>Whether the sets may have a word in common.</summary>
    public bool Meets(in WordMask other) => ((Low & other.Low) | (High & other.High)) != 0;
}
