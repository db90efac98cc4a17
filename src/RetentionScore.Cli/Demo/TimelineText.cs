using RetentionScore.Cli.Calls;
using RetentionScore.V1;
using Spectre.Console;

namespace RetentionScore.Cli.Demo;

/// <summary>A call's timeline as lines of markup, each of at most the given width.</summary>
internal static class TimelineText
{
    private const int Indent = 18; // clock and speaker
    private static readonly string Margin = new(' ', Indent);

    /// <summary>The last lines of a timeline.</summary>
    public static IReadOnlyList<string> Last(Lane lane, int lines, int width)
    {
        var text = new List<string>();
        // Every entry is at least one line: earlier ones cannot be seen.
        foreach (TimelineEntry entry in lane.Timeline.Skip(lane.Timeline.Count - lines)) Add(text, entry, width);
        return text.Count > lines ? text[^lines..] : text;
    }

    private static void Add(List<string> text, TimelineEntry entry, int width)
    {
        if (entry.Said is { } said) AddWords(text, entry, said, width);
        else if (entry.Happened is { } happened) text.Add($"{Clock(entry)}[grey62 italic]{Wording.Cut(ContractNames.Spoken(happened.Kind), width - 8)}[/]");
        else if (entry.Advised is { } advised) AddAdvice(text, advised, width);
        else if (entry.Settled is { } settled)
            text.Add(Margin + Tone.Faint.Paint($"{(settled.State == RecommendationState.Fulfilled ? '✓' : '·')} {Wording.Action(settled).ToLowerInvariant()}: {ContractNames.Spoken(settled.State)}"));
    }

    private static void AddWords(List<string> text, TimelineEntry entry, Utterance said, int width)
    {
        string speaker = ContractNames.Spoken(said.Speaker).PadRight(Indent - 7);
        string colour = said.Speaker == Speaker.Customer ? "skyblue1" : said.Speaker == Speaker.Agent ? "grey93" : "plum2";
        string head = $"{Clock(entry)}[bold {colour}]{speaker}[/]";
        string gauge = "  " + Gauge.OfRisk(entry.Risk?.RetentionPressure);
        int room = width - Indent - Gauge.Width - 2;
        foreach (string line in Wrap(said.Text, room))
        {
            text.Add($"{head}[{colour}]{line.PadRight(room).EscapeMarkup()}[/]{gauge}");
            (head, gauge) = (Margin, "");
        }
    }

    private static void AddAdvice(List<string> text, Recommendation advised, int width)
    {
        string to = advised.Audience == Audience.Supervisor ? "▲ supervisor" : "▶ agent";
        string action = $"{to}: {Wording.Action(advised)}";
        string why = advised.Reason.Replace('_', ' ').ToLowerInvariant() + (advised.Say.Length > 0 ? $", say: “{advised.Say}”" : "");
        text.Add(Margin + Tone.Of(advised.Severity).PaintBold(action) + "  " + Tone.Faint.Paint(Wording.Cut(why, Math.Max(8, width - Indent - action.Length - 2))));
    }

    private static string Clock(TimelineEntry entry) => $"[grey50]{Wording.Clock(entry.AtMs),5}[/]  ";

    private static IEnumerable<string> Wrap(string text, int width)
    {
        for (string rest = text; ;)
        {
            if (rest.Length <= width)
            {
                yield return rest;
                yield break;
            }

            int space = rest.LastIndexOf(' ', width);
            int end = space > width / 2 ? space : width;
            yield return rest[..end];
            rest = rest[end..].TrimStart();
        }
    }
}
