using System.CommandLine;
using Microsoft.AspNetCore.Builder;
using RetentionScore.Server;
using RetentionScore.Server.Options;

namespace RetentionScore.Cli.Serving;

/// <summary><c>serve</c>: the server, as its own program runs it, with the same flags, environment and appsettings.json.</summary>
internal static class ServeCommand
{
    /// <summary>Its name: Ctrl-C is left to the server, which drains.</summary>
    public const string Name = "serve";

    /// <summary>The command.</summary>
    public static Command On(Screen screen)
    {
        var keys = new Argument<string[]>("--Section:Key=value")
        {
            Description = "Any key of appsettings.json, e.g. --Listen:Grpc=127.0.0.1:5080 --Listen:Ops=127.0.0.1:5081.",
            Arity = ArgumentArity.ZeroOrMore,
        };
        var check = new Option<bool>("--check-config") { Description = "Check the configuration, print it as it takes effect (secrets masked), and end." };
        var model = CommonArguments.Model();
        var command = new Command(Name, "Run the server until it is told to stop (SIGTERM or Ctrl-C), then drain.") { keys, check, model };
        command.SetAction((parsed, _) => RunAsync([.. parsed.GetValue(keys) ?? [], .. parsed.GetValue(model) is { } file ? new[] { $"--Scoring:ModelPath={file}" } : []], parsed.GetValue(check), screen));
        return command;
    }

    private static async Task<int> RunAsync(IReadOnlyList<string> flags, bool onlyChecked, Screen screen)
    {
        OptionsOutcome read = OptionsSource.Read(flags);
        foreach (string problem in read.Problems) screen.Fail(problem);
        if (read.Problems.Length > 0) return ExitCode.Usage;
        if (onlyChecked)
        {
            screen.Output.WriteLine(OptionsText.Write(read.Options));
            return ExitCode.Done;
        }

        try
        {
            await using WebApplication app = ServerHost.Build(read.Options);
            await app.RunAsync();
            return ExitCode.Done;
        }
        catch (Exception taken) when (taken is IOException or System.Net.Sockets.SocketException)
        {
            return screen.Fail(taken.Message);
        }
    }
}
