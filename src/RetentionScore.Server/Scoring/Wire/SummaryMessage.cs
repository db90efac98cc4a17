using RetentionScore.Core.Calls;
using RetentionScore.Core.Dialogue;

namespace RetentionScore.Server.Scoring.Wire;

/// <summary>What a call came to as a message of the wire contract; it is said once, so it is a generated one. Stateless.</summary>
internal static class SummaryMessage
{
    /// <summary>A score that was told before, as the score that stands.</summary>
    internal static V1.ScoreUpdate Standing(V1.ScoreUpdate told) => new(told)
    {
        Seq = 0,
        Interim = false,
        Duplicate = false,
        UtteranceId = "",
        RescoredFromSeq = 0,
    };

    /// <summary>A summary as it is told now: the kept one stays as it is.</summary>
    internal static V1.CallSummary Said(V1.CallSummary summary, uint durableSeq, bool isDurable)
    {
        if (isDurable && durableSeq == summary.Last.DurableSeq) return summary;
        var said = new V1.CallSummary(summary);
        said.Last.DurableSeq = durableSeq;
        said.Last.Degraded.Remove(V1.Degradation.NotDurable);
        if (!isDurable) said.Last.Degraded.Add(V1.Degradation.NotDurable);
        return said;
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
        if (last.Risk is not null) message.Peak = UpdateMessage.Of(summary.Peak);
        if (progress.Requests > 0 && progress.FirstRequestMs >= 0) message.FirstRequestMs = progress.FirstRequestMs;
        if (summary.AcknowledgedMs >= 0) message.AcknowledgedMs = summary.AcknowledgedMs;
        if (summary.ConfirmedMs >= 0) message.ConfirmedMs = summary.ConfirmedMs;
        foreach (TeachableMoment moment in summary.Moments)
            message.Moments.Add(new V1.TeachableMoment { Seq = moment.Seq, AtMs = moment.AtMs, Kind = moment.Kind, Note = moment.Note, Praise = moment.Praise });
        foreach (ExitStep step in summary.ExitSteps) message.ExitSteps.Add(new V1.ExitStep { Step = step.Step, Done = step.Done, Seq = step.Seq });
        return message;
    }
}
