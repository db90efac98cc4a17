using System.Collections.Concurrent;
using System.Text;
using RetentionScore.Cli.Calibrating;
using RetentionScore.Core;
using RetentionScore.Core.Calls;
using RetentionScore.Core.Policy;
using RetentionScore.Core.Risk;
using RetentionScore.Core.Signals;
using RetentionScore.Core.Signals.Linear;

namespace RetentionScore.Cli.Learning;

/// <summary>
/// Measures tasks in this process, on probabilities that nothing has cut off. On a set that feeds the weights each part is scored by a model that
/// was trained without it, by the same recipe, with the shipped scale and offset. Safe for any thread.
/// </summary>
internal sealed class Evaluator(SignalReader shipped, ModelTrainer trainer, int seed, Action<string> progress)
{
    private const double LeastLogOdds = -40, OperatingPoint = EvidenceLine.Told, Half = 0.5;
    private readonly SignalReader _phrases = shipped.With(null);
    private readonly ConcurrentDictionary<string, Lazy<LinearTables>> _tables = new(StringComparer.Ordinal);

    /// <summary>Measures a signal.</summary>
    public Measurement Run(Measured task)
    {
        Measured.Item[] items = task.Items;
        string[] texts = [.. items.Select(item => item.Text)];
        bool[] positive = [.. items.Select(item => item.Positive)];
        double[] logOdds = new double[items.Length], probabilities = new double[items.Length], phrases = new double[items.Length];
        var spoiled = Spoiling.Names.ToDictionary(way => way, _ => new double[items.Length], StringComparer.Ordinal);
        var read = new HeadScores();
        for (int part = 0; part < Math.Max(1, task.Parts); part++)
        {
            progress(task.Parts == 0 ? $"{task.Set}: {task.Name}" : $"{task.Set}: {task.Name}, part {part + 1} of {task.Parts}");
            SignalReader reader = task.Parts == 0 ? shipped : ReaderWithout(task, part);
            for (int i = 0; i < items.Length; i++)
            {
                if (task.Parts > 0 && task.PartOf(items[i].Group) != part) continue;
                foreach (string way in Spoiling.Names) (spoiled[way][i], _) = Score(read, reader, task, items[i] with { Text = Spoiling.Way(way)(items[i].Text) });
                (logOdds[i], probabilities[i]) = Score(read, reader, task, items[i]);
                read.ReadPhrases(_phrases, items[i].Text, items[i].Speaker, items[i].Before);
                phrases[i] = task.Signals.Max(signal => read.Reading[signal]);
            }
        }

        double[] baseline = task.BaselineFrom is { } from
            ? Learned(texts, new TfidfRegression(from, RuleOf(task)))
            : CrossValidated(texts, positive, i => task.PartOf(items[i].Group, task.BaselineParts), task.BaselineParts, RuleOf(task));
        var scored = new ScoredItems(texts, positive, [.. items.Select((_, i) => task.Drawn(i))])
        {
            LogOdds = logOdds, Probabilities = probabilities, Phrases = phrases, Baseline = baseline, Spoiled = spoiled,
        };
        return Tell(task.Set, task.Name, scored, OperatingPoint, task.IsCancelling, task.Bars);
    }

    /// <summary>Measures a risk.</summary>
    public Measurement Run(HeardTask task)
    {
        var (texts, positive, groups) = (new List<string>(), new List<bool>(), new List<string>());
        var (logOdds, spoiled) = (new List<double>(), Spoiling.Names.ToDictionary(way => way, _ => new List<double>(), StringComparer.Ordinal));
        SignalReader[] readers = task.Parts == 0 ? [shipped] : [.. Enumerable.Range(0, task.Parts).Select(part => ReaderWithout(task, part))];
        progress($"{task.Set}: {task.Name}");
        foreach (HeardTask.Call call in task.Calls)
        {
            SignalReader reader = readers[task.Parts == 0 ? 0 : Drawing.Part(7, call.Id, task.Parts)];
            logOdds.AddRange(Hear(reader, call, task.Score, text => text));
            foreach (string way in Spoiling.Names) spoiled[way].AddRange(Hear(reader, call, task.Score, Spoiling.Way(way)));
            var said = new StringBuilder();
            foreach (HeardTask.Turn turn in call.Turns)
            {
                if (turn.Speaker == Speaker.Customer) said.Append(said.Length > 0 ? " " : "").Append(turn.Text);
                if (turn.Holds is not { } holds) continue;
                texts.Add(call.WholeText ? said.ToString() : turn.Text);
                positive.Add(holds);
                groups.Add(call.Id);
            }
        }

        string[] read = [.. texts];
        var scored = new ScoredItems(read, [.. positive], [.. groups])
        {
            LogOdds = [.. logOdds], Probabilities = [.. logOdds.Select(Logistic.Of)], Spoiled = spoiled.ToDictionary(way => way.Key, way => way.Value.ToArray(), StringComparer.Ordinal),
            Baseline = CrossValidated(read, [.. positive], i => Drawing.Part(7, groups[i], task.BaselineParts), task.BaselineParts, null),
        };
        return Tell(task.Set, task.Name, scored, Half, isCancelling: false, (task.AucBar, double.NaN));
    }

    /// <summary>The log-odds of a risk after each turn that is labelled.</summary>
    private static IEnumerable<double> Hear(SignalReader reader, HeardTask.Call call, Score score, Func<string, string> spoil)
    {
        var session = new CallSession(RetentionPolicy.Default, CallContext.Empty, reader);
        var scratch = new ScoringScratch();
        var clock = default(EstimatedClock);
        uint seq = 0;
        foreach (HeardTask.Turn turn in call.Turns)
        {
            string text = spoil(turn.Text);
            var (start, end) = clock.Next(text.Count(c => c == ' ') + 1);
            ScoreUpdate update = session.Observe(
                new Utterance { Seq = ++seq, Speaker = turn.Speaker, Text = Encoding.UTF8.GetBytes(text), StartMs = start, EndMs = end, TimingsEstimated = true }, scratch);
            if (turn.Holds is null) continue;
            // Of the others nothing is measured here.
            yield return JudgedCalls.LogOddsOf(score == Core.Risk.Score.Frustration ? update.Risk.Frustration : update.Risk.Overall);
        }
    }

    private static (double LogOdds, double Probability) Score(HeadScores read, SignalReader reader, Measured task, Measured.Item item)
    {
        read.Read(reader, item.Text, item.Speaker, item.Before);
        double best = LeastLogOdds, probability = 0;
        foreach (Signal signal in task.Signals)
        {
            best = Math.Max(best, read.LogOdds(signal));
            probability = Math.Max(probability, read.Reading[signal]);
        }

        if (task.Against != Signal.None) best -= Math.Max(LeastLogOdds, read.LogOdds(task.Against));
        return (best, probability);
    }

    private static Func<string, double>? RuleOf(Measured task) => task.IsCancelling ? KeywordRules.DaysWork : null;

    private static double[] Learned(string[] texts, TfidfRegression regression) => [.. texts.Select(regression.LogOdds)];

    private static double[] CrossValidated(string[] texts, bool[] positive, Func<int, int> partOf, int parts, Func<string, double>? rule)
    {
        var scores = new double[texts.Length];
        int[] partOfItem = [.. texts.Select((_, i) => partOf(i))];
        for (int part = 0; part < parts; part++)
        {
            int heldOut = part;
            var regression = new TfidfRegression([.. texts.Index().Where(item => partOfItem[item.Index] != heldOut).Select(item => (item.Item, positive[item.Index]))], rule);
            for (int i = 0; i < texts.Length; i++)
            {
                if (partOfItem[i] == heldOut) scores[i] = regression.LogOdds(texts[i]);
            }
        }

        return scores;
    }

    private SignalReader ReaderWithout(Measured task, int part)
    {
        bool customer = task.Items[0].Speaker == Speaker.Customer;
        Signal[] signals = [.. task.Signals.Concat(task.Against == Signal.None ? [] : [task.Against]).Order()];
        LinearTables tables = TablesWithout(task.Set, customer, signals, part, group => task.PartOf(group));
        return shipped.With(customer ? new LinearModel("without", tables, LinearTables.None) : new LinearModel("without", LinearTables.None, tables));
    }

    /// <summary>The shipped model, but for the signal that learns from the set.</summary>
    private SignalReader ReaderWithout(HeardTask task, int part)
    {
        progress($"{task.Set}: {task.Name}, part {part + 1} of {task.Parts}");
        LinearTables without = TablesWithout(task.Set, customer: true, [task.Learns], part, group => Drawing.Part(7, group, task.Parts));
        LinearTables customer = Graft.Of(shipped.Model!.SideOf(Speaker.Customer)!.Tables, without);
        return shipped.With(new LinearModel("without", customer, shipped.Model.SideOf(Speaker.Agent)!.Tables));
    }

    private LinearTables TablesWithout(string set, bool customer, Signal[] signals, int part, Func<string, int> partOf) =>
        _tables.GetOrAdd($"{set} {part} {string.Join(' ', signals)}", _ => new Lazy<LinearTables>(() =>
        {
            SignalReader made = trainer.ReaderOf(customer, signals, example => example.Set != set || partOf(example.Group) != part);
            Speaker side = customer ? Speaker.Customer : Speaker.Agent;
            LinearTables tables = made.Model!.SideOf(side)!.Tables;
            // The shipped scale and offset.
            LinearHead[] ofShipped = shipped.Model!.SideOf(side)!.Heads.ToArray();
            LinearHead[] heads = [.. tables.Heads.Select(head => Array.Find(ofShipped, s => s.Signal == head.Signal) is { Slope: > 0 } same ? head with { Slope = same.Slope, Offset = same.Offset } : head)];
            return tables with { Heads = heads };
        })).Value;

    private Measurement Tell(string set, string name, ScoredItems items, double line, bool isCancelling, (double Auc, double F1) bars)
    {
        (double, bool)[] With(double[] scores) => [.. scores.Select((score, i) => (score, items.Positive[i]))];
        (double, bool)[] ours = With(items.LogOdds), theirs = With(items.Baseline), told = With(items.Probabilities);
        var (aucInterval, aucDifference) = Bootstrap.Run(ours, theirs, Bootstrap.Auc, items.Groups, seed);
        var (bestInterval, bestDifference) = Bootstrap.Run(ours, theirs, Bootstrap.BestF1, items.Groups, seed);
        var (f1Interval, _) = Bootstrap.Run(told, null, (sorted, times) => Bootstrap.F1At(line, sorted, times), items.Groups, seed);
        double auc = Metrics.Auc(ours), best = Metrics.BestF1(ours);
        double? Rule(Func<string, double> rule) => isCancelling ? Metrics.F1(With([.. items.Texts.Select(rule)]), Half) : null;
        return new Measurement
        {
            Set = set, Name = name, Items = items.Texts.Length, Positives = items.Positive.Count(is_ => is_),
            Auc = auc, AucInterval = aucInterval, BestF1 = best, BestF1Interval = bestInterval,
            F1 = Metrics.F1(told, line), F1Interval = f1Interval, PhrasesF1 = items.Phrases is null ? null : Metrics.F1(With(items.Phrases), Half),
            BaselineAuc = Metrics.Auc(theirs), BaselineBestF1 = Metrics.BestF1(theirs), AucDifference = aucDifference!.Value, BestF1Difference = bestDifference!.Value,
            PublishedRuleF1 = Rule(KeywordRules.Published), DaysWorkF1 = Rule(KeywordRules.DaysWork),
            AucBar = double.IsNaN(bars.Auc) ? null : bars.Auc, BestF1Bar = double.IsNaN(bars.F1) ? null : bars.F1,
            // Below 0.01 nothing is told, but something is believed.
            Calibration = Reliability.Of([.. items.LogOdds.Select((score, i) =>
                new LabelledScore(default, items.Groups[i], "", 0, Math.Max(score, JudgedCalls.LogOddsOf((float)items.Probabilities[i])), items.Positive[i]))]),
            Losses = items.Spoiled.ToDictionary(
                way => way.Key, way => new Measurement.Loss(100 * (auc - Metrics.Auc(With(way.Value))), 100 * (best - Metrics.BestF1(With(way.Value)))), StringComparer.Ordinal),
        };
    }
}
