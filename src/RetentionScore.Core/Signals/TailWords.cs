using System.Runtime.CompilerServices;

namespace RetentionScore.Core.Signals;

/// <summary>The last words of a speaker, as lexicon ids, for a sentence that goes on in the next piece. A value.</summary>
[InlineArray(Length)]
public struct TailWords
{
    /// <summary>Words kept.</summary>
    public const int Length = 8;

    private ushort _first;
}
