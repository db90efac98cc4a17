using System.Globalization;
using RetentionScore.Cli.Calibrating;
using RetentionScore.Core.Risk;
using RetentionScore.Server.Scoring;

namespace RetentionScore.Cli.Tests.Calibrating;

public class CalibrateTests
{
    /// <summary>Outcomes drawn with log-odds of 0.5 x − 1 where the score said x.</summary>
    private static (double LogOdds, bool Outcome)[] Drawn(int count)
    {
        var random = new Random(5);
        return [.. Enumerable.Range(0, count).Select(_ => random.NextDouble() * 8 - 4).Select(x => (x, random.NextDouble() < PlattFit.Probability(0.5 * x - 1)))];
    }

    [Fact]
    public void Fit_OfDrawnOutcomes_FindsTheNumbersTheyWereDrawnWith()
    {
        PlattFit fit = PlattFit.To(Drawn(20_000))!.Value;
        Assert.Equal(0.5, fit.Scale, 0.03);
        Assert.Equal(-1, fit.Offset, 0.05);
    }

    [Fact]
    public void Fit_WithoutAMistake_HasAnEnd()
    {
        PlattFit fit = PlattFit.To([.. Enumerable.Range(-20, 41).Select(x => ((double)x, x > 0))])!.Value;
        Assert.InRange(fit.Scale, 0.1, 50);
        Assert.Null(PlattFit.To([(1, true), (2, true)]));
    }

    [Fact]
    public void Reliability_OfTrueProbabilities_IsGood_AndOfExaggeratedOnesItIsNot()
    {
        LabelledScore[] sound = [.. Drawn(4000).Select((one, i) => new LabelledScore(Score.Overall, $"c{i}", "", 0, 0.5 * one.LogOdds - 1, one.Outcome))];
        Reliability good = Reliability.Of(sound), bad = Reliability.Of([.. sound.Select(one => one with { LogOdds = 4 * one.LogOdds })]);
        Assert.InRange(good.Slope, 0.9, 1.1);
        Assert.InRange(good.Slope, good.SlopeLow, good.SlopeHigh);
        Assert.True(good.Ece < 0.03, $"{good.Ece}");
        Assert.InRange(bad.Slope, 0.2, 0.3);
        Assert.True(bad.Ece > 0.1 && bad.BrierSkill < good.BrierSkill);
        Assert.Equal(good.Auc, bad.Auc, 9);
    }

    [Fact]
    public async Task Calibrate_Outcomes_WritesAFileThatTheServerReads_AndNamesWrongLines()
    {
        string[] good = [.. Drawn(500).Select((one, i) => string.Create(
            CultureInfo.InvariantCulture, $$"""{"call_id": "c{{i}}", "score": "overall", "p": {{PlattFit.Probability(one.LogOdds):0.000000}}, "outcome": {{(one.Outcome ? "true" : "false")}}}"""))];
        using var file = new TemporaryFile([.. good, """{"call_id": "x", "score": "luck", "p": 0.5, "outcome": true}""", """{"call_id": "x", "score": "overall", "p": 1.5, "outcome": true}"""]);
        string written = file.Path + ".out";
        Outcome outcome = await Shell.RunAsync("calibrate", "--outcomes", file.Path, "--data", "complaints of May", "--out", written);
        Assert.Equal(0, outcome.ExitCode);
        Assert.Contains($"{file.Path}:501: score must be one of overall, cancel_intent, ", outcome.Error, StringComparison.Ordinal);
        Assert.Contains($"{file.Path}:502: p must be a number from 0 to 1", outcome.Error, StringComparison.Ordinal);
        Platt platt = CalibrationFile.Read(written)[Score.Overall];
        Assert.Equal(0.5, platt.Scale, 0.15);
        Assert.Equal((CalibrationBasis.Measured, "complaints of May", 500), (platt.Basis, platt.Data, platt.Count));
        Assert.Equal(Calibration.Shipped[Score.Frustration], CalibrationFile.Read(written)[Score.Frustration]);
        File.Delete(written);
    }

    [Fact]
    public async Task Calibrate_WrittenCalls_TellsEveryScoreThatHasLabels()
    {
        string folder = Path.Combine(AppContext.BaseDirectory, "../../../../..", "tests", "calls");
        Outcome outcome = await Shell.RunAsync("calibrate", "--calls", folder);
        Assert.Equal(0, outcome.ExitCode);
        foreach (string score in CalibrationFile.Choice.Split(", ")) Assert.Contains(outcome.Lines, line => line.StartsWith($"{score} ", StringComparison.Ordinal) && line.Contains("scale", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("""{"luck": {"scale": 1, "offset": 0, "basis": "EXPERT", "data": "", "n": 0}}""", "'luck' must be one of overall, ")]
    [InlineData("""{"overall": {"scale": 0, "offset": 0, "basis": "EXPERT", "data": "", "n": 0}}""", "overall: scale must be above 0")]
    [InlineData("""{"overall": {"scale": 1, "offset": 0, "basis": "FELT", "data": "", "n": 0}}""", "overall: basis must be one of MEASURED, WRITTEN_CALLS, EXPERT")]
    [InlineData("""{"overall": 5}""", "line 1: no calibration as docs/model-card.md has it")]
    public void File_ThatIsWrong_IsNamed(string text, string problem)
    {
        using var file = new TemporaryFile(text);
        Assert.StartsWith(problem, Assert.Throws<FormatException>(() => CalibrationFile.Read(file.Path)).Message, StringComparison.Ordinal);
    }
}
