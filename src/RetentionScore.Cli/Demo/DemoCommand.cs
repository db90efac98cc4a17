using System.CommandLine;
using RetentionScore.Cli.Replay;
using RetentionScore.Cli.Serving;

namespace RetentionScore.Cli.Demo;

/// <summary><c>demo</c>: a server in this process, a dozen calls over real gRPC, and what is said of them while they last.</summary>
internal sealed class DemoCommand
{
    private static readonly Pace Usual = Pace.Of(7);
    private static readonly TimeSpan BetweenRounds = TimeSpan.FromSeconds(5);
    private readonly Screen screen;
    private readonly Option<bool> once = new("--once") { Description = "End when the calls have ended; otherwise they begin again until Ctrl-C." };
    private readonly Option<Pace> speed = CommonArguments.Speed(Usual, "How many times faster than spoken; max does not wait at all.");

    private readonly Option<string?> model = CommonArguments.Model();

    private DemoCommand(Screen screen) => this.screen = screen;

    /// <summary>The command.</summary>
    public static Command On(Screen screen)
    {
        var demo = new DemoCommand(screen);
        var command = new Command("demo", "Start a server here, play a dozen calls to it and watch them being scored.") { demo.once, demo.speed, demo.model };
        command.SetAction(demo.RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var (server, problem) = await LocalServer.StartAsync(parsed.GetValue(model), cancellationToken);
        if (server is null) return screen.Fail(problem!);
        await using (server)
        {
            var (connected, silence) = await ScoringServer.ConnectAsync(server.GrpcAddress, cancellationToken);
            if (connected is null) return screen.Fail(silence!);
            using (connected)
            {
                var player = new CallPlayer(connected.Client, parsed.GetRequiredValue(speed));
                return await PlayAsync(player, parsed.GetRequiredValue(speed), server, parsed.GetValue(once), cancellationToken);
            }
        }
    }

    private async Task<int> PlayAsync(CallPlayer player, Pace pace, LocalServer server, bool onlyOnce, CancellationToken cancellationToken)
    {
        Board? playing = null;
        try
        {
            while (true)
            {
                Board board = playing = new Board(DemoCalls.Load());
                IDemoView view = screen.CanRedraw ? new LiveView(screen, board, server, pace) : new LineView(screen, server, pace);
                var round = new DemoRound(board, player, pace, view);
                await view.ShowAsync(round.PlayAsync(cancellationToken));
                playing = null;
                bool allEnded = ClosingTable.Write(board, screen);
                if (!allEnded) return ExitCode.Failed;
                if (onlyOnce) return ExitCode.Done;
                await Task.Delay(BetweenRounds, cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Ctrl-C is how a demo without an end ends; what it showed is told all the same.
            if (playing is not null) ClosingTable.Write(playing, screen, isCutShort: true);
            return onlyOnce ? screen.Fail("cancelled before the calls had ended") : ExitCode.Done;
        }
    }
}
