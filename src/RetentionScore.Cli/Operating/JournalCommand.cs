using System.CommandLine;
using System.Data.Common;
using System.Globalization;
using RetentionScore.Server.Journal;
using RetentionScore.Server.Options;

namespace RetentionScore.Cli.Operating;

/// <summary><c>journal erase</c>: removes a call, or a customer's calls, from the journal of a server, whether or not it runs.</summary>
internal static class JournalCommand
{
    /// <summary>The command.</summary>
    public static Command On(Screen screen)
    {
        var keys = new Argument<string[]>("--Section:Key=value")
        {
            Description = "The server's own: --Journal:Store=postgres --Journal:ConnectionString=…, or --Journal:Path=FILE.",
            Arity = ArgumentArity.ZeroOrMore,
        };
        var call = new Option<string?>("--call") { Description = "The id of the call." };
        var customer = new Option<string?>("--customer") { Description = "The customer_id of the calls." };
        var tenant = new Option<string>("--tenant") { Description = "Whose they are.", DefaultValueFactory = _ => "default" };
        var erase = new Command("erase", "Remove all that the journal keeps of a call or of a customer's calls; live ones are lost.") { keys, call, customer, tenant };
        erase.SetAction((parsed, _) => EraseAsync(parsed.GetValue(keys) ?? [], parsed.GetRequiredValue(tenant), parsed.GetValue(call), parsed.GetValue(customer), screen));
        return new Command("journal", "What a server keeps of its calls.") { erase };
    }

    private static async Task<int> EraseAsync(IReadOnlyList<string> flags, string tenant, string? call, string? customer, Screen screen)
    {
        if (call is null == customer is null)
        {
            screen.Fail("either --call or --customer names what is to be erased");
            return ExitCode.Usage;
        }

        OptionsOutcome read = OptionsSource.Read(flags);
        foreach (string problem in read.Problems) screen.Fail(problem);
        if (read.Problems.Length > 0) return ExitCode.Usage;
        try
        {
            int erased = await JournalErasure.EraseAsync(read.Options, tenant, call, customer);
            screen.Output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{erased} calls erased"));
            return ExitCode.Done;
        }
        catch (Exception unwritable) when (unwritable is UnauthorizedAccessException || (unwritable is IOException && read.Options.Audit.Path is not null))
        {
            return screen.Fail($"nothing was erased, the audit log or the journal cannot be opened: {unwritable.Message}");
        }
        catch (Exception unreachable) when (unreachable is DbException or IOException or InvalidDataException or TimeoutException)
        {
            return screen.Fail($"the journal: {unreachable.Message}");
        }
    }
}
