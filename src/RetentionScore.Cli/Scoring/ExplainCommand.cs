using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using RetentionScore.Core;
using RetentionScore.Core.Signals;

namespace RetentionScore.Cli.Scoring;

/// <summary><c>explain TEXT</c>: the words that moved each signal of one utterance, in log-odds.</summary>
internal sealed class ExplainCommand
{
    private const int MostContributions = 8;
    private static readonly JsonSerializerOptions OneLine = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly Screen screen;
    private readonly Argument<string> text = new("TEXT") { Description = "What was said." };
    private readonly Option<string> speaker = new("--speaker") { Description = "Who said it.", DefaultValueFactory = _ => "customer" };
    private readonly Option<string?> only = new("--signal") { Description = "Of this signal alone; of those that are told, and the next one, when not given.", HelpName = "NAME" };
    private readonly Option<string?> model = CommonArguments.Model();
    private readonly Option<bool> json = new("--json") { Description = "All contributions, a line of JSON a signal." };

    private ExplainCommand(Screen screen)
    {
        this.screen = screen;
        speaker.AcceptOnlyFromAmong("customer", "agent");
        only.Validators.Add(result =>
        {
            if (!SignalCatalogue.TryParse(result.GetValueOrDefault<string?>() ?? "", out _)) result.AddError($"--signal is '{result.GetValueOrDefault<string?>()}', no signal of docs/labels.md");
        });
    }

    /// <summary>The command.</summary>
    public static Command On(Screen screen)
    {
        var explain = new ExplainCommand(screen);
        var command = new Command("explain", "Tell which words moved the signals of one utterance, in log-odds.") { explain.text, explain.speaker, explain.only, explain.model, explain.json };
        command.SetAction(explain.Run);
        return command;
    }

    private int Run(ParseResult parsed)
    {
        string said = parsed.GetRequiredValue(text);
        Speaker side = parsed.GetValue(speaker) == "agent" ? Speaker.Agent : Speaker.Customer;
        IReadOnlyList<SignalExplanation> all = CommonArguments.ReaderOf(parsed.GetValue(model)).Explain(said, side);
        if (parsed.GetValue(only) is { } name) all = [.. all.Where(one => SignalCatalogue.Name(one.Signal) == name)];
        else if (!parsed.GetValue(json)) all = [.. all.Take(1 + all.Count(one => one.Probability >= EvidenceLine.Told))];
        if (all.Count == 0) return screen.Fail("no word, or no signal of that name on that side");
        foreach (SignalExplanation one in all)
        {
            if (parsed.GetValue(json)) screen.Output.WriteLine(JsonSerializer.Serialize(Told(one, said), OneLine));
            else Write(one, said);
        }

        return ExitCode.Done;
    }

    private void Write(SignalExplanation one, string said)
    {
        screen.Output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{SignalCatalogue.Name(one.Signal),-24}{one.Probability:0.00}  log-odds {one.LogOdds:+0.00;-0.00}"));
        SignalContribution[] strongest = [.. one.Contributions.OrderByDescending(item => Math.Abs(item.LogOdds))];
        foreach (SignalContribution item in strongest.Take(MostContributions))
            screen.Output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {item.LogOdds,7:+0.00;-0.00}  {What(item, said)}"));
        if (strongest.Length > MostContributions)
            screen.Output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {strongest.Skip(MostContributions).Sum(item => item.LogOdds),7:+0.00;-0.00}  {strongest.Length - MostContributions} others"));
    }

    private static string What(SignalContribution item, string said)
    {
        string words = item.EndChar > item.BeginChar ? $"'{said[item.BeginChar..item.EndChar]}'" : "";
        return item.Kind switch
        {
            ContributionKind.Word => words,
            ContributionKind.Phrase => $"phrase of {item.Name} {words}",
            ContributionKind.Before => $"before it: {item.Name}",
            ContributionKind.Length => "its length",
            _ => "bias",
        };
    }

    private static object Told(SignalExplanation one, string said) => new
    {
        Signal = SignalCatalogue.Name(one.Signal), one.Probability, one.LogOdds,
        Contributions = one.Contributions.Select(item => new
        {
            Kind = item.Kind.ToString().ToLowerInvariant(), item.Name, Begin = item.BeginChar, End = item.EndChar, Text = said[item.BeginChar..item.EndChar], item.LogOdds,
        }),
    };
}
