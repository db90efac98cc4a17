using RetentionScore.Core.Dialogue;
using RetentionScore.Core.Policy;
using RetentionScore.Core.Risk;

namespace RetentionScore.Core.Calls;

/// <summary>Tells what a call came to.</summary>
internal static class SummaryWriter
{
    private static readonly string[] ExitStepNames =
        ["ACKNOWLEDGED", "CONFIRMATION_NUMBER", "EFFECTIVE_DATE", "FINAL_BILL", "THANKED", "DOOR_LEFT_OPEN"];

    public static CallSummary Write(in DialogueState s, in RiskScores peak, in PromptLedger prompts, Disposition disposition, int saveLimit, bool estimated) => new()
    {
        Disposition = disposition,
        Peak = peak,
        Stage = s.Stage,
        Progress = UpdateWriter.ProgressOf(s, saveLimit),
        AcknowledgedMs = s.AcknowledgedMs,
        ConfirmedMs = s.ConfirmedMs,
        ReasonDeclined = s.ReasonDeclined,
        ReasonCode = s.FirstRequestMs < 0 ? "" : ReasonName(s),
        SaveAttemptsOverLimit = s.SaveAttemptsOver,
        Interruptions = estimated ? 0 : s.Interruptions,
        HoldMs = s.HoldMs,
        DurationMs = s.NowMs,
        LongestUnacknowledgedMs = s.LongestUnacknowledgedMs,
        Utterances = s.Utterances,
        PromptsRaised = prompts.Raised,
        Moments = WriteMoments(s),
        ExitSteps = WriteExit(s),
    };

    private static string ReasonName(in DialogueState s) => s.Reason switch
    {
        ReasonCode.Price => "PRICE",
        ReasonCode.Moving => "MOVING",
        ReasonCode.Competitor => "COMPETITOR",
        ReasonCode.ServiceQuality => "SERVICE_QUALITY",
        ReasonCode.NoLongerNeeded => "NO_LONGER_NEEDED",
        ReasonCode.Other => s.Facts[(int)Feature.LifeEvent] > 0 ? "" : "OTHER",
        ReasonCode.Declined => "DECLINED",
        _ => "",
    };

    private static TeachableMoment[] WriteMoments(in DialogueState s)
    {
        var moments = new TeachableMoment[s.Moments.Count];
        for (int i = 0; i < moments.Length; i++)
        {
            var (seq, atMs, kind) = s.Moments[i];
            var (name, note, praise) = MomentLog.Tell(kind);
            moments[i] = new TeachableMoment(seq, atMs, name, note, praise);
        }

        return moments;
    }

    private static ExitStep[] WriteExit(in DialogueState s)
    {
        if (s.FirstRequestMs < 0) return [];
        var steps = new ExitStep[ExitStepNames.Length];
        for (int i = 0; i < steps.Length; i++) steps[i] = new ExitStep(ExitStepNames[i], s.Exit[i] != 0, s.Exit[i]);
        return steps;
    }
}
