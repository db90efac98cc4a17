using System.CommandLine;
using System.Globalization;
using RetentionScore.Server.Auditing;

namespace RetentionScore.Cli.Operating;

/// <summary><c>audit FILE</c>: whether an audit log holds together.</summary>
internal static class AuditCommand
{
    /// <summary>The command.</summary>
    public static Command On(Screen screen)
    {
        var file = new Argument<string>("FILE") { Description = "The file of Audit:Path." };
        var command = new Command("audit", "Verify an audit log: every line must follow the one before it.") { file };
        command.SetAction(parsed => Run(parsed.GetRequiredValue(file), screen));
        return command;
    }

    private static int Run(string path, Screen screen)
    {
        AuditFile.Verdict verdict;
        try
        {
            verdict = AuditFile.Verify(path);
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            return screen.Fail(unreadable.Message);
        }

        if (verdict.Problem is not null) return screen.Fail($"{path}: {verdict.Problem}");
        screen.Output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{verdict.Entries} entries hold together; the last hash, to be kept elsewhere: {verdict.LastHash}"));
        return ExitCode.Done;
    }
}
