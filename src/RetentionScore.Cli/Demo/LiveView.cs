using System.Collections.Immutable;
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
        return new Rows(Title(lanes), Text.Empty, new Markup(new CallTable(width).Draw(lanes)), Followed(lanes[0], timeline, width), Footer());
    });

    private Markup Title(ImmutableArray<Lane> lanes)
    {
        int ended = lanes.Count(lane => lane.Summary is not null);
        return new Markup(
            $" {Tone.Accent.PaintBold("RetentionScore")}  [grey85]{lanes.Length} calls at once over gRPC, {PaceText.Of(pace)}[/]"
            + $"  [grey50]{lanes.Count(lane => lane.IsCaught)} warned of, {ended} ended[/]");
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

    private Markup Footer()
    {
        string authority = new Uri(server.GrpcAddress).Authority;
        return new Markup(
            $" [grey62]metrics[/] {Tone.Accent.Paint($"{server.OpsAddress}/metrics")}  [grey62]health[/] {Tone.Accent.Paint($"{server.OpsAddress}/readyz")}"
            + $"  [grey62]try[/] {Tone.Accent.Paint($"grpcurl -plaintext {authority} list")}");
    }
}
