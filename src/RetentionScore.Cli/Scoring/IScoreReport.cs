using RetentionScore.Cli.Calls;

namespace RetentionScore.Cli.Scoring;

/// <summary>How scored calls are told: as lines of JSON for programs, or as a table for people.</summary>
internal interface IScoreReport
{
    /// <summary>Tells one call.</summary>
    void Add(RecordedCall call, ScoredCall scored, CallTally tally);

    /// <summary>Tells what all of them came to.</summary>
    void Close(FileTotals totals, TimeSpan taken);
}
