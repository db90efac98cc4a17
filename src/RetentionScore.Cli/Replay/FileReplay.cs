using RetentionScore.Cli.Calls;
using RetentionScore.Cli.Scoring;
using RetentionScore.V1;
using Spectre.Console;

namespace RetentionScore.Cli.Replay;

/// <summary>Plays the calls of a file, so many at once, and tells every recommendation when it is made.</summary>
internal sealed class FileReplay(string path, CallPlayer player, Screen screen)
{
    private const int AtOnce = 256;
    private const int IdWidth = 36;
    private readonly WireId ids = WireId.OfThisRun(TimeProvider.System);
    private readonly Lock gate = new();

    /// <summary>What all of them came to; whole once <see cref="RunAsync"/> is done.</summary>
    public FileTotals Totals { get; } = new();

    /// <summary>Plays all of them to their ends.</summary>
    public Task RunAsync(CancellationToken cancellationToken) => Parallel.ForEachAsync(
        CallFile.Read(path),
        new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellationToken },
        async (line, stop) => await PlayAsync(line, stop));

    private async Task PlayAsync(CallLine line, CancellationToken cancellationToken)
    {
        if (line.Call is not { } call)
        {
            lock (gate)
            {
                Totals.AddMalformed();
                screen.Fail($"{path}:{line.Number}: {line.Problem}");
            }

            return;
        }

        var tally = new CallTally();
        var play = new CallPlay(call, ids.Of(call, line.Number)) { Scored = (due, update) => Tell(call, due, tally.Add(update)) };
        PlayedCall played = await player.PlayAsync(play, cancellationToken);
        lock (gate)
        {
            if (played.Problem is null)
            {
                Totals.Add(tally, call.Turns);
                return;
            }

            Totals.AddUnscored();
            screen.Fail($"{path}:{line.Number}: call {call.Id}: {played.Problem}");
        }
    }

    private void Tell(RecordedCall call, Due due, IReadOnlyList<Recommendation> raised)
    {
        foreach (Recommendation recommendation in raised)
        {
            string line = $"{Wording.Clock(due.DueMs),6}  {Wording.Cut(call.Id, IdWidth).PadRight(IdWidth).EscapeMarkup()}  "
                + Tone.Of(recommendation.Severity).Paint($"{Wording.Action(recommendation),-22}")
                + $"  {Wording.Audience(recommendation),-10}  {recommendation.Reason.EscapeMarkup()}";
            lock (gate) screen.Console.MarkupLine(line);
        }
    }
}
