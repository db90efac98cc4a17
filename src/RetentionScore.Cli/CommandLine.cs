using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.Reflection;
using RetentionScore.Cli.Calibrating;
using RetentionScore.Cli.Demo;
using RetentionScore.Cli.Learning;
using RetentionScore.Cli.Operating;
using RetentionScore.Cli.Replay;
using RetentionScore.Cli.Scoring;
using RetentionScore.Cli.Serving;

namespace RetentionScore.Cli;

/// <summary>The command <c>retentionscore</c>: what it can do, and how a command line becomes an exit code.</summary>
internal static class CommandLine
{
    /// <summary>The version of this build, without the commit.</summary>
    public static string Version { get; } =
        typeof(CommandLine).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];

    /// <summary>Runs a command line.</summary>
    public static async Task<int> RunAsync(IReadOnlyList<string> args, Screen screen, CancellationToken cancellationToken = default)
    {
        ParseResult parsed = Root(screen).Parse(args);
        if (parsed.Action is ParseErrorAction) return screen.Fail(parsed.Errors[0].Message, ExitCode.Usage);
        var invocation = new InvocationConfiguration { Output = screen.Output, Error = screen.Error, EnableDefaultExceptionHandler = false };
        // A server drains when it is told to stop; how long that takes is its own affair.
        if (parsed.CommandResult.Command.Name == ServeCommand.Name) invocation.ProcessTerminationTimeout = null;
        try
        {
            return await parsed.InvokeAsync(invocation, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            return screen.Fail("cancelled");
        }
    }

    private static RootCommand Root(Screen screen)
    {
        var root = new RootCommand("Scores live calls as they happen: utterances in, rolling risk and what should be done now out.");
        var version = new Command("version", "Print the version.");
        version.SetAction(_ => PrintVersion(screen));
        Command[] commands =
        [
            DemoCommand.On(screen), ScoreCommand.On(screen), ExplainCommand.On(screen), ReplayCommand.On(screen), ServeCommand.On(screen), CalibrateCommand.On(screen),
            HealthCommand.On(screen), KeyCommand.On(screen), AuditCommand.On(screen), JournalCommand.On(screen), TrainCommand.On(screen), EvaluateCommand.On(screen), version,
        ];
        foreach (Command command in commands)
            root.Add(command);
        root.Options.OfType<VersionOption>().Single().Action = new Print(() => PrintVersion(screen));
        root.SetAction(parsed => new HelpAction().Invoke(parsed));
        return root;
    }

    private static int PrintVersion(Screen screen)
    {
        screen.Output.WriteLine($"retentionscore {Version}");
        return ExitCode.Done;
    }

    private sealed class Print(Func<int> print) : SynchronousCommandLineAction
    {
        public override int Invoke(ParseResult parseResult) => print();
    }
}
