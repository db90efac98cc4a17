using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using RetentionScore.Cli.Calibrating;
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
    private readonly Option<string> calls = LearningArguments.JudgedCalls();
    private readonly Option<string?> plot = new("--plot") { Description = "Draw what each risk says of the written calls against what came true, as SVG.", HelpName = "FILE" };
    private readonly Option<FileInfo> vectors = LearningArguments.Vectors();
    private readonly Option<int> seed = LearningArguments.Seed();
    private readonly Option<FileInfo> report = LearningArguments.Report("The report of the model's training: what is trained without a set takes its penalties.");

    private EvaluateCommand(Screen screen)
    {
        this.screen = screen;
        sets.AcceptOnlyFromAmong(Sets.Names);
    }

    /// <summary>The command.</summary>
    public static Command On(Screen screen)
    {
        var evaluate = new EvaluateCommand(screen);
        var command = new Command("evaluate", "Measure signals and risks on labelled sets, with two baselines, 95% intervals, spoiled words and calibration.")
        {
            evaluate.data, evaluate.labels, evaluate.vectors, evaluate.sets, evaluate.model, evaluate.calls, evaluate.json, evaluate.plot, evaluate.seed, evaluate.report,
        };
        command.SetAction(evaluate.Run);
        return command;
    }

    private int Run(ParseResult parsed)
    {
        var clock = Stopwatch.StartNew();
        string folder = parsed.GetRequiredValue(data), own = parsed.GetRequiredValue(labels);
        void Progress(string step)
        {
            lock (clock) screen.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{clock.Elapsed.TotalSeconds,6:0.0} s  {step}"));
        }

        try
        {
            SignalReader shipped = CommonArguments.ReaderOf(parsed.GetValue(model));
            if (shipped.Model is null) return screen.Fail("this build has no model, --model must name one");
            string[] asked = parsed.GetRequiredValue(sets);
            var recipe = new Recipe { Seed = parsed.GetValue(seed), Penalty = 1 };
            if (parsed.GetValue(report) is { } told) recipe = recipe.WithPenaltiesOf(told.FullName);
            // Only where the model is trained anew without what is measured.
            bool learns = asked.Any(Sets.IsLearnedFrom);
            if (learns && recipe.Penalties.Count == 0)
                return screen.Fail($"the model learns from {asked.First(Sets.IsLearnedFrom)}: it is measured by training without a part of it, which needs --report", ExitCode.Usage);
            var trainer = new ModelTrainer(learns ? Corpus.Read(folder, own, recipe.Seed) : [], learns ? VectorsIn(parsed) : WordVectors.None, recipe, Progress);
            var evaluator = new Evaluator(shipped, trainer, recipe.Seed, Progress);
            string judged = parsed.GetRequiredValue(calls);
            LabelledScore[] written = asked.Contains("written") ? [.. JudgedCalls.Written(judged, shipped)] : [];
            LabelledScore[] real = asked.Contains("real") ? [.. JudgedCalls.Real(judged, folder, shipped)] : [];
            var all = new Evaluation(
                shipped.Version, EvidenceLine.Told, Measure(asked, folder, own, evaluator, trainer),
                asked.Contains("calls") ? [.. QuietCalls.Count(folder, shipped, Progress)] : [],
                [.. JudgedRisk.Of("written", written, recipe.Seed), .. JudgedRisk.Of("real", real, recipe.Seed)]);
            EvaluationTables.Print(screen.Output, all);
            if (parsed.GetValue(json) is { } path) File.WriteAllText(path, JsonSerializer.Serialize(all, Indented) + "\n");
            if (parsed.GetValue(plot) is { } picture && written.Length > 0) File.WriteAllText(picture, ReliabilityPlot.Draw(written));
            return ExitCode.Done;
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException or JsonException or FormatException)
        {
            return screen.Fail(unreadable.Message);
        }
    }

    /// <summary>Tasks run beside each other and are told in their order.</summary>
    private static Measurement[] Measure(string[] sets, string data, string labels, Evaluator evaluator, ModelTrainer trainer)
    {
        Func<Measurement>[] tasks =
        [
            .. sets.SelectMany(set => Sets.Of(set, data, labels).Select(task => (Func<Measurement>)(() => evaluator.Run(task)))
                .Concat(Sets.Heard(set, data).Select(task => (Func<Measurement>)(() => evaluator.Run(task))))),
        ];
        if (sets.Any(Sets.IsLearnedFrom)) trainer.MatrixOf(customer: true); // read before anyone shares it
        var measured = new Measurement[tasks.Length];
        Parallel.For(0, tasks.Length, new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount }, i => measured[i] = tasks[i]());
        return measured;
    }

    private WordVectors VectorsIn(ParseResult parsed) => parsed.GetValue(vectors) is { } file ? WordVectors.Read(file.FullName) : WordVectors.None;
}
