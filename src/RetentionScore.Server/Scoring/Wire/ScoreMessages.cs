using RetentionScore.Core.Calls;
using RetentionScore.Core.Dialogue;
using RetentionScore.Core.Policy;
using RetentionScore.Core.Risk;

namespace RetentionScore.Server.Scoring.Wire;

/// <summary>Core's answers as messages of the wire contract: the one mapping score → message. Stateless.</summary>
internal static class ScoreMessages
{
    /// <summary>The contract's names of the scores, in the order of <see cref="Score"/>.</summary>
    internal static readonly string[] ScoreNames =
        ["overall", "cancel_intent", "frustration", "retention_pressure", "escalation", "exposure", "save_likelihood"];

    /// <summary>Puts a score into a message. Every member is set, so that a message can be used again and again.</summary>
    /// <param name="message">All of it is overwritten.</param>
    /// <param name="score">Core's answer.</param>
    /// <param name="flags">What is flagged besides what Core says.</param>
    internal static void Fill(V1.ScoreUpdate message, ScoreUpdate score, DegradationSet flags)
    {
        message.Seq = score.Seq;
        message.AsOfSeq = score.AsOfSeq;
        message.UtteranceId = "";
        message.Interim = score.Interim;
        message.Duplicate = false;
        if (score.HasRisk) Fill(message.Risk ??= new V1.RiskScores(), score.Risk);
        else message.Risk = null;
        message.Band = (V1.RiskBand)score.Band;
        message.Trend = score.Trend;
        message.CancelStage = (V1.CancelStage)score.Stage;
        message.Recommendations.Clear();
        foreach (Recommendation recommendation in score.Recommendations) message.Recommendations.Add(Of(recommendation));
        message.Evidence.Clear();
        foreach (Evidence evidence in score.Evidence) message.Evidence.Add(Of(evidence));
        message.Signals.Clear();
        foreach (var signal in score.Signals) message.Signals.Add(new V1.SignalScore { Name = signal.Name, Probability = signal.Probability });
        message.Latency = null;
        message.DurableSeq = 0;
        message.Degraded.Clear();
        (flags | DegradationSet.Of(score.Degraded)).AddTo(message.Degraded);
        message.RescoredFromSeq = score.RescoredFromSeq;
        message.ClearStartMs();
        message.ClearEndMs();
        if (score.Stage is CancelStage.None or CancelStage.Unspecified) message.Progress = null;
        else Fill(message.Progress ??= new V1.CancelProgress(), score.Progress);
    }

    /// <summary>A score that was told before, as the score that stands.</summary>
    internal static void Copy(V1.ScoreUpdate from, V1.ScoreUpdate into)
    {
        into.Risk = null;
        into.Progress = null;
        into.Latency = null;
        into.Recommendations.Clear();
        into.Evidence.Clear();
        into.Signals.Clear();
        into.Degraded.Clear();
        into.ClearStartMs();
        into.ClearEndMs();
        into.MergeFrom(from);
        (into.Seq, into.AsOfSeq, into.Interim, into.Duplicate, into.UtteranceId, into.RescoredFromSeq) = (0, from.AsOfSeq, false, false, "", 0);
    }

    /// <summary>A summary; <paramref name="last"/> becomes part of it.</summary>
    internal static V1.CallSummary Of(string callId, CallSummary summary, V1.ScoreUpdate last)
    {
        CancelProgress progress = summary.Progress;
        var message = new V1.CallSummary
        {
            CallId = callId,
            Disposition = (V1.Disposition)summary.Disposition,
            Last = last,
            CancelStage = (V1.CancelStage)summary.Stage,
            Requests = (uint)progress.Requests,
            ReasonAsked = (uint)progress.ReasonAsked,
            ReasonDeclined = (uint)summary.ReasonDeclined,
            ReasonCode = summary.ReasonCode,
            SaveAttempts = (uint)progress.SaveAttempts,
            SaveAttemptsOverLimit = (uint)summary.SaveAttemptsOverLimit,
            Interruptions = (uint)summary.Interruptions,
            HoldMs = summary.HoldMs,
            DurationMs = summary.DurationMs,
            Utterances = (uint)summary.Utterances,
            ReasonAskedAfterDeclined = (uint)progress.ReasonAskedAfterDeclined,
            ReasonAskedAfterAnswered = (uint)progress.ReasonAskedAfterAnswered,
            LongestUnacknowledgedMs = summary.LongestUnacknowledgedMs,
            PromptsRaised = (uint)summary.PromptsRaised,
        };
        // Nothing was evaluated: a peak of zeros would read as "no risk".
        if (last.Risk is not null) Fill(message.Peak = new V1.RiskScores(), summary.Peak);
        if (progress.Requests > 0 && progress.FirstRequestMs >= 0) message.FirstRequestMs = progress.FirstRequestMs;
        if (summary.AcknowledgedMs >= 0) message.AcknowledgedMs = summary.AcknowledgedMs;
        if (summary.ConfirmedMs >= 0) message.ConfirmedMs = summary.ConfirmedMs;
        foreach (TeachableMoment moment in summary.Moments)
            message.Moments.Add(new V1.TeachableMoment { Seq = moment.Seq, AtMs = moment.AtMs, Kind = moment.Kind, Note = moment.Note, Praise = moment.Praise });
        foreach (ExitStep step in summary.ExitSteps) message.ExitSteps.Add(new V1.ExitStep { Step = step.Step, Done = step.Done, Seq = step.Seq });
        return message;
    }

    private static void Fill(V1.RiskScores message, in RiskScores risk)
    {
        message.Overall = risk.Overall;
        message.OverallLow = risk.OverallLow;
        message.OverallHigh = risk.OverallHigh;
        message.CancelIntent = risk.CancelIntent;
        message.Frustration = risk.Frustration;
        message.RetentionPressure = risk.RetentionPressure;
        message.Escalation = risk.Escalation;
        message.Exposure = risk.Exposure;
        message.SaveLikelihood = risk.SaveLikelihood;
    }

    private static void Fill(V1.CancelProgress message, in CancelProgress progress)
    {
        message.Requests = (uint)progress.Requests;
        message.Repeats = (uint)progress.Repeats;
        if (progress.FirstRequestMs >= 0) message.FirstRequestMs = progress.FirstRequestMs;
        else message.ClearFirstRequestMs();
        message.UnacknowledgedMs = progress.UnacknowledgedMs;
        message.ReasonAsked = (uint)progress.ReasonAsked;
        message.ReasonAskedAfterDeclined = (uint)progress.ReasonAskedAfterDeclined;
        message.ReasonAskedAfterAnswered = (uint)progress.ReasonAskedAfterAnswered;
        message.SaveAttempts = (uint)progress.SaveAttempts;
        message.SaveAttemptsLeft = progress.SaveAttemptsLeft;
        message.AcknowledgedInWordsOnly = progress.AcknowledgedInWordsOnly;
    }

    private static V1.Recommendation Of(in Recommendation recommendation)
    {
        var message = new V1.Recommendation
        {
            Id = recommendation.Id.ToString(),
            Action = (V1.RecommendedAction)recommendation.Action,
            Audience = (V1.Audience)recommendation.Audience,
            Severity = (V1.Severity)recommendation.Severity,
            Reason = recommendation.Reason,
            Say = recommendation.Say,
            RaisedAtMs = recommendation.RaisedAtMs,
            ExpiresAtMs = recommendation.ExpiresAtMs,
            State = (V1.RecommendationState)recommendation.State,
        };
        if (recommendation.Evidence0 != 0) message.EvidenceSeqs.Add(recommendation.Evidence0);
        if (recommendation.Evidence1 != 0) message.EvidenceSeqs.Add(recommendation.Evidence1);
        if (recommendation.Evidence2 != 0) message.EvidenceSeqs.Add(recommendation.Evidence2);
        return message;
    }

    private static V1.Evidence Of(in Evidence evidence) => new()
    {
        Seq = evidence.Seq,
        Signal = evidence.Signal,
        BeginChar = (uint)evidence.BeginChar,
        EndChar = (uint)evidence.EndChar,
        Contribution = evidence.Contribution,
        Note = evidence.Note,
        Score = NameOf(evidence.Score),
    };

    private static string NameOf(Score score) => ScoreNames[(int)score];
}
