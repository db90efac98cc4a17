using System.Collections.Immutable;
using System.Globalization;
using RetentionScore.Cli.Replay;
using RetentionScore.Cli.Serving;
using Spectre.Console;

namespace RetentionScore.Cli.Demo;

/// <summary>The calls as a table and one of them word by word, redrawn some times a second. For a terminal.</summary>
internal sealed class LiveView(Screen screen, Board board, LocalServer server, Pace pace) : IDemoView
{
    private static readonly TimeSpan Redraw = TimeSpan.FromMilliseconds(125);
    private const int LinesBesides = 6; // title and the line below it, edges of the timeline, footer, and the cursor's

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
        int timeline = Math.Max(3, screen.Console.Profile.Height - lanes.Length - CallTable.LinesBesides - LinesBesides);
        return new Rows(Title(lanes, width), Text.Empty, new Markup(new CallTable(width).Draw(lanes)), Followed(lanes[0], timeline, width), Footer(width));
    });

    private Markup Title(ImmutableArray<Lane> lanes, int width)
    {
        string what = $"{lanes.Length} calls at once over gRPC, {PaceText.Of(pace)}";
        string so = string.Create(CultureInfo.InvariantCulture, $"{lanes.Count(lane => lane.IsCaught)} warned of, {lanes.Count(lane => lane.Summary is not null)} ended");
        return Fitting(width, [("RetentionScore", Tone.Accent.PaintBold("RetentionScore")), (what, $"[grey85]{what}[/]"), (so, Tone.Faint.Paint(so))]);
    }

    private static Panel Followed(Lane lane, int lines, int width)
    {
        // Edges and padding of the panel take four columns.
        IReadOnlyList<string> text = TimelineText.Last(lane, lines, width - 4);
        string filled = string.Join('\n', text.Concat(Enumerable.Repeat("", lines - text.Count)));
        return new Panel(new Markup(filled).Overflow(Overflow.Crop))
            .Header($" [bold grey93]{lane.Title.EscapeMarkup()}[/] [grey62]({lane.Line.EscapeMarkup()}), word by word; on the right: held back[/] ")
            .Border(BoxBorder.Rounded).BorderColor(Color.Grey35).Expand();
    }

    private Markup Footer(int width)
    {
        string authority = new Uri(server.GrpcAddress).Authority;
        (string Name, string Value)[] hints =
        [
            ("metrics", $"{server.OpsAddress}/metrics"),
            ("try", $"grpcurl -plaintext {authority} list"),
            ("health", $"{server.OpsAddress}/readyz"),
        ];
        return Fitting(width, hints.Select(hint => ($"{hint.Name} {hint.Value}", $"[grey62]{hint.Name}[/] {Tone.Accent.Paint(hint.Value)}")));
    }

    /// <summary>As many parts as one line has room for: a second line would push the first one off the screen.</summary>
    private static Markup Fitting(int width, IEnumerable<(string Plain, string Painted)> parts)
    {
        int left = width;
        return new Markup(string.Concat(parts.TakeWhile(part => (left -= part.Plain.Length + 2) >= 0).Select((part, i) => (i == 0 ? " " : "  ") + part.Painted)));
    }
}
