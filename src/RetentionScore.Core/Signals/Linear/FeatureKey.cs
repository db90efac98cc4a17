using System.Numerics;

namespace RetentionScore.Core.Signals.Linear;

/// <summary>
/// What the learned model looks at, each as a number of 64 bits: words, pairs of words, words at the ends, words after a negation, and the
/// letters inside words. The same in training and in scoring, on every machine.
/// </summary>
internal static class FeatureKey
{
    /// <summary>Letters of a word are looked at in runs of 2 to 5, its ends marked.</summary>
    public const int ShortestGram = 2, LongestGram = 5;

    /// <summary>Runs of letters in the longest word.</summary>
    public const int MostGrams = (LongestGram - ShortestGram + 1) * (Text.TokenBuffer.MostLetters + 2);

    /// <summary>Words of an utterance that is read as an answer to what was done before, at most.</summary>
    public const int LongestAnswer = 4;

    private const byte WordBegin = (byte)'<', WordEnd = (byte)'>';

    public static ulong Word(ulong hash) => Mix(hash ^ 0x1B56C4E9A1F3D209);

    public static ulong Pair(ulong first, ulong second) => Mix((first * 0x9E3779B97F4A7C15) + BitOperations.RotateLeft(second, 31));

    public static ulong First(ulong hash) => Mix(hash + 0x2545F4914F6CDD1D);

    public static ulong Second(ulong hash) => Mix(hash + 0x5851F42D4C957F2D);

    public static ulong Last(ulong hash) => Mix(hash + 0x7C15D6E8FEB86659);

    public static ulong LastButOne(ulong hash) => Mix(hash + 0x3C6EF372FE94F82B);

    public static ulong Negated(ulong hash) => Mix(hash + 0x0F4911B3DA8E4C57);

    /// <summary>A word of a short answer, and what it answers.</summary>
    /// <param name="hash">The word.</param>
    /// <param name="act">A bit of <see cref="PriorActs"/>.</param>
    public static ulong Answer(ulong hash, int act) => Mix((hash + 0x6A09E667F3BCC909) ^ ((ulong)(act + 1) << 58));

    /// <summary>The runs of letters of a word, ends marked; returns how many.</summary>
    /// <param name="letters">At most <see cref="Text.TokenBuffer.MostLetters"/> bytes.</param>
    /// <param name="into">Room for <see cref="MostGrams"/>.</param>
    public static int Grams(ReadOnlySpan<byte> letters, Span<ulong> into)
    {
        int count = 0, length = letters.Length + 2;
        for (int begin = 0; begin < length; begin++)
        {
            ulong run = 0;
            for (int n = 1; n <= LongestGram && begin + n <= length; n++)
            {
                int at = begin + n - 1;
                byte letter = at == 0 ? WordBegin : at == length - 1 ? WordEnd : letters[at - 1];
                run = (run << 8) | letter;
                if (n >= ShortestGram) into[count++] = Mix(run | ((ulong)n << 56));
            }
        }

        return count;
    }

    private static ulong Mix(ulong x)
    {
        x ^= x >> 32;
        x *= 0xD6E8FEB86659FD93;
        x ^= x >> 32;
        x *= 0xD6E8FEB86659FD93;
        return x ^ (x >> 32);
    }
}
