using System.CommandLine;
using System.Text.Json;
using RetentionScore.Server.Security;

namespace RetentionScore.Cli.Operating;

/// <summary><c>key</c>: makes an API key: the key itself, which is nowhere kept, and the entry for the server's file of keys.</summary>
internal sealed class KeyCommand
{
    private static readonly string[] RoleNames = ["telephony", "supervisor", "admin", "metrics"];
    private readonly Screen screen;
    private readonly Option<string> name = new("--name") { Description = "Whose key it is, for the audit log.", Required = true };
    private readonly Option<string> tenant = new("--tenant") { Description = "Whose calls it sees.", DefaultValueFactory = _ => "default" };
    private readonly Option<string[]> roles = new("--role") { Description = "What it may do; may be said several times.", DefaultValueFactory = _ => ["telephony"] };

    private KeyCommand(Screen screen)
    {
        this.screen = screen;
        roles.AcceptOnlyFromAmong(RoleNames);
    }

    /// <summary>The command.</summary>
    public static Command On(Screen screen)
    {
        var key = new KeyCommand(screen);
        var command = new Command("key", "Make an API key: to the output the entry for Security:ApiKeysPath, to the error stream the key, once.") { key.name, key.tenant, key.roles };
        command.SetAction(key.Run);
        return command;
    }

    private int Run(ParseResult parsed)
    {
        ApiKey made = ApiKey.Make();
        screen.Error.WriteLine($"key (shown this once): {made.Key}");
        var entry = new { name = parsed.GetRequiredValue(name), sha256 = made.Sha256, tenant = parsed.GetRequiredValue(tenant), roles = parsed.GetRequiredValue(roles) };
        screen.Output.WriteLine(JsonSerializer.Serialize(entry));
        return ExitCode.Done;
    }
}
