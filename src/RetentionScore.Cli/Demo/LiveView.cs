using System.Collections.Immutable;
using RetentionScore.Cli.Calls;
using RetentionScore.Cli.Replay;
using RetentionScore.Cli.Serving;
using RetentionScore.V1;
using Spectre.Console;

namespace RetentionScore.Cli.Demo;

/// <summary>The calls as a table and one of them word by word, redrawn some times a second. For a terminal.</summary>
internal sealed class LiveView(Screen screen, Board board, LocalServer server, Pace pace) : IDemoView
{
    private static readonly TimeSpan Redraw = TimeSpan.FromMilliseconds(125);
    private const int TitleWidth = 24, LineWidth = 17, StageWidth = 13;
    private const int RoomyWidth = 118; // below, line of business and one gauge are left out
    private const int RowsBesides = 11; // title, head and edges of the table, edges of the timeline, footer

    /// <inheritdoc/>
    public void Tell(Lane lane, TimelineEntry entry)
    {
        // The next frame shows it.
    }

    /// <inheritdoc/>
    public async Task ShowAsync(Task played)
    {
        screen.Console.Clear(home: true);
        await screen.Console.Live(Frame()).AutoClear(false).Overflow(VerticalOverflow.Crop).StartAsync(async live =>
        {
            while (!played.IsCompleted)
            {
                await Task.WhenAny(played, Task.Delay(Redraw));
                live.UpdateTarget(Frame());
            }
        });
        await played;
    }

    private Rows Frame() => board.Read(lanes =>
    {
        int width = screen.Console.Profile.Width;
        int timeline = Math.Max(3, screen.Console.Profile.Height - lanes.Length - RowsBesides);
        return new Rows(Title(lanes), Table(lanes, width), Followed(lanes[0], timeline, width), Footer());
    });

    private Markup Title(ImmutableArray<Lane> lanes)
    {
        int ended = lanes.Count(lane => lane.Summary is not null);
        return new Markup(
            $" {Tone.Accent.PaintBold("RetentionScore")}  [grey85]{lanes.Length} calls at once over gRPC, {PaceText.Of(pace)}[/]"
            + $"  [grey50]{lanes.Count(lane => lane.IsCaught)} warned of, {ended} ended[/]");
    }

    private static Table Table(ImmutableArray<Lane> lanes, int width)
    {
        bool roomy = width >= RoomyWidth;
        var table = new Table().Border(TableBorder.Horizontal).BorderColor(Color.Grey35).Expand();
        void Column(string head, int columns) => table.AddColumn(new TableColumn($"[grey62]{head}[/]").Width(columns).NoWrap().Padding(1, 0, 1, 0));
        Column("call", TitleWidth);
        if (roomy) Column("line of business", LineWidth);
        Column(" time", 5);
        Column("stage", StageWidth);
        Column("will leave", Gauge.Width);
        Column("held back", Gauge.Width);
        if (roomy) Column("bad ending", Gauge.Width);
        Column("band", 8);
        int left = width - (roomy ? 9 : 7) * 2 - TitleWidth - 5 - StageWidth - 8 - (roomy ? LineWidth + 3 * Gauge.Width : 2 * Gauge.Width);
        Column("recommended now", Math.Max(8, left));
        foreach (Lane lane in lanes) table.AddRow(Row(lane, roomy, Math.Max(8, left)));
        return table;
    }

    private static Markup[] Row(Lane lane, bool roomy, int adviceWidth)
    {
        RiskScores? risk = lane.Latest?.Risk;
        RiskBand band = lane.Latest?.Band ?? RiskBand.Unspecified;
        string title = Wording.Cut(lane.Title, TitleWidth);
        bool over = lane.Summary is not null;
        var cells = new List<string> { over ? Tone.Faint.Paint(title) : $"[bold]{title.EscapeMarkup()}[/]" };
        if (roomy) cells.Add(Tone.Faint.Paint(Wording.Cut(lane.Line, LineWidth)));
        cells.Add(lane.NowMs < 0 ? "" : $"{Wording.Clock(lane.NowMs),5}");
        cells.Add(Wording.Stage(lane.Tally.Stage));
        cells.Add(Gauge.Of(risk?.CancelIntent));
        cells.Add(Gauge.Of(risk?.RetentionPressure));
        if (roomy) cells.Add(Gauge.Of(risk?.Overall));
        cells.Add(band >= RiskBand.High ? Tone.Of(band).PaintBold(Wording.Band(band)) : Tone.Of(band).Paint(Wording.Band(band)));
        cells.Add(Advice(lane, adviceWidth));
        return [.. cells.Select(cell => new Markup(cell))];
    }

    /// <summary>The most urgent, and as many more as there is room for.</summary>
    private static string Advice(Lane lane, int width)
    {
        if (lane.Problem is not null) return Tone.Worst.Paint(Wording.Cut(lane.Problem, width));
        if (lane.NowMs < 0) return Tone.Faint.Paint("rings soon");
        if (lane.Summary is { } summary) return Tone.Faint.Paint("ended: " + ContractNames.Spoken(summary.Disposition));
        string advice = "";
        int used = 0;
        foreach (Recommendation recommendation in lane.InForce)
        {
            string text = Wording.Action(recommendation);
            if (used > 0 && used + 3 + text.Length > width) break;
            text = Wording.Cut(text, width);
            advice += (used > 0 ? " [grey42]·[/] " : "")
                + (recommendation.Severity >= Severity.Warning ? Tone.Of(recommendation.Severity).PaintBold(text) : Tone.Of(recommendation.Severity).Paint(text));
            used += (used > 0 ? 3 : 0) + text.Length;
        }

        return advice;
    }

    private static Panel Followed(Lane lane, int lines, int width)
    {
        // Edges and padding of the panel take four columns.
        IReadOnlyList<string> text = TimelineText.Last(lane, lines, width - 4);
        string filled = string.Join('\n', text.Concat(Enumerable.Repeat("", lines - text.Count)));
        return new Panel(new Markup(filled).Overflow(Overflow.Crop))
            .Header($" [bold]{lane.Title.EscapeMarkup()}[/] [grey62]({lane.Line.EscapeMarkup()}), word by word; right: held back[/] ")
            .Border(BoxBorder.Rounded).BorderColor(Color.Grey35).Expand();
    }

    private Markup Footer()
    {
        string authority = new Uri(server.GrpcAddress).Authority;
        return new Markup(
            $" [grey62]metrics[/] {Tone.Accent.Paint($"{server.OpsAddress}/metrics")}  [grey62]health[/] {Tone.Accent.Paint($"{server.OpsAddress}/readyz")}"
            + $"  [grey62]try[/] {Tone.Accent.Paint($"grpcurl -plaintext {authority} list")}");
    }
}
