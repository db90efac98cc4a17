namespace RetentionScore.Core.Calls;

/// <summary>
/// What scoring needs while it works on one message and nothing keeps: tokens, matches, the update. One for each loop that scores, shared
/// by all its calls. Not thread-safe.
/// </summary>
public sealed class ScoringScratch
{
    /// <summary>The update of the last message scored with this scratch.</summary>
    public ScoreUpdate Update { get; } = new();
}
