using System.CommandLine;
using System.Diagnostics;
using RetentionScore.Cli.Calls;

namespace RetentionScore.Cli.Replay;

/// <summary><c>replay FILE --server URL</c>: plays recorded calls to a server as if they were held now.</summary>
internal sealed class ReplayCommand
{
    private readonly Screen screen;
    private readonly Argument<string> file = CommonArguments.CallFile();
    private readonly Option<string?> server = CommonArguments.Server("The server, e.g. http://127.0.0.1:5080.");
    private readonly Option<Pace> speed = CommonArguments.Speed(Pace.Of(1), "How many times faster than spoken; max does not wait at all.");

    private ReplayCommand(Screen screen)
    {
        this.screen = screen;
        server.Required = true;
    }

    /// <summary>The command.</summary>
    public static Command On(Screen screen)
    {
        var replay = new ReplayCommand(screen);
        var command = new Command("replay", "Play recorded calls to a server with their timings, many at once.") { replay.file, replay.server, replay.speed };
        command.SetAction(replay.RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        string path = parsed.GetRequiredValue(file);
        var (connected, problem) = await ScoringServer.ConnectAsync(parsed.GetValue(server)!, cancellationToken);
        if (connected is null) return screen.Fail(problem!);
        using (connected)
        {
            var clock = Stopwatch.StartNew();
            var replay = new FileReplay(path, new CallPlayer(connected.Client, parsed.GetRequiredValue(speed)), screen);
            try
            {
                await replay.RunAsync(cancellationToken);
            }
            catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
            {
                return screen.Fail($"{path}: {unreadable.Message}");
            }

            screen.Output.WriteLine();
            replay.Totals.Write(screen.Output, clock.Elapsed);
            return replay.Totals.IsComplete ? ExitCode.Done : ExitCode.Failed;
        }
    }
}
