using System.CommandLine;
using System.Diagnostics;
using RetentionScore.Cli.Calls;
using RetentionScore.Cli.Replay;

namespace RetentionScore.Cli.Scoring;

/// <summary><c>score FILE</c>: what would have been said of recorded calls.</summary>
internal sealed class ScoreCommand
{
    private const string Table = "table", JsonLines = "jsonl";
    private readonly Screen screen;
    private readonly Argument<string> file = CommonArguments.CallFile();
    private readonly Option<bool> explain = new("--explain") { Description = "What was recommended, when and why, under the row of each call; in jsonl the signals and evidence of every update." };
    private readonly Option<string> output = new("--output") { Description = "table: a row a call. jsonl: every update and summary as JSON.", DefaultValueFactory = _ => Table };
    private readonly Option<string?> model = CommonArguments.Model();
    private readonly Option<string?> server = CommonArguments.Server("Score on a running server, e.g. http://127.0.0.1:5080, not in this process.");

    private ScoreCommand(Screen screen)
    {
        this.screen = screen;
        output.AcceptOnlyFromAmong(Table, JsonLines);
    }

    /// <summary>The command.</summary>
    public static Command On(Screen screen)
    {
        var score = new ScoreCommand(screen);
        var command = new Command("score", "Score recorded calls, one a line of a JSON file.") { score.file, score.explain, score.output, score.model, score.server };
        command.Validators.Add(result =>
        {
            if (result.GetResult(score.model) is not null && result.GetResult(score.server) is not null) result.AddError("--model is of this process: a server has its own");
        });
        command.SetAction(score.RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        string path = parsed.GetRequiredValue(file);
        bool explained = parsed.GetValue(explain);
        IScoreReport report = parsed.GetValue(output) == JsonLines ? new JsonReport(screen) : new TableReport(screen, explained);
        if (parsed.GetValue(server) is not { } address) return await ScoreAsync(path, new InProcessScorer(CommonArguments.ReaderOf(parsed.GetValue(model))), report, explained, cancellationToken);
        var (connected, problem) = await ScoringServer.ConnectAsync(address, cancellationToken);
        if (connected is null) return screen.Fail(problem!);
        using (connected)
        {
            var scorer = new ServerScorer(connected.Client, WireId.OfThisRun(TimeProvider.System));
            return await ScoreAsync(path, scorer, report, explained, cancellationToken);
        }
    }

    private async Task<int> ScoreAsync(string path, ICallScorer scorer, IScoreReport report, bool explained, CancellationToken cancellationToken)
    {
        var totals = new FileTotals();
        var clock = Stopwatch.StartNew();
        using var progress = new ProgressLine(screen);
        try
        {
            foreach (CallLine line in CallFile.Read(path))
            {
                cancellationToken.ThrowIfCancellationRequested();
                await ScoreAsync(line, path, scorer, report, totals, explained, cancellationToken);
                progress.Show(line.Share, totals.Lines);
            }
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            return screen.Fail($"{path}: {unreadable.Message}");
        }

        progress.Dispose();
        report.Close(totals, clock.Elapsed);
        return totals.IsComplete ? ExitCode.Done : ExitCode.Failed;
    }

    private async Task ScoreAsync(
        CallLine line, string path, ICallScorer scorer, IScoreReport report, FileTotals totals, bool explained, CancellationToken cancellationToken)
    {
        if (line.Call is not { } call)
        {
            totals.AddMalformed();
            screen.Fail($"{path}:{line.Number}: {line.Problem}");
            return;
        }

        ScoredCall scored = await scorer.ScoreAsync(call, line.Number, explained, cancellationToken);
        var tally = new CallTally();
        foreach (var update in scored.Updates) tally.Add(update);
        report.Add(call, scored, tally);
        if (scored.Problem is null)
        {
            totals.Add(tally, call.Turns);
            return;
        }

        totals.AddUnscored();
        screen.Fail($"{path}:{line.Number}: call {call.Id}: {scored.Problem}");
    }
}
