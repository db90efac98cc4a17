using RetentionScore.Core.Calls;
using RetentionScore.Server.Scoring.Wire;

namespace RetentionScore.Server.Scoring;

/// <summary>
/// What scoring a message and writing its answer needs and nothing keeps: one for each thread, used between two awaits, so that ten thousand streams
/// share a few. The update and the bytes of the message before are overwritten by the next.
/// </summary>
internal sealed class ScoringWorkspace
{
    [ThreadStatic]
    private static ScoringWorkspace? current;

    /// <summary>This thread's; not to be held over an await.</summary>
    internal static ScoringWorkspace Current => current ??= new ScoringWorkspace();

    internal ScoringScratch Scratch { get; } = new();

    /// <summary>Core's update and what is said besides.</summary>
    internal ScoredUpdate Update { get; } = new();

    /// <summary>The bytes of one record of the journal.</summary>
    internal byte[] Record { get; } = new byte[Journal.RecordFormat.MaxBytes];

    /// <summary>The bytes of one answer.</summary>
    internal WireWriter Output { get; } = new();

    /// <summary>The bytes of which a message is made that is kept, which may be while an answer is in <see cref="Output"/>.</summary>
    internal WireWriter Message { get; } = new();
}
