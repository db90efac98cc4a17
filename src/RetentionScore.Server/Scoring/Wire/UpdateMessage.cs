using RetentionScore.Core.Calls;
using RetentionScore.Core.Dialogue;
using RetentionScore.Core.Policy;
using RetentionScore.Core.Risk;

namespace RetentionScore.Server.Scoring.Wire;

/// <summary>A scored update as bytes of ScoreUpdate: the one mapping score → message, in the order of the members' numbers. Stateless.</summary>
internal static class UpdateMessage
{
    /// <summary>The contract's names of the scores, in the order of <see cref="Score"/>.</summary>
    internal static readonly string[] ScoreNames =
        ["overall", "cancel_intent", "frustration", "retention_pressure", "escalation", "exposure", "save_likelihood"];

    /// <summary>Writes the members of an update, without a tag.</summary>
    internal static void Write(WireWriter to, ScoredUpdate update)
    {
        ScoreUpdate score = update.Score;
        to.UInt32(1, update.Seq);
        to.UInt32(2, score.AsOfSeq);
        to.Utf8(3, update.UtteranceId.Span);
        to.Bool(4, update.Interim);
        to.Bool(5, update.Duplicate);
        if (score.HasRisk)
        {
            int risk = to.Begin(6);
            Write(to, score.Risk);
            to.End(risk);
        }

        to.UInt32(7, (uint)score.Band);
        to.Float(8, score.Trend);
        to.UInt32(9, (uint)score.Stage);
        // By index: an enumerator behind an interface would be allocated.
        for (int i = 0; !update.Interim && i < score.Recommendations.Count; i++) Write(to, 10, score.Recommendations[i]);
        bool explains = !update.Degraded.Has(V1.Degradation.Shed);
        for (int i = 0; explains && i < score.Evidence.Count; i++) Write(to, 11, score.Evidence[i]);
        for (int i = 0; explains && i < score.Signals.Count; i++)
        {
            int signal = to.Begin(12);
            to.Text(1, score.Signals[i].Name);
            to.Float(2, score.Signals[i].Probability);
            to.End(signal);
        }

        if (update.Latency is { } latency) Write(to, 13, latency);
        to.UInt32(14, update.DurableSeq);
        if (!update.Degraded.IsEmpty)
        {
            int degraded = to.Begin(15);
            foreach (V1.Degradation flag in update.Degraded) to.Packed((uint)flag);
            to.End(degraded);
        }

        to.UInt32(16, score.RescoredFromSeq);
        if (update.Filled is { } times)
        {
            to.PresentInt32(17, times.StartMs);
            to.PresentInt32(18, times.EndMs);
        }

        if (score.Stage is not (CancelStage.None or CancelStage.Unspecified)) Write(to, 19, score.Progress);
    }

    /// <summary>Scores on their own.</summary>
    internal static V1.RiskScores Of(in RiskScores risk)
    {
        WireWriter to = ScoringWorkspace.Current.Message;
        to.Clear();
        Write(to, risk);
        return V1.RiskScores.Parser.ParseFrom(to.Written.Span);
    }

    private static void Write(WireWriter to, in RiskScores risk)
    {
        to.Float(1, risk.Overall);
        to.Float(2, risk.OverallLow);
        to.Float(3, risk.OverallHigh);
        to.Float(4, risk.CancelIntent);
        to.Float(5, risk.Frustration);
        to.Float(6, risk.RetentionPressure);
        to.Float(7, risk.Escalation);
        to.Float(8, risk.Exposure);
        to.Float(9, risk.SaveLikelihood);
    }

    private static void Write(WireWriter to, int number, in Recommendation recommendation)
    {
        int mark = to.Begin(number);
        to.Id(1, recommendation.Id);
        to.UInt32(2, (uint)recommendation.Action);
        to.UInt32(3, (uint)recommendation.Audience);
        to.UInt32(4, (uint)recommendation.Severity);
        to.Text(5, recommendation.Reason);
        to.Text(6, recommendation.Say);
        if ((recommendation.Evidence0 | recommendation.Evidence1 | recommendation.Evidence2) != 0)
        {
            int seqs = to.Begin(7);
            if (recommendation.Evidence0 != 0) to.Packed(recommendation.Evidence0);
            if (recommendation.Evidence1 != 0) to.Packed(recommendation.Evidence1);
            if (recommendation.Evidence2 != 0) to.Packed(recommendation.Evidence2);
            to.End(seqs);
        }

        to.Int32(8, recommendation.RaisedAtMs);
        to.Int32(9, recommendation.ExpiresAtMs);
        to.UInt32(10, (uint)recommendation.State);
        to.End(mark);
    }

    private static void Write(WireWriter to, int number, in Evidence evidence)
    {
        int mark = to.Begin(number);
        to.UInt32(1, evidence.Seq);
        to.Text(2, evidence.Signal);
        to.UInt32(3, (uint)evidence.BeginChar);
        to.UInt32(4, (uint)evidence.EndChar);
        to.Float(5, evidence.Contribution);
        to.Text(6, evidence.Note);
        to.Text(7, ScoreNames[(int)evidence.Score]);
        to.End(mark);
    }

    private static void Write(WireWriter to, int number, in Receipt latency)
    {
        int mark = to.Begin(number);
        to.UInt32(1, latency.QueueUs);
        to.UInt32(2, latency.ScoreUs);
        if (latency.StalenessMs is { } staleness) to.PresentInt32(3, staleness);
        to.End(mark);
    }

    private static void Write(WireWriter to, int number, in CancelProgress progress)
    {
        int mark = to.Begin(number);
        to.UInt32(1, (uint)progress.Requests);
        to.UInt32(2, (uint)progress.Repeats);
        if (progress.FirstRequestMs >= 0) to.PresentInt32(3, progress.FirstRequestMs);
        to.Int32(4, progress.UnacknowledgedMs);
        to.UInt32(5, (uint)progress.ReasonAsked);
        to.UInt32(6, (uint)progress.ReasonAskedAfterDeclined);
        to.UInt32(7, (uint)progress.ReasonAskedAfterAnswered);
        to.UInt32(8, (uint)progress.SaveAttempts);
        to.Int32(9, progress.SaveAttemptsLeft);
        to.Bool(10, progress.AcknowledgedInWordsOnly);
        to.End(mark);
    }
}
