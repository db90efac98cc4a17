using RetentionScore.Core;
using RetentionScore.Core.Signals;
using RetentionScore.Core.Signals.Linear;

namespace RetentionScore.Cli.Learning;

/// <summary>
/// Measures tasks in this process, on probabilities that nothing has cut off. On a set that feeds the weights each part is scored by a model that
/// was trained without it, by the same recipe, with the shipped scale and offset.
/// </summary>
internal sealed class Evaluator(SignalReader shipped, ModelTrainer trainer, int seed, Func<string, string> spoil, Action<string> progress)
{
    private const double LeastLogOdds = -40, OperatingPoint = EvidenceLine.Told;
    private readonly HeadScores _read = new();
    private readonly SignalReader _phrases = shipped.With(null);
    private readonly Dictionary<string, SignalReader> _readers = new(StringComparer.Ordinal);

    /// <summary>Measures one task.</summary>
    public Measurement Run(Measured task)
    {
        progress($"{task.Set}: {task.Name}");
        Measured.Item[] items = [.. task.Items.Select(item => item with { Text = spoil(item.Text) })];
        double[] logOdds = new double[items.Length], probabilities = new double[items.Length], phrases = new double[items.Length], baseline = new double[items.Length];
        for (int part = 0; part < Math.Max(1, task.Parts); part++)
        {
            int heldOut = part;
            bool IsMeasured(int i) => task.Parts == 0 || task.PartOf(items[i].Group) == heldOut;
            SignalReader reader = task.Parts == 0 ? shipped : ReaderWithout(task, heldOut);
            TfidfRegression? regression = task.Parts == 0 ? null
                : new TfidfRegression([.. task.Items.Where(item => task.PartOf(item.Group) != heldOut).Select(item => (item.Text, item.Positive))]);
            for (int i = 0; i < items.Length; i++)
            {
                if (!IsMeasured(i)) continue;
                (logOdds[i], probabilities[i]) = Score(reader, task, items[i]);
                phrases[i] = Phrases(task, items[i]);
                if (regression is not null) baseline[i] = regression.LogOdds(items[i].Text);
            }
        }

        return Tell(task, items, logOdds, probabilities, phrases, task.Parts == 0 ? null : baseline);
    }

    private (double LogOdds, double Probability) Score(SignalReader reader, Measured task, Measured.Item item)
    {
        _read.Read(reader, item.Text, item.Speaker, item.Before);
        double best = LeastLogOdds, probability = 0;
        foreach (Signal signal in task.Signals)
        {
            best = Math.Max(best, _read.LogOdds(signal));
            probability = Math.Max(probability, _read.Reading[signal]);
        }

        if (task.Against != Signal.None) best -= Math.Max(LeastLogOdds, _read.LogOdds(task.Against));
        return (best, probability);
    }

    private double Phrases(Measured task, Measured.Item item)
    {
        SignalReading reading = _read.Reading;
        _read.ReadPhrases(_phrases, item.Text, item.Speaker, item.Before);
        return task.Signals.Max(signal => reading[signal]);
    }

    private SignalReader ReaderWithout(Measured task, int part)
    {
        string key = $"{task.Set} {part} {string.Join(' ', task.Signals)} {task.Against}";
        if (_readers.TryGetValue(key, out SignalReader? known)) return known;
        bool customer = task.Items[0].Speaker == Speaker.Customer;
        Signal[] signals = [.. task.Signals, .. task.Against == Signal.None ? [] : new[] { task.Against }];
        SignalReader made = trainer.ReaderOf(customer, signals, example => example.Set != task.Set || task.PartOf(example.Group) != part);
        // The shipped scale and offset.
        LinearTables tables = made.Model!.SideOf(task.Items[0].Speaker)!.Tables;
        LinearHead[] ofShipped = shipped.Model!.SideOf(task.Items[0].Speaker)!.Heads.ToArray();
        LinearHead[] heads = [.. tables.Heads.Select(head => Array.Find(ofShipped, s => s.Signal == head.Signal) is { Slope: > 0 } same ? head with { Slope = same.Slope, Offset = same.Offset } : head)];
        tables = tables with { Heads = heads };
        made = shipped.With(customer ? new LinearModel("without", tables, LinearTables.None) : new LinearModel("without", LinearTables.None, tables));
        _readers.Add(key, made);
        return made;
    }

    private Measurement Tell(Measured task, Measured.Item[] items, double[] logOdds, double[] probabilities, double[] phrases, double[]? baseline)
    {
        (double, bool)[] With(double[] scores) => [.. scores.Select((score, i) => (score, items[i].Positive))];
        (double, bool)[] Rule(Func<string, double> rule) => [.. items.Select(item => (rule(item.Text), item.Positive))];
        var ours = With(logOdds);
        var theirs = baseline is null ? null : With(baseline);
        bool cancels = task.Signals[0] == Signal.CancelRequest && task.Against == Signal.None;
        var (aucInterval, aucDifference) = Bootstrap.Run(ours, theirs, Bootstrap.Auc, seed);
        var (bestInterval, bestDifference) = Bootstrap.Run(ours, theirs, Bootstrap.BestF1, seed);
        var (f1Interval, _) = Bootstrap.Run(With(probabilities), null, (sorted, times) => Bootstrap.F1At(OperatingPoint, sorted, times), seed);
        return new Measurement
        {
            Set = task.Set, Name = task.Name, Items = items.Length, Positives = items.Count(item => item.Positive),
            Auc = Metrics.Auc(ours), AucInterval = aucInterval, BestF1 = Metrics.BestF1(ours), BestF1Interval = bestInterval,
            F1 = Metrics.F1(With(probabilities), OperatingPoint), F1Interval = f1Interval, PhrasesF1 = Metrics.F1(With(phrases), 0.5),
            BaselineAuc = theirs is null ? null : Metrics.Auc(theirs), BaselineBestF1 = theirs is null ? null : Metrics.BestF1(theirs),
            AucDifference = aucDifference, BestF1Difference = bestDifference,
            PublishedRuleF1 = cancels ? Metrics.F1(Rule(KeywordRules.Published), 0.5) : null, DaysWorkF1 = cancels ? Metrics.F1(Rule(KeywordRules.DaysWork), 0.5) : null,
            AucBar = double.IsNaN(task.Bars.Auc) ? null : task.Bars.Auc, BestF1Bar = double.IsNaN(task.Bars.F1) ? null : task.Bars.F1,
        };
    }
}
