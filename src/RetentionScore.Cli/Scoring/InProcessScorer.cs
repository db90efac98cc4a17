using RetentionScore.Cli.Calls;
using RetentionScore.Core.Signals;
using RetentionScore.Server.Scoring;

namespace RetentionScore.Cli.Scoring;

/// <summary>Scores in this process, by the code that answers ScoreTranscript. The same call gives the same bits.</summary>
/// <param name="reader">Reads what is said.</param>
internal sealed class InProcessScorer(SignalReader reader) : ICallScorer
{
    private readonly TranscriptScorer scorer = new(reader);

    /// <inheritdoc/>
    public Task<ScoredCall> ScoreAsync(RecordedCall call, int line, bool explain, CancellationToken cancellationToken)
    {
        ScoredTranscript scored = scorer.Score(call.Start(call.Id, explain), call.MessagesToTheEnd());
        return Task.FromResult(new ScoredCall(scored.Updates, scored.Summary, scored.Refusal?.Message));
    }
}
