using System.CommandLine;
using System.Globalization;
using RetentionScore.LoadTests.Reports;
using RetentionScore.LoadTests.Runs;
using RetentionScore.LoadTests.Servers;

namespace RetentionScore.LoadTests;

/// <summary>The commands: one for each kind of load.</summary>
internal static class LoadCommands
{
    internal static RootCommand Root()
    {
        var root = new RootCommand("Load tests of RetentionScore over real sockets, with arrivals fixed beforehand: a stall is seen by everybody who was due during it.");
        root.Add(Streams());
        root.Add(Steady("trunk", "Calls on trunks.", Carriage.Trunk));
        root.Add(Curve());
        root.Add(Storm());
        root.Add(Burst());
        root.Add(Soak());
        root.Add(SlowReaders());
        root.Add(State());
        root.Add(Sdk());
        var echo = new Command(EchoServer.Command, "The bare echo that `streams --echo` compares with.") { Hidden = true };
        echo.SetAction(_ => EchoServer.RunAsync());
        root.Add(echo);
        return root;
    }

    private static Command Streams()
    {
        var options = new LoadOptions(1000, 4, "5000", 10);
        Option<int> rounds = LoadOptions.Number("--echo", "Compares with a bare echo, so many rounds of each in turn.", least: 0);
        var command = new Command("streams", "Calls on streams of their own.") { rounds };
        options.AddTo(command);
        Run(command, parsed => options.Read(parsed, Carriage.Streams) with { EchoRounds = parsed.GetValue(rounds) }, (settings, _, progress) =>
            settings.EchoRounds > 0 ? EchoRun.RunAsync(settings, progress) : SteadyRun.RunAsync(settings, progress));
        return command;
    }

    private static Command Steady(string name, string description, Carriage carriage)
    {
        var options = new LoadOptions(1000, 2, "5000", 10);
        var command = new Command(name, description);
        options.AddTo(command);
        Run(command, parsed => options.Read(parsed, carriage), (settings, _, progress) => SteadyRun.RunAsync(settings, progress));
        return command;
    }

    private static Command Curve()
    {
        var options = new LoadOptions(1000, 4, "2000", 4);
        Option<bool> trunk = Trunk();
        Option<int> steps = LoadOptions.Number("--steps", "At most so many; each is 1.25 times the one before.");
        steps.DefaultValueFactory = _ => 40;
        var command = new Command("curve", "Steps the rate up to saturation: the curve of latency over rate.") { trunk, steps };
        options.AddTo(command);
        Run(command, parsed => options.Read(parsed, CarriageOf(parsed, trunk)), (settings, parsed, progress) => CurveRun.RunAsync(settings, parsed.GetValue(steps), progress));
        return command;
    }

    private static Command Storm()
    {
        var options = new LoadOptions(2000, 500, "500", 5);
        Option<bool> trunk = Trunk();
        var command = new Command("storm", "Everybody connects at once, is cut off, and comes back at once.") { trunk };
        options.AddTo(command);
        Run(
            command,
            parsed =>
            {
                Settings settings = options.Read(parsed, CarriageOf(parsed, trunk));
                return settings with { Plan = settings.Plan with { Ramp = TimeSpan.Zero } };
            },
            (settings, _, progress) => StormRun.RunAsync(settings, progress));
        return command;
    }

    private static Command Burst()
    {
        var options = new LoadOptions(1000, 4, "2000", 10);
        Option<bool> trunk = Trunk();
        Option<TimeSpan> every = LoadOptions.Time("--every", "Arrivals come together so often.");
        every.DefaultValueFactory = _ => TimeSpan.FromSeconds(1);
        var command = new Command("burst", "The same rate, but everything that falls into a span arrives at its end at once.") { trunk, every };
        options.AddTo(command);
        Run(
            command,
            parsed =>
            {
                Settings settings = options.Read(parsed, CarriageOf(parsed, trunk));
                return settings with { Plan = settings.Plan with { Burst = parsed.GetValue(every) } };
            },
            (settings, _, progress) => SteadyRun.RunAsync(settings, progress));
        return command;
    }

    private static Command Soak()
    {
        var options = new LoadOptions(1000, 4, "5000", 1800);
        Option<bool> trunk = Trunk();
        var command = new Command("soak", "One rate for long, in slices.") { trunk };
        options.AddTo(command);
        Run(command, parsed => options.Read(parsed, CarriageOf(parsed, trunk)), (settings, _, progress) => SoakRun.RunAsync(settings, progress));
        return command;
    }

    private static Command SlowReaders()
    {
        var options = new LoadOptions(500, 4, "2000", 10);
        Option<int> slow = LoadOptions.Number("--slow", "Calls more, of clients that do not read.");
        slow.DefaultValueFactory = _ => 50;
        var command = new Command("slow-readers", "Calls as on `streams`, and others whose clients do not read their answers: they are thrown out and hold up nobody.") { slow };
        options.AddTo(command);
        Run(
            command,
            parsed =>
            {
                Settings settings = options.Read(parsed, Carriage.Streams);
                return settings with { Plan = settings.Plan with { SlowCalls = parsed.GetValue(slow) }, ServerArguments = ["--Calls:SlowConsumer=1s", .. settings.ServerArguments] };
            },
            (settings, _, progress) => SteadyRun.RunAsync(settings, progress));
        return command;
    }

    private static Command State()
    {
        var options = new LoadOptions(1000, 4, "1000", 15);
        Option<bool> trunk = Trunk();
        Option<int[]> held = new("--held") { Description = "How many calls; a fresh server for each.", HelpName = "N", AllowMultipleArgumentsPerToken = true, DefaultValueFactory = _ => [1000, 10_000] };
        Option<double> between = new("--between") { Description = "Seconds between two utterances of a call.", HelpName = "S", DefaultValueFactory = _ => 5 };
        var command = new Command("state", "Holds ever more calls: memory of each, and time to score.") { trunk, held, between };
        options.AddTo(command);
        Run(
            command,
            parsed => options.Read(parsed, CarriageOf(parsed, trunk)) with { },
            (settings, parsed, progress) => StateRun.RunAsync(settings, parsed.GetValue(held)!, parsed.GetValue(between), progress));
        return command;
    }

    private static Command Sdk()
    {
        var options = new LoadOptions(200, 1, "500", 30);
        Option<string?> authority = new("--ca") { Description = "With an https:// --target: PEM file of the authority that its certificate is of.", HelpName = "FILE" };
        var command = new Command("sdk", "Calls through the C# SDK, which goes on after breaks: whatever happens to the servers, nothing may be missing or double.") { authority };
        options.AddTo(command);
        Run(command, parsed => options.Read(parsed, Carriage.Streams), (settings, parsed, progress) => SdkRun.RunAsync(settings, parsed.GetValue(authority), progress));
        return command;
    }

    private static Option<bool> Trunk() => new("--trunk") { Description = "On trunks instead of streams." };

    private static Carriage CarriageOf(ParseResult parsed, Option<bool> trunk) => parsed.GetValue(trunk) ? Carriage.Trunk : Carriage.Streams;

    private static void Run(Command command, Func<ParseResult, Settings> read, Func<Settings, ParseResult, Progress, Task<Outcome>> run) => command.SetAction(async parsed =>
    {
        try
        {
            Settings settings = read(parsed);
            Outcome outcome;
            using (var progress = new Progress()) outcome = await run(settings, parsed, progress);
            return Report(command.Name, settings, outcome);
        }
        catch (Exception failure) when (failure is InvalidOperationException or IOException or InvalidDataException or UriFormatException or System.Net.Sockets.SocketException)
        {
            await Console.Error.WriteLineAsync($"retentionscore-load: {failure.Message}");
            return 1;
        }
    });

    private static int Report(string command, Settings settings, Outcome outcome)
    {
        ResultTable.Write(Console.Out, outcome.Results);
        foreach ((string name, double value) in outcome.Figures)
        {
            if (double.IsFinite(value)) Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name} = {value:0.###}"));
        }

        if (settings.JsonPath is { } json) JsonReport.Write(json, command, settings.Plan, outcome.Results, outcome.Figures);
        if (settings.SvgPath is { } svg) outcome.Chart?.Save(svg);
        string[] broken = [.. settings.Budgets.SelectMany(budget => outcome.Results.Select(budget.Check)).OfType<string>()];
        foreach (string one in broken) Console.WriteLine($"over budget: {one}");
        return broken.Length > 0 ? 1 : 0;
    }
}
