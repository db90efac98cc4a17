namespace RetentionScore.Core.Calls;

/// <summary>
/// The call's clock built from the words, for files and transcripts where nothing arrives: 0.6 s between turns, then 0.4 s and 0.33 s a
/// word. Mutable value: one for each transcript.
/// </summary>
public struct EstimatedClock
{
    private int _nowMs;

    /// <summary>Where the clock stands, ms.</summary>
    public readonly int NowMs => _nowMs;

    /// <summary>Start and end of the next utterance of that many words, ms.</summary>
    public (int StartMs, int EndMs) Next(int words)
    {
        int start = _nowMs + 600;
        _nowMs = start + 400 + Math.Min(words, 10_000) * 330;
        return (start, _nowMs);
    }

    /// <summary>Moves the clock to a time that a message told; never back.</summary>
    public void Seen(int ms) => _nowMs = Math.Max(_nowMs, ms);
}
