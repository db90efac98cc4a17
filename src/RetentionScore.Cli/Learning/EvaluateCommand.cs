using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using RetentionScore.Core.Signals;

namespace RetentionScore.Cli.Learning;

/// <summary><c>evaluate --data DIR</c>: how good the signals are, set by set, against what an afternoon's work gives.</summary>
internal sealed class EvaluateCommand
{
    private static readonly JsonSerializerOptions Indented = new()
    {
        WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, NumberHandling = System.Text.Json.Serialization.JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };

    private readonly Screen screen;
    private readonly Option<string> data = LearningArguments.Data();
    private readonly Option<string> labels = LearningArguments.Labels();
    private readonly Option<string[]> sets = new("--set") { Description = "One set, or several; all when not given.", HelpName = "NAME", AllowMultipleArgumentsPerToken = true, DefaultValueFactory = _ => Sets.Names };
    private readonly Option<string?> model = CommonArguments.Model();
    private readonly Option<string?> json = new("--json") { Description = "Write the figures as JSON, too.", HelpName = "FILE" };
    private readonly Option<string> words = new("--words") { Description = "dropped: one word in ten is left out. misheard: words are taken for others that sound alike.", DefaultValueFactory = _ => Spoiling.Names[0] };
    private readonly Option<FileInfo> vectors = LearningArguments.Vectors();
    private readonly Option<int> seed = LearningArguments.Seed();
    private readonly Option<double> penalty = LearningArguments.Penalty();

    private EvaluateCommand(Screen screen)
    {
        this.screen = screen;
        sets.AcceptOnlyFromAmong(Sets.Names);
        words.AcceptOnlyFromAmong(Spoiling.Names);
    }

    /// <summary>The command.</summary>
    public static Command On(Screen screen)
    {
        var evaluate = new EvaluateCommand(screen);
        var command = new Command("evaluate", "Measure the signals on labelled sets, with two baselines and 95% intervals.")
        {
            evaluate.data, evaluate.labels, evaluate.vectors, evaluate.sets, evaluate.model, evaluate.words, evaluate.json, evaluate.seed, evaluate.penalty,
        };
        command.SetAction(evaluate.Run);
        return command;
    }

    private int Run(ParseResult parsed)
    {
        var clock = Stopwatch.StartNew();
        string folder = parsed.GetRequiredValue(data), own = parsed.GetRequiredValue(labels);
        Recipe recipe = new Recipe { Seed = parsed.GetValue(seed), Penalty = parsed.GetValue(penalty) };
        void Progress(string step) => screen.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{clock.Elapsed.TotalSeconds,6:0.0} s  {step}"));
        try
        {
            SignalReader shipped = CommonArguments.ReaderOf(parsed.GetValue(model));
            if (shipped.Model is null) return screen.Fail("this build has no model, --model must name one");
            var trainer = new ModelTrainer(Corpus.Read(folder, own, recipe.Seed), VectorsIn(parsed), recipe, Progress);
            var evaluator = new Evaluator(shipped, trainer, recipe.Seed, Spoiling.Way(parsed.GetRequiredValue(words)), Progress);
            Measurement[] measured = [.. parsed.GetRequiredValue(sets).SelectMany(set => Sets.Of(set, folder, own)).Select(evaluator.Run)];
            MeasurementTable.Print(screen, measured);
            if (parsed.GetValue(json) is { } path) File.WriteAllText(path, JsonSerializer.Serialize(measured, Indented) + "\n");
            return ExitCode.Done;
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException or JsonException or FormatException)
        {
            return screen.Fail(unreadable.Message);
        }
    }

    private WordVectors VectorsIn(ParseResult parsed) => parsed.GetValue(vectors) is { } file ? WordVectors.Read(file.FullName) : WordVectors.None;
}
