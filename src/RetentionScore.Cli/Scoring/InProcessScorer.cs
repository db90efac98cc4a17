using RetentionScore.Cli.Calls;
using RetentionScore.Server.Scoring;

namespace RetentionScore.Cli.Scoring;

/// <summary>Scores in this process, by the code that answers ScoreTranscript. The same call gives the same bits.</summary>
internal sealed class InProcessScorer : ICallScorer
{
    private readonly TranscriptScorer scorer = new();

    /// <inheritdoc/>
    public Task<ScoredCall> ScoreAsync(RecordedCall call, int line, bool explain, CancellationToken cancellationToken)
    {
        ScoredTranscript scored = scorer.Score(call.Start(call.Id, explain), call.MessagesToTheEnd());
        return Task.FromResult(new ScoredCall(scored.Updates, scored.Summary, scored.Refusal?.Message));
    }
}
