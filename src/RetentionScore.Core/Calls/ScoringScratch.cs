using RetentionScore.Core.Dialogue;
using RetentionScore.Core.Signals;

namespace RetentionScore.Core.Calls;

/// <summary>
/// What scoring needs while it works on one message and nothing keeps: tokens, matches, the update. One for each loop that scores, shared
/// by all its calls. Not thread-safe.
/// </summary>
public sealed class ScoringScratch
{
    internal readonly ReaderScratch Reader = new();
    internal readonly SignalReading Reading = new();
    internal readonly double[] Features = new double[Dialogue.Features.Count];

    /// <summary>What the last message that counted brought to its call: what a journal keeps of it. Previews and standing scores leave it.</summary>
    public SignalRecord Record;

    /// <summary>The update of the last message scored with this scratch.</summary>
    public ScoreUpdate Update { get; } = new();
}
