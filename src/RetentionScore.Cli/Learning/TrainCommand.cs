using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using RetentionScore.Core.Signals.Linear;

namespace RetentionScore.Cli.Learning;

/// <summary><c>train --data DIR --out FILE</c>: a model of signals from labelled turns.</summary>
internal sealed class TrainCommand
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    private readonly Screen screen;
    private readonly Option<string> data = LearningArguments.Data();
    private readonly Option<string> labels = LearningArguments.Labels();
    private readonly Option<string> into = new("--out") { Description = "The file of weights to write; a report is written beside it.", HelpName = "FILE", Required = true };
    private readonly Option<string> name = new("--name") { Description = "The model's name, told to clients.", DefaultValueFactory = _ => "linear-4" };
    private readonly Option<FileInfo> vectors = LearningArguments.Vectors();
    private readonly Option<int> seed = LearningArguments.Seed();
    private readonly Option<double?> penalty = LearningArguments.Penalty();
    private readonly Option<FileInfo> report = LearningArguments.Report("The report of an earlier training, whose penalties are taken instead of choosing them anew.");

    private TrainCommand(Screen screen) => this.screen = screen;

    /// <summary>The command.</summary>
    public static Command On(Screen screen)
    {
        var train = new TrainCommand(screen);
        var command = new Command("train", "Train the model of signals; the same data and seed give the same bytes.") { train.data, train.labels, train.vectors, train.into, train.name, train.seed, train.penalty, train.report };
        command.SetAction(train.Run);
        return command;
    }

    private int Run(ParseResult parsed)
    {
        var clock = Stopwatch.StartNew();
        string path = parsed.GetRequiredValue(into), called = parsed.GetRequiredValue(name);
        var recipe = new Recipe { Seed = parsed.GetValue(seed), Penalty = parsed.GetValue(penalty) };
        void Progress(string step)
        {
            lock (clock) screen.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{clock.Elapsed.TotalSeconds,6:0.0} s  {step}"));
        }

        try
        {
            if (parsed.GetValue(report) is { } earlier) recipe = recipe.WithPenaltiesOf(earlier.FullName);
            List<Example> examples = Corpus.Read(parsed.GetRequiredValue(data), parsed.GetRequiredValue(labels), recipe.Seed);
            var trainer = new ModelTrainer(examples, VectorsIn(parsed), recipe, Progress);
            var (customer, agent) = trainer.Train();
            byte[] bytes = LinearFile.Write(called, customer, agent);
            var (_, problem) = LinearFile.Read(bytes);
            if (problem is not null) return screen.Fail($"{path}: {problem}");
            File.WriteAllBytes(path, bytes);
            var told = new { Name = called, recipe.Seed, Bytes = bytes.Length, Sets = examples.CountBy(example => example.Set).ToDictionary(), Heads = trainer.Reports };
            File.WriteAllText(Path.ChangeExtension(path, ".report.json"), JsonSerializer.Serialize(told, Indented) + "\n");
            foreach (HeadReport head in trainer.Reports)
            {
                screen.Output.WriteLine(string.Create(CultureInfo.InvariantCulture,
                    $"{head.Side,-8} {head.Signal,-22} penalty {head.Penalty:0.0}, positives {head.Positives,5}, own {head.OwnPositives,4}: AUC {head.OwnAuc:0.000}, precision {head.OwnPrecision:0.00}, recall {head.OwnRecall:0.00}, F1 {head.OwnF1:0.00} (phrases {head.PhrasesF1:0.00}), of ordinary turns {head.OrdinaryFlagged:0.0000}"));
            }

            screen.Output.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"own turns, not learned from: mean AUC {trainer.Reports.Average(head => head.OwnAuc):0.000}, mean F1 {trainer.Reports.Average(head => head.OwnF1):0.000}, of phrases {trainer.Reports.Average(head => head.PhrasesF1):0.000}"));
            screen.Output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{path}: {bytes.Length} bytes"));
            return ExitCode.Done;
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException or JsonException or FormatException)
        {
            return screen.Fail(unreadable.Message);
        }
    }

    private WordVectors VectorsIn(ParseResult parsed) => parsed.GetValue(vectors) is { } file ? WordVectors.Read(file.FullName) : WordVectors.None;
}
