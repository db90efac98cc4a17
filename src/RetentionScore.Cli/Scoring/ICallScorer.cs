using RetentionScore.Cli.Calls;
using RetentionScore.V1;

namespace RetentionScore.Cli.Scoring;

/// <summary>What a call came to.</summary>
/// <param name="Updates">One for each message, in their order.</param>
/// <param name="Summary">Null where the call was refused or broke off.</param>
/// <param name="Problem">Why there is no summary, in one line; null where all went well.</param>
internal sealed record ScoredCall(IReadOnlyList<ScoreUpdate> Updates, CallSummary? Summary, string? Problem);

/// <summary>Scores recorded calls: in this process, or over the wire.</summary>
internal interface ICallScorer
{
    /// <summary>Scores one call from its start to its end.</summary>
    /// <param name="call">The call.</param>
    /// <param name="line">Its line in the file, for the id on the wire: two lines may hold the same id.</param>
    /// <param name="explain">Signals and evidence in every update.</param>
    /// <param name="cancellationToken">Ends the scoring.</param>
    Task<ScoredCall> ScoreAsync(RecordedCall call, int line, bool explain, CancellationToken cancellationToken);
}
