using System.Text;
using RetentionScore.Core;
using RetentionScore.Core.Calls;
using RetentionScore.Server.Scoring.Wire;

namespace RetentionScore.Server.Scoring;

/// <summary>
/// What an utterance says, with all that cannot be taken cut, left out or filled in, and flagged: content never ends a stream.
/// </summary>
internal readonly ref struct SpokenContent
{
    internal ReadOnlySpan<byte> Text { get; private init; }

    internal Speaker Speaker { get; private init; }

    internal float? Confidence { get; private init; }

    internal MessageTimes Times { get; private init; }

    /// <summary>The times are ours, not the message's: they are echoed, so that a resend carries them.</summary>
    internal bool TimesAreFilled { get; private init; }

    /// <summary>Conduct is not to be read from the times.</summary>
    internal bool TimesAreEstimated { get; private init; }

    internal DegradationSet Flags { get; private init; }

    /// <summary>The recogniser's id; empty, and flagged, where it is too long.</summary>
    internal static ReadOnlySpan<byte> ReadId(CallFrame utterance, ref DegradationSet flags)
    {
        ReadOnlySpan<byte> id = utterance.UtteranceId.Span;
        if (id.Length <= RecentIds.MaxIdBytes) return id;
        flags |= V1.Degradation.InputIgnored;
        return default;
    }

    /// <summary>Reads an utterance.</summary>
    /// <param name="utterance">The message.</param>
    /// <param name="clock">Fills in its times.</param>
    /// <param name="callMs">The latest time that any message of the call told.</param>
    /// <param name="maxTextChars">Text beyond is cut.</param>
    /// <param name="flags">What was flagged before.</param>
    internal static SpokenContent Read(CallFrame utterance, ICallClock clock, int callMs, int maxTextChars, DegradationSet flags)
    {
        ReadOnlySpan<byte> text = Cut(utterance.Text, maxTextChars, ref flags);
        if (!CallMessages.TryRead(utterance.Speaker, out Speaker speaker)) flags |= V1.Degradation.InputIgnored;
        if (!CallMessages.TryReadConfidence(utterance.AsrConfidence, out float? confidence)) flags |= V1.Degradation.InputIgnored;
        int? start = utterance.StartMs;
        int? end = utterance.EndMs;
        bool isImpossible = CallTimes.IsImpossible(start) || CallTimes.IsImpossible(end) || start > end;
        if (isImpossible)
        {
            flags |= V1.Degradation.ClockSkew;
            start = end = null;
        }

        bool isFilled = start is null || end is null;
        return new SpokenContent
        {
            Text = text,
            Speaker = speaker,
            Confidence = confidence,
            Times = isFilled ? clock.Fill(CountWords(text), start, end, callMs) : new MessageTimes(start!.Value, end!.Value),
            TimesAreFilled = isFilled,
            TimesAreEstimated = isImpossible || isFilled && clock.IsEstimated,
            Flags = flags,
        };
    }

    /// <summary>As Core takes it; a correction keeps the times of what it corrects.</summary>
    internal Utterance ToCore(uint seq, uint correctsSeq) => new()
    {
        Seq = seq,
        Speaker = Speaker,
        Text = Text,
        StartMs = Times.StartMs,
        EndMs = Times.EndMs,
        TimingsEstimated = correctsSeq == 0 && TimesAreEstimated,
        AsrConfidence = Confidence,
        CorrectsSeq = correctsSeq,
    };

    /// <summary>The limit counts UTF-16 code units; the cut is between two characters.</summary>
    private static ReadOnlySpan<byte> Cut(ReadOnlySpan<byte> text, int most, scoped ref DegradationSet flags)
    {
        if (text.Length <= most || Encoding.UTF8.GetCharCount(text) <= most) return text;
        flags |= V1.Degradation.TextTruncated;
        int at = 0, chars = 0;
        while (true)
        {
            Rune.DecodeFromUtf8(text[at..], out Rune rune, out int size);
            chars += rune.Utf16SequenceLength;
            if (chars > most) return text[..at];
            at += size;
        }
    }

    private static int CountWords(ReadOnlySpan<byte> text)
    {
        int words = 0;
        bool inWord = false;
        while (!text.IsEmpty)
        {
            Rune.DecodeFromUtf8(text, out Rune rune, out int size);
            text = text[size..];
            bool isSpace = Rune.IsWhiteSpace(rune);
            if (!isSpace && !inWord) words++;
            inWord = !isSpace;
        }

        return words;
    }
}
