using System.CommandLine;
using System.Net;
using System.Net.Security;
using RetentionScore.Server.Options;

namespace RetentionScore.Cli.Operating;

/// <summary>
/// <c>health</c>: asks the server of this machine whether it takes calls, for the health check of a container, which has no other program to ask
/// with. Reads the same configuration as <c>serve</c>, so it needs no flags where both get it from the environment.
/// </summary>
internal sealed class HealthCommand
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly Screen screen;
    private readonly Argument<string[]> keys = new("--Section:Key=value")
    {
        Description = "Any key of appsettings.json that serve was given, e.g. --Listen:Ops=127.0.0.1:5081.",
        Arity = ArgumentArity.ZeroOrMore,
    };

    private readonly Option<bool> live = new("--live") { Description = "Ask only whether the process lives; it does while it drains, too." };

    private HealthCommand(Screen screen) => this.screen = screen;

    /// <summary>The command.</summary>
    public static Command On(Screen screen)
    {
        var health = new HealthCommand(screen);
        var command = new Command("health", "Ask the server of this machine whether it takes calls; exit code 0 where it does.") { health.keys, health.live };
        command.SetAction(health.RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        OptionsOutcome read = OptionsSource.Read(parsed.GetValue(keys) ?? []);
        foreach (string problem in read.Problems) screen.Fail(problem);
        if (read.Problems.Length > 0) return ExitCode.Usage;

        Uri address = AddressOf(read.Options, parsed.GetValue(live) ? "healthz" : "readyz");
        // It talks to itself on this machine and learns one word: the certificate is for the name that others call it by.
#pragma warning disable CA5359
        using var handler = new SocketsHttpHandler { SslOptions = new SslClientAuthenticationOptions { RemoteCertificateValidationCallback = (_, _, _, _) => true } };
#pragma warning restore CA5359
        using var client = new HttpClient(handler) { Timeout = Patience };
        try
        {
            using HttpResponseMessage answer = await client.GetAsync(address, cancellationToken);
            string said = (await answer.Content.ReadAsStringAsync(cancellationToken)).Trim();
            if (!answer.IsSuccessStatusCode) return screen.Fail($"{address}: {said} ({(int)answer.StatusCode})");
            screen.Output.WriteLine(said);
            return ExitCode.Done;
        }
        catch (HttpRequestException unreachable)
        {
            return screen.Fail($"{address}: {unreachable.Message}");
        }
        catch (TaskCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return screen.Fail($"{address}: no answer within {Patience.TotalSeconds:0} s");
        }
    }

    private static Uri AddressOf(ServerOptions options, string path)
    {
        IPEndPoint ops = options.Listen.Ops;
        IPAddress host = ops.Address switch
        {
            var any when any.Equals(IPAddress.Any) => IPAddress.Loopback,
            var any when any.Equals(IPAddress.IPv6Any) => IPAddress.IPv6Loopback,
            var one => one,
        };
        return new UriBuilder(options.Tls.IsOn ? "https" : "http", host.ToString(), ops.Port, path).Uri;
    }
}
