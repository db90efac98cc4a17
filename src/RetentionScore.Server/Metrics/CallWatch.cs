using RetentionScore.Core.Calls;
using RetentionScore.Core.Dialogue;
using RetentionScore.Server.Scoring.Wire;

namespace RetentionScore.Server.Metrics;

/// <summary>What became of a request to leave, once a call.</summary>
internal enum CancelOutcome
{
    /// <summary>Acknowledged within <see cref="CallWatch.AcknowledgeWithinMs"/>.</summary>
    InTime,
    /// <summary>Not within it; said when it has passed, whatever comes later.</summary>
    Late,
    /// <summary>The customer took it back before.</summary>
    Withdrawn,
    /// <summary>The call ended before.</summary>
    Unanswered,
}

/// <summary>
/// What the metrics already know of one call: where it stands on the board of live calls, and what is counted once a call. A restored call knows what its
/// former node has counted. For the holder of the call, but for <see cref="Leave"/>, which anyone may call.
/// </summary>
internal struct CallWatch
{
    /// <summary>The objective for acknowledging a request to leave.</summary>
    internal const int AcknowledgeWithinMs = 60_000;

    private const int NotYet = -1, Left = -2;

    private int cell = NotYet;
    private int saves;
    private bool asked, acknowledged, confirmed, settled;

    public CallWatch()
    {
    }

    /// <summary>Place of the call's policy version.</summary>
    internal int Policy { get; private set; }

    /// <summary>Place of the model that reads its words.</summary>
    internal int Model { get; private set; }

    /// <summary>The call is live here.</summary>
    internal void Enter(ServerMetrics metrics, string policyVersion, string modelVersion)
    {
        Policy = metrics.PolicyPlace(policyVersion);
        Model = metrics.ModelPlace(modelVersion);
        Move(metrics, ServerMetrics.BoardCell(V1.RiskBand.Unspecified, CancelStage.None));
    }

    /// <summary>After <see cref="Enter"/>, of a call that was restored: what was counted where it was before is not counted again.</summary>
    internal void Resume(ServerMetrics metrics, ScoreUpdate standing)
    {
        CancelProgress progress = standing.Progress;
        asked = progress.FirstRequestMs >= 0;
        acknowledged = progress.AcknowledgedMs >= 0;
        confirmed = progress.ConfirmedMs >= 0;
        settled = acknowledged || standing.Stage == CancelStage.Withdrawn || progress.UnacknowledgedMs >= AcknowledgeWithinMs;
        saves = Math.Max(0, -progress.SaveAttemptsLeft);
        Move(metrics, ServerMetrics.BoardCell((V1.RiskBand)standing.Band, standing.Stage));
    }

    /// <summary>A message was counted.</summary>
    internal void Saw(ServerMetrics metrics, ScoreUpdate score)
    {
        Move(metrics, ServerMetrics.BoardCell((V1.RiskBand)score.Band, score.Stage));
        CancelProgress progress = score.Progress;
        if (progress.FirstRequestMs >= 0) SawRequest(metrics, progress, score.Stage);
        int over = Math.Max(0, -progress.SaveAttemptsLeft);
        if (over <= saves) return;
        metrics.SaveLimitExceeded(over - saves);
        saves = over;
    }

    /// <summary>The call has ended here.</summary>
    internal void Ended(ServerMetrics metrics, V1.CallSummary summary)
    {
        if (!asked || settled) return;
        // A yes that the agent had no time to take back stands.
        if (summary is { HasAcknowledgedMs: true, HasFirstRequestMs: true }) Acknowledged(metrics, summary.AcknowledgedMs - summary.FirstRequestMs);
        else Settle(metrics, CancelOutcome.Unanswered);
    }

    /// <summary>The call is not live here any more. Only the first time counts.</summary>
    internal void Leave(ServerMetrics metrics)
    {
        int from = Interlocked.Exchange(ref cell, Left);
        if (from >= 0) metrics.Board.AddAt(from, -1);
    }

    private void SawRequest(ServerMetrics metrics, in CancelProgress progress, CancelStage stage)
    {
        if (!asked)
        {
            asked = true;
            metrics.CancelRequested();
        }

        if (progress.AcknowledgedMs >= 0 && !acknowledged) Acknowledged(metrics, progress.AcknowledgedMs - progress.FirstRequestMs);
        else if (progress.UnacknowledgedMs >= AcknowledgeWithinMs) Settle(metrics, CancelOutcome.Late);
        else if (stage == CancelStage.Withdrawn) Settle(metrics, CancelOutcome.Withdrawn);
        if (progress.ConfirmedMs < 0 || confirmed) return;
        confirmed = true;
        metrics.CancelConfirmed(Math.Max(0, progress.ConfirmedMs - progress.FirstRequestMs));
    }

    private void Acknowledged(ServerMetrics metrics, int afterMs)
    {
        acknowledged = true;
        metrics.CancelAcknowledged(Math.Max(0, afterMs));
        Settle(metrics, afterMs <= AcknowledgeWithinMs ? CancelOutcome.InTime : CancelOutcome.Late);
    }

    private void Settle(ServerMetrics metrics, CancelOutcome outcome)
    {
        if (settled) return;
        settled = true;
        metrics.CancelSettled(outcome);
    }

    private void Move(ServerMetrics metrics, int to)
    {
        int from = Volatile.Read(ref cell);
        if (from == to || from == Left || Interlocked.CompareExchange(ref cell, to, from) != from) return; // it has left meanwhile
        if (from >= 0) metrics.Board.AddAt(from, -1);
        metrics.Board.AddAt(to, 1);
    }
}
