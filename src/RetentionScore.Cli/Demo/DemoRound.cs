using RetentionScore.Cli.Calls;
using RetentionScore.Cli.Replay;

namespace RetentionScore.Cli.Demo;

/// <summary>All calls of the board once: they begin one after the other, spread so that the shorter ones do not all end early.</summary>
internal sealed class DemoRound(Board board, CallPlayer player, Pace pace, IDemoView view)
{
    private readonly WireId ids = WireId.OfThisRun(TimeProvider.System);

    /// <summary>Plays every call to its end.</summary>
    public Task PlayAsync(CancellationToken cancellationToken)
    {
        RecordedCall[] calls = board.Read(lanes => lanes.Select(lane => lane.Call).ToArray());
        int[] lengths = [.. calls.Select(call => LiveSchedule.Of(call, 0).DurationMs)];
        int longest = lengths.Max();
        return Task.WhenAll(calls.Select((call, i) => PlayAsync(i, call, (int)((long)(longest - lengths[i]) * i / calls.Length), cancellationToken)));
    }

    private async Task PlayAsync(int lane, RecordedCall call, int beginsAtMs, CancellationToken cancellationToken)
    {
        await Task.Delay(pace.At(beginsAtMs), cancellationToken);
        var play = new CallPlay(call, ids.Of(call, lane + 1)) { Scored = (due, update) => board.Take(lane, due, update, view.Tell) };
        PlayedCall played = await player.PlayAsync(play, cancellationToken);
        board.End(lane, played.Summary, played.Problem);
    }
}
