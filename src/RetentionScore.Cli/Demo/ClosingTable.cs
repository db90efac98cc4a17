using System.Globalization;
using RetentionScore.Cli.Calls;
using RetentionScore.V1;
using Spectre.Console;

namespace RetentionScore.Cli.Demo;

/// <summary>What the calls came to: how each ended, when somebody was warned and of what.</summary>
internal static class ClosingTable
{
    private const int TitleWidth = 24;

    /// <summary>Writes the table; false if a call did not end.</summary>
    /// <param name="board">The calls.</param>
    /// <param name="screen">Where.</param>
    /// <param name="isCutShort">The demo was ended before its calls: those that go on are no failure.</param>
    public static bool Write(Board board, Screen screen, bool isCutShort = false) => board.Read(lanes =>
    {
        screen.Console.WriteLine();
        screen.Console.MarkupLine($"[bold]{"call",-TitleWidth}  {"ended",-18}{"peak",-10}{"held back",9}  first warning to the agent, first ▲ to a supervisor[/]");
        foreach (Lane lane in lanes) screen.Console.MarkupLine(Row(lane));
        screen.Console.WriteLine();
        Lane[] caught = [.. lanes.Where(lane => lane.IsCaught)], broken = [.. lanes.Where(lane => lane.Summary is null)];
        screen.Console.MarkupLine($"Caught {Tone.Bad.PaintBold(Number(caught.Length))} of {lanes.Length} calls while there was time; {lanes.Length - caught.Length} gave no cause.");
        if (Story(lanes[0]) is { } story) screen.Console.MarkupLine(story);
        if (isCutShort) return true;
        foreach (Lane lane in broken) screen.Fail($"call {lane.Call.Id} did not end: {lane.Problem}");
        return broken.Length == 0;
    });

    private static string Row(Lane lane)
    {
        string ended = lane.Summary is { } summary ? ContractNames.Spoken(summary.Disposition) : lane.Problem is null ? "not over" : "broke off";
        string row = Wording.Cut(lane.Title, TitleWidth).PadRight(TitleWidth).EscapeMarkup() + $"  {ended,-18}"
            + Tone.Of(lane.Tally.PeakBand).Paint($"{Wording.Band(lane.Tally.PeakBand),-10}")
            + Tone.OfRisk(lane.Tally.PeakPressure).Paint(string.Create(CultureInfo.InvariantCulture, $"{lane.Tally.PeakPressure * 100,7:0} %"));
        string warned = string.Join("   ", new[] { lane.FirstWarning, lane.FirstAlert, lane.FirstCare }.OfType<TimelineEntry>().Select(Warned));
        return row + "  " + (warned.Length > 0 ? warned : Tone.Faint.Paint("nothing to warn of"));
    }

    private static string Warned(TimelineEntry entry) =>
        $"{Wording.Clock(entry.AtMs)} {(entry.Advised!.Audience == Audience.Supervisor ? "▲ " : "")}{Tone.Of(entry.Advised!.Severity).Paint(Wording.Action(entry.Advised))}";

    /// <summary>The followed call, told by the clock.</summary>
    private static string? Story(Lane lane)
    {
        if (lane.Summary is not { HasFirstRequestMs: true } summary || lane.FirstWarning is not { } warning) return null;
        string story = $"“{lane.Title.EscapeMarkup()}”: asked to leave at {Wording.Clock(summary.FirstRequestMs)}, the agent was warned at {Wording.Clock(warning.AtMs)}";
        if (lane.FirstAlert is { } alert) story += $", a supervisor alerted at {Wording.Clock(alert.AtMs)}";
        if (summary.HasConfirmedMs) story += $", confirmed at {Wording.Clock(summary.ConfirmedMs)}";
        return story + ".";
    }

    private static string Number(int count) => count.ToString(CultureInfo.InvariantCulture);
}
