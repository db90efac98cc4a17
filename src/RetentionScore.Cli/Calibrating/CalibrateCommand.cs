using System.CommandLine;
using System.Globalization;
using RetentionScore.Core.Risk;
using RetentionScore.Server.Scoring;
using Spectre.Console;

namespace RetentionScore.Cli.Calibrating;

/// <summary><c>calibrate</c>: fits the two numbers of each score to what came of calls, tells how good they are, and writes them as a file.</summary>
internal sealed class CalibrateCommand
{
    private const int Least = 30;
    private readonly Screen screen;
    private readonly Option<string?> outcomes = new("--outcomes") { Description = "What became of your calls, one a line: {\"call_id\", \"score\", \"p\", \"outcome\"}.", HelpName = "FILE" };
    private readonly Option<string?> calls = new("--calls") { Description = "Written calls with what readers answered (tests/calls).", HelpName = "DIR" };
    private readonly Option<string?> model = CommonArguments.Model();
    private readonly Option<string> data = new("--data") { Description = "A line on what the outcomes are; told to clients by GetServerInfo.", DefaultValueFactory = _ => "own outcomes" };
    private readonly Option<string?> file = new("--out") { Description = "Write what was fitted to FILE, for Scoring:CalibrationPath.", HelpName = "FILE" };

    private CalibrateCommand(Screen screen) => this.screen = screen;

    /// <summary>The command.</summary>
    public static Command On(Screen screen)
    {
        var calibrate = new CalibrateCommand(screen);
        var command = new Command("calibrate", "Fit scale and offset of each score to outcomes, and tell how good they are.")
        {
            calibrate.outcomes, calibrate.calls, calibrate.model, calibrate.data, calibrate.file,
        };
        command.SetAction(calibrate.Run);
        return command;
    }

    private int Run(ParseResult parsed)
    {
        string? path = parsed.GetValue(outcomes), folder = parsed.GetValue(calls);
        if (path is null == folder is null) return screen.Fail("one of --outcomes and --calls is needed", ExitCode.Usage);
        LabelledScore[] all;
        try
        {
            all = [.. path is not null ? Outcomes.Read(path, why => screen.Fail(why)) : JudgedCalls.Written(folder!, CommonArguments.ReaderOf(parsed.GetValue(model)))];
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            return screen.Fail(unreadable.Message);
        }

        var fitted = new List<(Score, Platt)>();
        screen.Console.MarkupLine($"[bold]{"score",-20}{"at",5}{"n",6}{"rate",7}{"AUC",7}{"slope",7}  {"95 %",-14}{"skill",6}{"ECE",7}   fitted on the others[/]");
        foreach (IGrouping<Score, LabelledScore> score in all.GroupBy(one => one.Score).OrderBy(group => group.Key))
        {
            LabelledScore[] sample = [.. score];
            if (sample.Length < Least || PlattFit.To(Reliability.Pairs(sample)) is not { } fit)
            {
                screen.Console.MarkupLine($"{CalibrationFile.NameOf(score.Key),-20}{sample.Length,11}   too few, or all the same");
                continue;
            }

            Tell(score.Key, sample);
            fitted.Add((score.Key, Compose(score.Key, sample, fit, isWritten: folder is not null, parsed.GetRequiredValue(data))));
        }

        foreach (var (score, platt) in fitted)
            screen.Output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{CalibrationFile.NameOf(score),-20} scale {platt.Scale:0.000}  offset {platt.Offset:+0.000;-0.000}"));
        if (parsed.GetValue(file) is { } to) File.WriteAllText(to, CalibrationFile.Write(fitted) + "\n");
        return fitted.Count > 0 ? ExitCode.Done : ExitCode.Failed;
    }

    /// <summary>A row for each mark and one for all of them: as told now, and, behind it, fitted on the other writers' calls.</summary>
    private void Tell(Score score, LabelledScore[] sample)
    {
        LabelledScore[] held = LeaveOneWriterOut(sample);
        foreach (IGrouping<int, LabelledScore> mark in sample.GroupBy(one => one.Mark).OrderBy(group => group.Key)) Row(score, $"{mark.Key} %", [.. mark], []);
        if (sample.DistinctBy(one => one.Mark).Count() > 1 || held.Length > 0) Row(score, "all", sample, held);
    }

    private void Row(Score score, string at, LabelledScore[] sample, LabelledScore[] held)
    {
        var told = Reliability.Of(sample);
        string row = string.Create(
            CultureInfo.InvariantCulture,
            $"{CalibrationFile.NameOf(score),-20}{at,5}{told.Count,6}{told.BaseRate,7:0.00}{told.Auc,7:0.000}{told.Slope,7:0.00}  {$"{told.SlopeLow:0.00} to {told.SlopeHigh:0.00}",-14}{told.BrierSkill,6:0.00}{told.Ece,7:0.000}");
        if (held.Length > 0)
        {
            var after = Reliability.Of(held);
            row += string.Create(CultureInfo.InvariantCulture, $"   slope {after.Slope:0.00} ({after.SlopeLow:0.00} to {after.SlopeHigh:0.00}), skill {after.BrierSkill:0.00}, ECE {after.Ece:0.000}");
        }

        screen.Console.MarkupLine(row.EscapeMarkup());
    }

    private static LabelledScore[] LeaveOneWriterOut(LabelledScore[] sample)
    {
        string[] writers = [.. sample.Select(one => one.Writer).Distinct(StringComparer.Ordinal)];
        if (writers.Length < 2) return [];
        var held = new List<LabelledScore>(sample.Length);
        foreach (string writer in writers)
        {
            if (PlattFit.To(Reliability.Pairs(sample.Where(one => one.Writer != writer))) is not { } fit) return [];
            held.AddRange(sample.Where(one => one.Writer == writer).Select(one => one with { LogOdds = fit.Of(one.LogOdds) }));
        }

        return [.. held];
    }

    /// <summary>
    /// What the server has to apply instead of what it applied when it told the scores. Written calls end badly half of the time by design: their share is taken out
    /// of <c>overall</c>, whose offset is that of one bad ending in ten; a policy's prior shifts it from there.
    /// </summary>
    private static Platt Compose(Score score, LabelledScore[] sample, PlattFit fit, bool isWritten, string data)
    {
        Platt shipped = Calibration.Shipped[score];
        double offset = fit.Offset;
        if (isWritten && score == Score.Overall)
        {
            double rate = sample.Average(one => one.Outcome ? 1.0 : 0.0);
            offset += Math.Log(0.1 / 0.9) - Math.Log(rate / (1 - rate));
        }

        return new Platt(
            fit.Scale * shipped.Scale,
            fit.Scale * shipped.Offset + offset,
            isWritten ? CalibrationBasis.WrittenCalls : CalibrationBasis.Measured,
            isWritten ? "calls written from situation cards, read by language models" : data,
            sample.Select(one => one.Call).Distinct(StringComparer.Ordinal).Count());
    }
}
