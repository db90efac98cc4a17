namespace RetentionScore.Core.Calls;

/// <summary>One utterance as the recogniser wrote it. Order and duplicates are the caller's: Core applies what it is given.</summary>
public readonly ref struct Utterance
{
    /// <summary>The confidence that stands for an unknown one.</summary>
    public const float UnknownConfidence = 0.85f;

    /// <summary>Place in the call's one total order, from 1; ignored by <see cref="CallSession.Preview"/>.</summary>
    public uint Seq { get; init; }

    /// <summary>Who spoke.</summary>
    public Speaker Speaker { get; init; }

    /// <summary>The text in UTF-8. Invalid bytes read as U+FFFD; at most 512 tokens are read, the first and the last 256.</summary>
    public ReadOnlySpan<byte> Text { get; init; }

    /// <summary>Milliseconds from the start of the call.</summary>
    public int StartMs { get; init; }

    /// <summary>Milliseconds from the start of the call, not before <see cref="StartMs"/>.</summary>
    public int EndMs { get; init; }

    /// <summary>The timings were built from the words: interruptions, overlap, silence and holds are not evaluated.</summary>
    public bool TimingsEstimated { get; init; }

    /// <summary>0 to 1, or null where the recogniser does not say: <see cref="UnknownConfidence"/>.</summary>
    public float? AsrConfidence { get; init; }

    /// <summary>The seq of the utterance that this one takes the place of; 0 for none.</summary>
    public uint CorrectsSeq { get; init; }
}
