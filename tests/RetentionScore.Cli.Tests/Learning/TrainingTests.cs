using RetentionScore.Cli.Learning;
using RetentionScore.Core;
using RetentionScore.Core.Signals;
using RetentionScore.Core.Signals.Linear;

namespace RetentionScore.Cli.Tests.Learning;

/// <summary>The whole of training on a corpus of a few hundred made-up turns, in which one word tells the signal.</summary>
public class TrainingTests
{
    private static readonly string[] Others = ["bill", "router", "engineer", "password", "address", "tariff", "signal"];

    [Fact]
    public void Train_Twice_GivesTheSameBytes_AndAnotherSeedOthers()
    {
        Assert.Equal(Trained(1), Trained(1));
        Assert.NotEqual(Trained(1), Trained(2));
    }

    [Fact]
    public void Train_OnOneTellingWord_FindsItAndIsCalibrated()
    {
        var (model, problem) = LinearFile.Read(Trained(1));
        Assert.Null(problem);
        SignalReader reader = SignalReader.BuiltIn.With(model);
        float said = reader.Read("about the zorble of mine then", Speaker.Customer)[Signal.LifeEvent], notSaid = reader.Read("about the router of mine then", Speaker.Customer)[Signal.LifeEvent];
        Assert.InRange(said, 0.5f, 1f);
        Assert.InRange(notSaid, 0f, 0.1f);
    }

    [Fact]
    public void Train_SignalOfTooFewExamples_HasNoHead()
    {
        var (model, _) = LinearFile.Read(Trained(1));
        Assert.Equal([Signal.LifeEvent], model!.SideOf(Speaker.Customer)!.Heads.ToArray().Select(head => head.Signal));
        Assert.Equal(0, model.SideOf(Speaker.Agent)!.Heads.Length);
    }

    [Fact]
    public void Train_WithoutAPenalty_ChoosesTheLessForWhatIsToldByOneWord_AndMoreForNoise()
    {
        var sure = new ModelTrainer(Corpus(), WordVectors.None, new Recipe { Seed = 1 }, _ => { });
        sure.Train();
        // Which turns it is of is drawn by nothing that they hold.
        List<Example> noise = [.. Corpus().Take(90).Select((example, i) => (i * 7919 % 31) < 8
            ? example with { Positive = SignalSet.Of(Signal.LifeEvent), Negative = default }
            : example with { Positive = default, Negative = SignalSet.Of(Signal.LifeEvent) })];
        var unsure = new ModelTrainer(noise, WordVectors.None, new Recipe { Seed = 1 }, _ => { });
        unsure.Train();
        Assert.Equal((0.1, 6.4), (Assert.Single(sure.Reports).Penalty, Assert.Single(unsure.Reports).Penalty));
    }

    [Fact]
    public async Task Recipe_WithPenaltiesOfAReport_HasThem_AndRefusesAnotherFile()
    {
        using var report = new TemporaryFile("""{"heads": [{"side": "customer", "signal": "goodbye", "penalty": 0.8}, {"side": "agent", "signal": "goodbye", "penalty": 0.2}]}""");
        Recipe recipe = new Recipe { Penalty = 1 }.WithPenaltiesOf(report.Path);
        Assert.Equal((0.8, 0.2, 1.0), (recipe.PenaltyOf(Speaker.Customer, Signal.Goodbye), recipe.PenaltyOf(Speaker.Agent, Signal.Goodbye), recipe.PenaltyOf(Speaker.Customer, Signal.Denies)));
        foreach (string other in new[] { """{"calls": 3}""", """{"heads": [{"signal": "goodbye", "penalty": 0.8}]}""" })
        {
            using var file = new TemporaryFile(other);
            Assert.Throws<System.Text.Json.JsonException>(() => recipe.WithPenaltiesOf(file.Path));
        }

        using var unknown = new TemporaryFile("""{"heads": [{"side": "customer", "signal": "luck", "penalty": 0.8}]}""");
        Assert.Contains("'luck' of 'customer' is no signal of a side", Assert.Throws<FormatException>(() => recipe.WithPenaltiesOf(unknown.Path)).Message, StringComparison.Ordinal);
        Outcome outcome = await Shell.RunAsync("evaluate", "--data", Path.GetTempPath(), "--labels", Path.GetTempPath(), "--calls", Path.GetTempPath(), "--set", "xci");
        Assert.Contains("the model learns from xci: it is measured by training without a part of it, which needs --report", outcome.Error.ReplaceLineEndings(" "), StringComparison.Ordinal);
    }

    [Fact]
    public void Minimiser_ConvexFunction_FindsItsLeastPoint()
    {
        double[] least = Minimiser.Run(
            (at, gradient) =>
            {
                (gradient[0], gradient[1]) = (20 * (at[0] - 3), at[1] + 2);
                return (10 * (at[0] - 3) * (at[0] - 3)) + (0.5 * (at[1] + 2) * (at[1] + 2));
            },
            2, 100);
        Assert.Equal(3, least[0], 0.01);
        Assert.Equal(-2, least[1], 0.01);
    }

    [Fact]
    public void Platt_Fit_MeansWhatItSaysAtTheReferenceRate()
    {
        // Half of what is over 0 is said, of what is below nothing; where one in fifty is said, a score over 0 that as many others share is seldom right.
        Platt.Scored[] scores = [.. Enumerable.Range(0, 4000).Select(i => new Platt.Scored(i % 4 == 0 ? 2 : -2, i % 8 == 0, Own: true, Ordinary: false, ByPhrase: false))];
        var (slope, offset, rate) = Platt.Fit(Signal.CancelRequest, scores);
        double over = 1 / (1 + Math.Exp(-((slope * 2) + offset))), below = 1 / (1 + Math.Exp(-((slope * -2) + offset)));
        double shareOver = rate + ((1 - rate) * (1.0 / 7));
        Assert.Equal(0.02, rate);
        Assert.Equal(rate, (over * shareOver) + (below * (1 - shareOver)), 0.002);
        Assert.Equal(rate / shareOver, over, 0.02);
    }

    private static byte[] Trained(int seed)
    {
        var (customer, agent) = new ModelTrainer(Corpus(), WordVectors.None, new Recipe { Seed = seed, Penalty = 0.4 }, _ => { }).Train();
        return LinearFile.Write("tiny", customer, agent);
    }

    private static List<Example> Corpus()
    {
        var examples = new List<Example>();
        for (int i = 0; i < 420; i++)
        {
            bool said = i % 6 == 0;
            string word = said ? "zorble" : Others[i % Others.Length];
            SignalSet signal = SignalSet.Of(Signal.LifeEvent), few = i is 7 or 8 ? SignalSet.Of(Signal.RepeatsSelf) : default;
            examples.Add(new Example
            {
                Set = "own", Group = $"call-{i}", Speaker = Speaker.Customer, Text = $"{Others[i * 3 % Others.Length]} about the {word} of mine {Others[i * 5 % Others.Length]}",
                Positive = (said ? signal : default) | few, Negative = said ? default : signal,
            });
        }

        return examples;
    }
}
