using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using RetentionScore.LoadTests.Calls;
using RetentionScore.LoadTests.Runs;
using RetentionScore.LoadTests.Servers;

namespace RetentionScore.LoadTests;

/// <summary>The options that all commands take, and how they are read. Immutable once made.</summary>
internal sealed class LoadOptions
{
    private readonly Option<string?> target = new("--target") { Description = "A server that runs already, http://host:port. Default: one is started.", HelpName = "URL" };
    private readonly Option<string?> ops = new("--ops") { Description = "With --target: where its /metrics is.", HelpName = "URL" };
    private readonly Option<string?> server = new("--server") { Description = "The server to start: a .dll or an executable. Default: the one built beside this.", HelpName = "PATH" };
    private readonly Option<string[]> serverArguments = new("--server-arg") { Description = "Told to the server, e.g. --server-arg=--Calls:SlowConsumer=1s.", HelpName = "ARG" };
    private readonly Option<string[]> serverEnvironment = new("--server-env") { Description = "Set for the server (and the echo), e.g. DOTNET_gcServer=1.", HelpName = "NAME=VALUE" };
    private readonly Option<string> journal = new("--journal") { Description = "Of the server that is started: memory, or sqlite in a directory of its own.", HelpName = "STORE", DefaultValueFactory = _ => "sqlite" };
    private readonly Option<string?> data = new("--data") { Description = "Calls to play, one a line. Default: those of the demo.", HelpName = "FILE" };
    private readonly Option<int> calls = Number("--calls", "Calls that are open at once.");
    private readonly Option<int> connections = Number("--connections", "Connections they are spread over, or trunks.");
    private readonly Option<string> rate = new("--rate") { Description = "Utterances a second over all calls; several, with commas, are measured one after another.", HelpName = "R[,R…]" };
    private readonly Option<TimeSpan> duration = Time("--duration", "Of a measurement.");
    private readonly Option<TimeSpan> warmup = Time("--warmup", "Before a measurement.");
    private readonly Option<TimeSpan> ramp = Time("--ramp", "Over which the calls start.");
    private readonly Option<TimeSpan> linger = Time("--linger", "How long a trunk's client waits for company for a message.");
    private readonly Option<int> window = Number("--window", "Bytes of answers on a stream before it must be said that some were read.");
    private readonly Option<string> budget = new("--budget") { Description = $"Bounds, e.g. p99=1ms,errors=0; exit code 1 where one is broken. Of {Budget.Names}.", HelpName = "NAME=VALUE,…" };
    private readonly Option<string?> json = new("--json") { Description = "Writes the results there.", HelpName = "FILE" };
    private readonly Option<string?> svg = new("--svg") { Description = "Draws the chart of this command there.", HelpName = "FILE" };

    internal LoadOptions(int usualCalls, int usualConnections, string usualRate, double usualSeconds)
    {
        calls.DefaultValueFactory = _ => usualCalls;
        connections.DefaultValueFactory = _ => usualConnections;
        rate.DefaultValueFactory = _ => usualRate;
        duration.DefaultValueFactory = _ => TimeSpan.FromSeconds(usualSeconds);
        warmup.DefaultValueFactory = _ => TimeSpan.FromSeconds(3);
        ramp.DefaultValueFactory = _ => TimeSpan.FromSeconds(Math.Max(1, usualCalls / 5000.0));
        window.DefaultValueFactory = _ => 1024 * 1024;
        budget.DefaultValueFactory = _ => "";
        budget.Validators.Add(result =>
        {
            if (Budget.Parse(result.GetValueOrDefault<string>()).Problem is { } problem) result.AddError(problem);
        });
        journal.AcceptOnlyFromAmong("memory", "sqlite");
        rate.Validators.Add(result =>
        {
            if (Rates(result.GetValueOrDefault<string>()) is null) result.AddError($"--rate is '{result.GetValueOrDefault<string>()}', must be numbers above 0");
        });
    }

    /// <summary>Gives a command all of them.</summary>
    internal void AddTo(Command command)
    {
        foreach (Option option in new Option[] { target, ops, server, serverArguments, serverEnvironment, journal, data, calls, connections, rate, duration, warmup, ramp, linger, window, budget, json, svg })
            command.Options.Add(option);
    }

    /// <summary>What was asked for.</summary>
    /// <exception cref="InvalidOperationException">There is no server to start.</exception>
    internal Settings Read(ParseResult parsed, Carriage carriage)
    {
        double[] rates = Rates(parsed.GetRequiredValue(rate))!;
        string? given = parsed.GetValue(target);
        return new Settings
        {
            Target = given is null ? null : new Uri(given),
            Ops = parsed.GetValue(ops) is { } page ? new Uri(page) : null,
            Server = parsed.GetValue(server) ?? ServerProcess.FindBuilt() ?? (given is null ? throw new InvalidOperationException("no server was built beside this: name one with --server or --target") : ""),
            ServerArguments = parsed.GetValue(serverArguments) ?? [],
            ServerEnvironment = parsed.GetValue(serverEnvironment) ?? [],
            Journal = parsed.GetRequiredValue(journal),
            Rates = rates,
            Budgets = Budget.Parse(parsed.GetRequiredValue(budget)).Budgets,
            JsonPath = parsed.GetValue(json),
            SvgPath = parsed.GetValue(svg),
            Plan = new LoadPlan
            {
                Carriage = carriage,
                Scripts = CallScript.Load(parsed.GetValue(data)),
                Calls = parsed.GetValue(calls),
                Connections = parsed.GetValue(connections),
                Rate = rates[0],
                Ramp = parsed.GetValue(ramp),
                Warmup = parsed.GetValue(warmup),
                Duration = parsed.GetValue(duration),
                Linger = parsed.GetValue(linger),
                Window = parsed.GetValue(window),
            },
        };
    }

    internal static Option<TimeSpan> Time(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "TIME",
        CustomParser = result =>
        {
            string told = result.Tokens[0].Value;
            foreach ((string unit, double seconds) in new[] { ("ms", 0.001), ("s", 1.0), ("m", 60.0) })
            {
                if (told.EndsWith(unit, StringComparison.Ordinal)
                    && double.TryParse(told.AsSpan(0, told.Length - unit.Length), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double number)) return TimeSpan.FromSeconds(number * seconds);
            }

            result.AddError($"{name} is '{told}', must be a time such as 500ms, 10s or 30m");
            return default;
        },
    };

    internal static Option<int> Number(string name, string description, int least = 1)
    {
        var option = new Option<int>(name) { Description = description, HelpName = "N" };
        option.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() < least) result.AddError($"{name} must be at least {least}");
        });
        return option;
    }

    private static double[]? Rates(string text)
    {
        var rates = new List<double>();
        foreach (string one in text.Split(','))
        {
            if (!double.TryParse(one, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double rate) || rate <= 0) return null;
            rates.Add(rate);
        }

        return [.. rates];
    }
}
