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
    private const int MaxIdBytes = 64;

    internal ReadOnlySpan<char> Text { get; private init; }

    internal Speaker Speaker { get; private init; }

    internal float? Confidence { get; private init; }

    internal MessageTimes Times { get; private init; }

    /// <summary>The times are ours, not the message's: they are echoed, so that a resend carries them.</summary>
    internal bool TimesAreFilled { get; private init; }

    /// <summary>Conduct is not to be read from the times.</summary>
    internal bool TimesAreEstimated { get; private init; }

    internal DegradationSet Flags { get; private init; }

    /// <summary>The recogniser's id; empty, and flagged, where it is too long.</summary>
    internal static string ReadId(V1.Utterance utterance, ref DegradationSet flags)
    {
        string id = utterance.UtteranceId;
        if (id.Length <= MaxIdBytes && Encoding.UTF8.GetByteCount(id) <= MaxIdBytes) return id;
        flags |= V1.Degradation.InputIgnored;
        return "";
    }

    /// <summary>Reads an utterance.</summary>
    /// <param name="utterance">The message.</param>
    /// <param name="clock">Fills in its times.</param>
    /// <param name="callMs">The latest time that any message of the call told.</param>
    /// <param name="maxTextChars">Text beyond is cut.</param>
    /// <param name="flags">What was flagged before.</param>
    internal static SpokenContent Read(V1.Utterance utterance, ICallClock clock, int callMs, int maxTextChars, DegradationSet flags)
    {
        ReadOnlySpan<char> text = Cut(utterance.Text, maxTextChars, ref flags);
        if (!CallMessages.TryRead(utterance.Speaker, out Speaker speaker)) flags |= V1.Degradation.InputIgnored;
        if (!CallMessages.TryReadConfidence(utterance, out float? confidence)) flags |= V1.Degradation.InputIgnored;
        int? start = utterance.HasStartMs ? utterance.StartMs : null;
        int? end = utterance.HasEndMs ? utterance.EndMs : null;
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
    internal Utterance ToCore(uint seq, uint correctsSeq, ScoringWorkspace workspace) => new()
    {
        Seq = seq,
        Speaker = Speaker,
        Text = workspace.Utf8(Text),
        StartMs = Times.StartMs,
        EndMs = Times.EndMs,
        TimingsEstimated = correctsSeq == 0 && TimesAreEstimated,
        AsrConfidence = Confidence,
        CorrectsSeq = correctsSeq,
    };

    private static ReadOnlySpan<char> Cut(string text, int most, scoped ref DegradationSet flags)
    {
        if (text.Length <= most) return text;
        flags |= V1.Degradation.TextTruncated;
        return text.AsSpan(0, char.IsHighSurrogate(text[most - 1]) ? most - 1 : most);
    }

    private static int CountWords(ReadOnlySpan<char> text)
    {
        int words = 0;
        bool inWord = false;
        foreach (char c in text)
        {
            bool isSpace = char.IsWhiteSpace(c);
            if (!isSpace && !inWord) words++;
            inWord = !isSpace;
        }

        return words;
    }
}
