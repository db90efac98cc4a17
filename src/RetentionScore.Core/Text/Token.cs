namespace RetentionScore.Core.Text;

/// <summary>One normalised word of an utterance.</summary>
/// <param name="Hash">64-bit FNV-1a of the normalised UTF-8 (lower case, no apostrophes, digits as 0); the same everywhere and always.</param>
/// <param name="BeginChar">First UTF-16 code unit in the utterance's text.</param>
/// <param name="EndChar">One past the last.</param>
/// <param name="HasDigit">Whether a digit is in it.</param>
/// <param name="AfterBreak">Whether punctuation stands before it.</param>
public readonly record struct Token(ulong Hash, int BeginChar, int EndChar, bool HasDigit, bool AfterBreak)
{
    /// <summary>Where the buffer keeps its letters.</summary>
    internal ushort Slot { get; init; }
}
