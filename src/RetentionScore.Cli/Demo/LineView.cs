using System.Globalization;
using RetentionScore.Cli.Calls;
using RetentionScore.Cli.Replay;
using RetentionScore.V1;

namespace RetentionScore.Cli.Demo;

/// <summary>Plain lines for a pipe or a log: of every call what is recommended, of the followed one the words too.</summary>
internal sealed class LineView(Screen screen, Serving.LocalServer server, Pace pace) : IDemoView
{
    private const int TitleWidth = 24;

    /// <inheritdoc/>
    public async Task ShowAsync(Task played)
    {
        screen.Output.WriteLine($"RetentionScore: calls over gRPC at {server.GrpcAddress}, {PaceText.Of(pace)}; metrics at {server.OpsAddress}/metrics");
        await played;
    }

    /// <inheritdoc/>
    public void Tell(Lane lane, TimelineEntry entry)
    {
        if (Text(lane, entry) is { } text) screen.Output.WriteLine($"{Wording.Clock(entry.AtMs),5}  {Wording.Cut(lane.Title, TitleWidth).PadRight(TitleWidth)}  {text}");
    }

    private static string? Text(Lane lane, TimelineEntry entry)
    {
        if (entry.Advised is { } advised) return $"> {Wording.Audience(advised)}: {Wording.Action(advised)} ({advised.Reason})";
        if (!lane.IsFollowed) return null;
        if (entry.Said is { } said)
        {
            string score = entry.Risk is null ? "" : string.Create(CultureInfo.InvariantCulture, $"  [pressure {entry.Risk.RetentionPressure:0.00}]");
            return $"{ContractNames.Spoken(said.Speaker)}: {said.Text}{score}";
        }

        if (entry.Happened is { } happened) return $"* {ContractNames.Spoken(happened.Kind)}";
        return entry.Settled is { } settled ? $"< {Wording.Action(settled)} {ContractNames.Spoken(settled.State)}" : null;
    }
}
