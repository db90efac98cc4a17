using System.Globalization;
using RetentionScore.Cli.Calls;
using RetentionScore.V1;
using Spectre.Console;

namespace RetentionScore.Cli.Scoring;

/// <summary>One row a call as it is scored, and the closing summary. Columns have fixed widths, so that a long file needs no memory.</summary>
internal sealed class TableReport(Screen screen, bool explained) : IScoreReport
{
    private const int IdWidth = 28;
    private bool hasHead;

    /// <inheritdoc/>
    public void Add(RecordedCall call, ScoredCall scored, CallTally tally)
    {
        if (!hasHead) Head();
        CallSummary? summary = scored.Summary;
        string row = string.Create(CultureInfo.InvariantCulture, $"{Wording.Cut(call.Id, IdWidth).PadRight(IdWidth).EscapeMarkup()} {call.Turns,5}  ")
            + $"{ContractNames.Of(tally.FurthestStage),-13}{ContractNames.Of(tally.Stage),-13}"
            + Tone.Of(tally.PeakBand).Paint($"{Wording.Band(tally.PeakBand),-9}")
            + string.Create(CultureInfo.InvariantCulture, $"{tally.PeakOverall,7:0.00}  ")
            + Tone.OfRisk(tally.PeakPressure).Paint(string.Create(CultureInfo.InvariantCulture, $"{tally.PeakPressure,8:0.00}"))
            + string.Create(
                CultureInfo.InvariantCulture,
                $"{summary?.Requests ?? 0,9}{summary?.ReasonAsked ?? 0,5}{summary?.SaveAttempts ?? 0,6}{tally.Raised.Count,8}");
        screen.Console.MarkupLine(scored.Problem is null ? row : row + "  broke off");
        if (explained) CallStory.Write(call, scored, screen);
    }

    /// <inheritdoc/>
    public void Close(FileTotals totals, TimeSpan taken)
    {
        if (hasHead) screen.Output.WriteLine();
        totals.Write(screen.Output, taken);
    }

    private void Head()
    {
        hasHead = true;
        string head = string.Create(
            CultureInfo.InvariantCulture,
            $"{"call",-IdWidth} {"turns",5}  {"furthest",-13}{"at the end",-13}{"band",-9}{"overall",7}  {"pressure",8}{"requests",9}{"whys",5}{"saves",6}{"prompts",8}");
        screen.Console.MarkupLine($"[bold]{head}[/]");
    }
}
