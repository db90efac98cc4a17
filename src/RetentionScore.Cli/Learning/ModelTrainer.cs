using RetentionScore.Core;
using RetentionScore.Core.Signals;
using RetentionScore.Core.Signals.Linear;

namespace RetentionScore.Cli.Learning;

/// <summary>
/// Trains a model: for each side features, then cross-validation by groups, scale and offset on what was not learned from, and a last training on
/// everything. The same data, seed and recipe give the same bytes.
/// </summary>
internal sealed class ModelTrainer(IReadOnlyList<Example> examples, WordVectors vectors, Recipe recipe, Action<string> progress)
{
    /// <summary>Parts of the cross-validation.</summary>
    public const int Parts = 5;

    private readonly Dictionary<bool, FeatureMatrix> _matrices = [];

    /// <summary>What was found out about each signal.</summary>
    public List<HeadReport> Reports { get; } = [];

    /// <summary>The examples of a side as features, read once.</summary>
    public FeatureMatrix MatrixOf(bool customer)
    {
        if (_matrices.TryGetValue(customer, out FeatureMatrix? matrix)) return matrix;
        progress($"reading {(customer ? "customers" : "agents")}");
        Example[] side = [.. examples.Where(example => example.Speaker == Speaker.Customer == customer)];
        _matrices.Add(customer, matrix = new FeatureMatrix(side, SignalReader.BuiltIn.With(null), vectors));
        return matrix;
    }

    /// <summary>Trains both sides to the tables of a model.</summary>
    public (LinearTables Customer, LinearTables Agent) Train() => (Train(customer: true), Train(customer: false));

    /// <summary>A reader whose model knows some signals of one side, trained on the examples that are in.</summary>
    public SignalReader ReaderOf(bool customer, IReadOnlyList<Signal> signals, Func<Example, bool> isIn)
    {
        LinearTables tables = new SideTrainer(MatrixOf(customer), recipe).Train(signals, isIn);
        return ReaderOf(customer, tables);
    }

    private static SignalReader ReaderOf(bool customer, LinearTables tables) => SignalReader.BuiltIn.With(
        customer ? new LinearModel("training", tables, LinearTables.None) : new LinearModel("training", LinearTables.None, tables));

    private LinearTables Train(bool customer)
    {
        FeatureMatrix matrix = MatrixOf(customer);
        Signal[] signals = SideTrainer.HeadsOf(matrix, customer ? SignalSet.OfCustomer : SignalSet.OfAgent);
        var scores = signals.ToDictionary(signal => signal, _ => new List<Platt.Scored>());
        Recipe chosen = recipe with
        {
            Penalties = new SideTrainer(matrix, recipe).ChoosePenalties(signals, Parts, PartOf, signal => progress($"penalty of {SignalCatalogue.Name(signal)}")),
        };
        var trainer = new SideTrainer(matrix, chosen);
        var read = new HeadScores();
        for (int part = 0; part < Parts; part++)
        {
            int heldOut = part;
            LinearTables tables = trainer.Train(signals, example => PartOf(example) != heldOut, signal => progress($"part {heldOut + 1} of {Parts}: {SignalCatalogue.Name(signal)}"));
            SignalReader reader = ReaderOf(customer, tables);
            for (int i = 0; i < matrix.Examples.Count; i++)
            {
                Example example = matrix.Examples[i];
                if (PartOf(example) != heldOut) continue;
                read.Read(reader, example.Text, example.Speaker, example.Before);
                for (int h = 0; h < signals.Length; h++)
                {
                    if (!example.Teaches(signals[h])) continue;
                    scores[signals[h]].Add(new Platt.Scored(
                        read.LogOdds(signals[h]), example.Positive.Has(signals[h]), example.Set == "own", example.Weak.Has(signals[h]), matrix.HasPhrase(i, signals[h])));
                }
            }
        }

        Speaker side = customer ? Speaker.Customer : Speaker.Agent;
        LinearTables all = trainer.Train(signals, _ => true, signal => progress($"all: {SignalCatalogue.Name(signal)}"));
        var heads = all.Heads.Select(head =>
        {
            var (slope, offset, rate) = Platt.Fit(head.Signal, scores[head.Signal]);
            Reports.Add(HeadReport.Of(side, head.Signal, scores[head.Signal], slope, offset, rate, chosen.Penalties[(side, head.Signal)]));
            return head with { Slope = slope, Offset = offset };
        });
        return all with { Heads = [.. heads] };
    }

    private int PartOf(Example example) => example.Writer is { } writer ? writer % Parts : Drawing.Part(recipe.Seed, example.Group, Parts);
}
