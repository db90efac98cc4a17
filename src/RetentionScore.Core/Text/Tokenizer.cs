using System.Runtime.CompilerServices;
using System.Text;

namespace RetentionScore.Core.Text;

/// <summary>
/// Reads UTF-8 as a recogniser's words: case, punctuation, apostrophes, fillers, stutters, handles and addresses fall away, digits become 0.
/// Any bytes are read; none throw.
/// </summary>
public static class Tokenizer
{
    private const int LongestWord = 64;

    private static readonly ulong[] Fillers =
        [.. new[] { "um", "uh", "er", "erm", "uhm", "umm", "hm", "hmm", "eh", "ah", "ehm", "uhh" }.Select(Fnv.Of)];

    /// <summary>Fills <paramref name="into"/> with the words of <paramref name="utf8"/>.</summary>
    public static void Read(ReadOnlySpan<byte> utf8, TokenBuffer into)
    {
        into.Clear();
        var word = new Word();
        Span<byte> bytes = stackalloc byte[4];
        bool breakBefore = false;
        int at = 0, charAt = 0;
        while (at < utf8.Length)
        {
            int size, chars;
            byte b = utf8[at];
            if (b < 0x80)
            {
                size = 1;
                chars = 1;
                if (b is >= (byte)'a' and <= (byte)'z') word.Add(b, charAt);
                else if (b is >= (byte)'A' and <= (byte)'Z') word.Add((byte)(b | 0x20), charAt);
                else if (b is >= (byte)'0' and <= (byte)'9') word.AddDigit(charAt);
                else if (b == (byte)'\'' && word.Length > 0) { }
                else
                {
                    bool address = (b == (byte)':' && utf8[at..].StartsWith("://"u8)) || (b == (byte)'@');
                    if (address) word.Drop();
                    else word.Flush(into, charAt, ref breakBefore);
                    if (address)
                    {
                        while (at + size < utf8.Length && utf8[at + size] > (byte)' ')
                        {
                            if ((utf8[at + size] & 0xC0) != 0x80) chars += utf8[at + size] >= 0xF0 ? 2 : 1;
                            size++;
                        }
                    }
                    else if (b is (byte)'.' or (byte)',' or (byte)';' or (byte)':' or (byte)'!' or (byte)'?')
                    {
                        breakBefore = true;
                    }
                }
            }
            else
            {
                Rune.DecodeFromUtf8(utf8[at..], out Rune rune, out size);
                chars = rune.Utf16SequenceLength;
                if (rune.Value == 0x2019 && word.Length > 0) { }
                else if (Rune.IsLetter(rune) || (Rune.GetUnicodeCategory(rune) <= System.Globalization.UnicodeCategory.EnclosingMark && word.Length > 0))
                {
                    int n = Rune.ToLowerInvariant(rune).EncodeToUtf8(bytes);
                    foreach (byte part in bytes[..n]) word.Add(part, charAt);
                }
                else if (Rune.IsDigit(rune)) word.AddDigit(charAt);
                else word.Flush(into, charAt, ref breakBefore);
            }

            at += size;
            charAt += chars;
        }

        word.Flush(into, charAt, ref breakBefore);
        into.Seal();
    }

    /// <summary>The word being read.</summary>
    private struct Word
    {
        private ulong _hash;
        private int _beginChar;
        private bool _hasDigit;
        private Letters _letters;

        public int Length { get; private set; }

        public void AddDigit(int charAt)
        {
            Add((byte)'0', charAt);
            _hasDigit = true;
        }

        public void Add(byte value, int charAt)
        {
            if (Length == 0)
            {
                _hash = Fnv.Offset;
                _beginChar = charAt;
                _hasDigit = false;
            }

            if (Length < LongestWord) _hash = Fnv.Add(_hash, value);
            if (Length < TokenBuffer.MostLetters) _letters[Length] = value;
            Length++;
        }

        public void Drop() => Length = 0;

        public void Flush(TokenBuffer into, int endChar, ref bool breakBefore)
        {
            if (Length == 0) return;
            int letters = Math.Min(Length, TokenBuffer.MostLetters);
            Length = 0;
            if (Array.IndexOf(Fillers, _hash) >= 0) return;
            if (!breakBefore && into.TryExtendLast(_hash, endChar)) return;
            into.Add(new Token(_hash, _beginChar, endChar, _hasDigit, breakBefore), ((ReadOnlySpan<byte>)_letters)[..letters]);
            breakBefore = false;
        }
    }

    [InlineArray(TokenBuffer.MostLetters)]
    private struct Letters
    {
        private byte _first;
    }
}
