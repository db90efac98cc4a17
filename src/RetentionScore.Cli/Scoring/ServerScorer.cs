using Grpc.Core;
using RetentionScore.Cli.Calls;
using RetentionScore.Cli.Replay;
using RetentionScore.V1;

namespace RetentionScore.Cli.Scoring;

/// <summary>
/// Scores on a server: a call that tells its times as a ScoreCall stream at full speed, one that does not as ScoreTranscript, since a stream's
/// server would take the time of arrival for it.
/// </summary>
internal sealed class ServerScorer(ScoringService.ScoringServiceClient client, WireId ids) : ICallScorer
{
    private readonly CallPlayer player = new(client, Pace.Max);

    /// <inheritdoc/>
    public async Task<ScoredCall> ScoreAsync(RecordedCall call, int line, bool explain, CancellationToken cancellationToken)
    {
        string id = ids.Of(call, line);
        if (!call.IsTimed) return Named(await TranscriptAsync(call, id, explain, cancellationToken), call);
        var updates = new List<ScoreUpdate>();
        var play = new CallPlay(call, id) { Explain = explain, Ticks = false, Scored = (_, update) => updates.Add(update) };
        PlayedCall played = await player.PlayAsync(play, cancellationToken);
        return Named(new ScoredCall(updates, played.Summary, played.Problem), call);
    }

    private async Task<ScoredCall> TranscriptAsync(RecordedCall call, string id, bool explain, CancellationToken cancellationToken)
    {
        var request = new ScoreTranscriptRequest { Start = call.Start(id, explain), Messages = { call.MessagesToTheEnd() } };
        var updates = new List<ScoreUpdate>();
        CallSummary? summary = null;
        try
        {
            using var answers = client.ScoreTranscript(request, cancellationToken: cancellationToken);
            while (await answers.ResponseStream.MoveNext())
            {
                updates.AddRange(answers.ResponseStream.Current.Updates);
                summary = answers.ResponseStream.Current.Summary ?? summary;
            }
        }
        catch (RpcException refused)
        {
            return new ScoredCall(updates, null, ServerRefusal.Of(refused).ToString());
        }

        return new ScoredCall(updates, summary, summary is null ? "the server ended the transcript without a summary" : null);
    }

    /// <summary>The file's name for the call, not that of this run.</summary>
    private static ScoredCall Named(ScoredCall scored, RecordedCall call)
    {
        if (scored.Summary is not null) scored.Summary.CallId = call.Id;
        return scored;
    }
}
