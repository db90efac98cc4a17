using System.Globalization;
using RetentionScore.Cli.Calls;
using RetentionScore.V1;
using Spectre.Console;

namespace RetentionScore.Cli.Scoring;

/// <summary>What was said of one call, below its row: each recommendation when it came, with the words that it came upon, and of a call out of the ordinary what raised the score to its peak.</summary>
internal static class CallStory
{
    private const int MostReasons = 4;
    private const int WordsWidth = 60;

    /// <summary>Writes it; nothing for a call without either.</summary>
    public static void Write(RecordedCall call, ScoredCall scored, Screen screen)
    {
        var told = new HashSet<string>(StringComparer.Ordinal);
        ScoreUpdate? peak = null;
        foreach (ScoreUpdate update in scored.Updates)
        {
            if (update.Risk is { } risk && !(risk.Overall <= peak?.Risk.Overall)) peak = update;
            foreach (Recommendation raised in update.Recommendations)
            {
                if (raised.State == RecommendationState.New && told.Add(raised.Id)) screen.Console.MarkupLine(Line(raised, Words(call, update.Seq)));
            }
        }

        if (peak?.Band >= RiskBand.Elevated) screen.Console.MarkupLine(Tone.Faint.Paint(Reasons(peak)));
    }

    private static string Line(Recommendation raised, string words) =>
        string.Create(CultureInfo.InvariantCulture, $"  {Wording.Clock(raised.RaisedAtMs),7}  {Wording.Audience(raised),-11}")
        + Tone.Of(raised.Severity).Paint($"{ContractNames.Of(raised.Severity),-9}{Wording.Action(raised),-22}")
        + $"{raised.Reason.EscapeMarkup(),-30}{Tone.Faint.Paint(words)}";

    /// <summary>The strongest contributions to <c>overall</c> at its peak, in log-odds.</summary>
    private static string Reasons(ScoreUpdate peak)
    {
        var reasons = peak.Evidence
            .Where(evidence => evidence.Signal != "prior" && (evidence.Score.Length == 0 || evidence.Score == "overall"))
            .OrderByDescending(evidence => Math.Abs(evidence.Contribution)).Take(MostReasons)
            .Select(evidence => string.Create(CultureInfo.InvariantCulture, $"{evidence.Contribution:+0.0;-0.0} {evidence.Note}"));
        return string.Create(CultureInfo.InvariantCulture, $"  peak {peak.Risk.Overall:0.00} at message {peak.Seq}: {string.Join(", ", reasons)}");
    }

    private static string Words(RecordedCall call, uint seq)
    {
        Utterance? said = seq - 1 < call.Messages.Length ? call.Messages[(int)seq - 1].Utterance : null;
        return said is null ? "" : $"{ContractNames.Spoken(said.Speaker)}: {Wording.Cut(said.Text, WordsWidth)}";
    }
}
