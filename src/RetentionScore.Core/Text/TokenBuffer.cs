namespace RetentionScore.Core.Text;

/// <summary>The tokens of one utterance: of a long one, the first and the last 256. Reused; not thread-safe.</summary>
public sealed class TokenBuffer
{
    /// <summary>Tokens kept at most.</summary>
    public const int Capacity = 512;

    /// <summary>Bytes of a word's normalised UTF-8 that are kept; of a longer word its beginning.</summary>
    internal const int MostLetters = 24;

    private const int Half = Capacity / 2;
    private readonly byte[] _letters = new byte[Capacity * MostLetters];
    private readonly byte[] _letterCounts = new byte[Capacity];
    private readonly Token[] _tokens = new Token[Capacity];
    private readonly Token[] _turn = new Token[Half];
    private int _seen;

    /// <summary>The tokens, in order.</summary>
    public ReadOnlySpan<Token> Tokens => _tokens.AsSpan(0, Math.Min(_seen, Capacity));

    /// <summary>Words seen, those left out included.</summary>
    public int WordsSeen => _seen;

    internal void Clear() => _seen = 0;

    /// <summary>The normalised letters of a token, digits as 0.</summary>
    internal ReadOnlySpan<byte> LettersOf(in Token token) => _letters.AsSpan(token.Slot * MostLetters, _letterCounts[token.Slot]);

    internal void Add(in Token token, ReadOnlySpan<byte> letters)
    {
        int at = _seen < Half ? _seen : Half + (_seen - Half) % Half;
        _tokens[at] = token with { Slot = (ushort)at };
        if (letters.Length > MostLetters) letters = letters[..MostLetters];
        letters.CopyTo(_letters.AsSpan(at * MostLetters));
        _letterCounts[at] = (byte)letters.Length;
        _seen++;
    }

    /// <summary>Whether the last token has that hash; it then grows to <paramref name="endChar"/> (a stutter is one word).</summary>
    internal bool TryExtendLast(ulong hash, int endChar)
    {
        if (_seen == 0) return false;
        int last = _seen - 1;
        ref Token token = ref _tokens[last < Half ? last : Half + (last - Half) % Half];
        if (token.Hash != hash || token.HasDigit) return false;
        token = token with { EndChar = endChar };
        return true;
    }

    /// <summary>Puts the second half, written round and round, into order.</summary>
    internal void Seal()
    {
        int start = _seen > Capacity ? (_seen - Half) % Half : 0;
        if (start == 0) return;
        Array.Copy(_tokens, Half, _turn, 0, Half);
        Array.Copy(_turn, start, _tokens, Half, Half - start);
        Array.Copy(_turn, 0, _tokens, Capacity - start, start);
    }
}
