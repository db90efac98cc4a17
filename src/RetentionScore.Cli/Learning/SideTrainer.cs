using RetentionScore.Core;
using RetentionScore.Core.Signals;
using RetentionScore.Core.Signals.Linear;

namespace RetentionScore.Cli.Learning;

/// <summary>Trains the heads of one side and rounds them to the rows of a model.</summary>
internal sealed class SideTrainer(FeatureMatrix matrix, Recipe recipe)
{
    private const double DirectSteps = 8192;

    private const double UsualPenalty = 0.4;

    /// <summary>What penalties are chosen from.</summary>
    private static readonly double[] Penalties = [0.1, 0.2, UsualPenalty, 0.8, 1.6, 3.2, 6.4];

    /// <summary>Of the words that no example holds so many get a row, by their vectors.</summary>
    private const int CommonWords = 15_000;

    /// <summary>The signals that have something to learn from.</summary>
    public static Signal[] HeadsOf(FeatureMatrix matrix, SignalSet of)
    {
        const int least = 20;
        return [.. Enumerable.Range(1, SignalCatalogue.Count - 1).Select(s => (Signal)s)
            .Where(signal => of.Has(signal) && matrix.Examples.Count(example => example.Positive.Has(signal)) >= least)];
    }

    /// <summary>
    /// The penalties of the signals that have none: of each, that with which the parts of the examples that were not learned from have the least loss. A part is of whole
    /// calls and writers.
    /// </summary>
    public Dictionary<(Speaker Side, Signal Signal), double> ChoosePenalties(IReadOnlyList<Signal> signals, int parts, Func<Example, int> partOf, Action<Signal> done)
    {
        double[] chosen = new double[signals.Count];
        ForEach(signals, h =>
        {
            if (recipe.PenaltyOf(Side, signals[h]) is { } known)
            {
                chosen[h] = known;
                return;
            }

            // The loss has one valley: from the middle down to where it rises again.
            var losses = new Dictionary<int, double>();
            double Loss(int p) => losses.TryGetValue(p, out double loss) ? loss : losses[p] = LossAt(signals[h], Penalties[p], parts, partOf);
            int at = Array.IndexOf(Penalties, UsualPenalty);
            while (at > 0 && Loss(at - 1) < Loss(at)) at--;
            while (at < Penalties.Length - 1 && Loss(at + 1) < Loss(at)) at++;
            chosen[h] = Penalties[at];
            done(signals[h]);
        });
        return signals.Index().ToDictionary(signal => (Side, signal.Item), signal => chosen[signal.Index]);
    }

    /// <summary>Trains on the examples that are in.</summary>
    public LinearTables Train(IReadOnlyList<Signal> signals, Func<Example, bool> isIn, Action<Signal>? done = null)
    {
        var weights = new double[signals.Count][];
        ForEach(signals, h =>
        {
            double penalty = recipe.PenaltyOf(Side, signals[h]) ?? throw new InvalidOperationException($"no penalty was chosen for {SignalCatalogue.Name(signals[h])}");
            var problem = new HeadProblem(matrix, signals[h], penalty, recipe.WeakWeight, isIn);
            weights[h] = Minimiser.Run(problem.Evaluate, problem.Dimensions, recipe.MostSteps);
            done?.Invoke(signals[h]);
        });
        return Round(signals, weights);
    }

    /// <summary>Loss of the parts, each by weights that were learned from the others.</summary>
    private double LossAt(Signal signal, double penalty, int parts, Func<Example, int> partOf) => Enumerable.Range(0, parts).Sum(part =>
    {
        var learned = new HeadProblem(matrix, signal, penalty, recipe.WeakWeight, example => partOf(example) != part);
        var heldOut = new HeadProblem(matrix, signal, 0, recipe.WeakWeight, example => partOf(example) == part);
        return heldOut.Evaluate(Minimiser.Run(learned.Evaluate, learned.Dimensions, recipe.MostSteps), new double[heldOut.Dimensions]);
    });

    private Speaker Side => matrix.Examples[0].Speaker;

    /// <summary>Signals know nothing of each other, so that it makes no difference which is first.</summary>
    private static void ForEach(IReadOnlyList<Signal> signals, Action<int> action) =>
        Parallel.For(0, signals.Count, new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount }, action);

    /// <summary>Whether a long utterance is read in windows: what is one act of it, not its mood.</summary>
    private static bool IsWindowed(Signal signal) => signal is not (Signal.Frustration or Signal.Complaint or Signal.Abuse);

    private LinearTables Round(IReadOnlyList<Signal> signals, double[][] weights)
    {
        int heads = signals.Count, keys = matrix.Keys.Count;
        var made = new LinearHead[heads];
        var rounded = new sbyte[keys * heads];
        var direct = new short[DirectFeature.Count * heads];
        for (int h = 0; h < heads; h++)
        {
            double[] w = weights[h];
            for (int i = 0; i < keys; i++) w[DirectFeature.Count + i] *= matrix.Scale[DirectFeature.Count + i];
            double unit = Math.Max(w.AsSpan(DirectFeature.Count, keys).ToArray().Max(Math.Abs), 1e-9) / 127;
            double directUnit = Math.Max(w.AsSpan(0, DirectFeature.Count).ToArray().Max(Math.Abs), 1e-9) / DirectSteps;
            // Runs of letters weigh half: a unit of the sum is half a unit of a weight.
            made[h] = new LinearHead(signals[h], w[^1], unit / 2, directUnit, 1, 0, IsWindowed(signals[h]));
            for (int i = 0; i < keys; i++) rounded[(i * heads) + h] = (sbyte)Math.Round(w[DirectFeature.Count + i] / unit);
            for (int i = 0; i < DirectFeature.Count; i++) direct[(i * heads) + h] = (short)Math.Round(w[i] / directUnit);
        }

        var dimensions = weights.Select(w => w.AsSpan(matrix.FirstDimension, WordVectors.Dimensions).ToArray().Select(weight => (float)weight).ToArray()).ToArray();
        return Pack(made, rounded, direct, dimensions);
    }

    private LinearTables Pack(LinearHead[] heads, sbyte[] rounded, short[] direct, float[][] dimensions)
    {
        var (wordKeys, wordRows) = (new List<ulong>(), new List<short>());
        var isWord = new HashSet<int>();
        foreach (var (key, own, grams, vector) in matrix.Words.Concat(matrix.UnseenWords(CommonWords)))
        {
            if (own < 0 && vector < 0) continue;
            if (own >= 0) isWord.Add(own);
            wordKeys.Add(key);
            for (int h = 0; h < heads.Length; h++)
            {
                int sum = own < 0 ? 0 : 2 * rounded[((own - DirectFeature.Count) * heads.Length) + h];
                if (vector >= 0) sum += (int)Math.Round(matrix.Vectors.Dot(vector, dimensions[h]) / heads[h].WordScale);
                foreach (int gram in grams) sum += rounded[((gram - DirectFeature.Count) * heads.Length) + h];
                wordRows.Add((short)Math.Clamp(sum, short.MinValue, short.MaxValue));
            }
        }

        var (keys, rows) = (new List<ulong>(), new List<sbyte>());
        for (int i = 0; i < matrix.Keys.Count; i++)
        {
            var row = rounded.AsSpan(i * heads.Length, heads.Length);
            if (isWord.Contains(DirectFeature.Count + i) || !row.ContainsAnyExcept((sbyte)0)) continue;
            keys.Add(matrix.Keys[i]);
            foreach (sbyte value in row) rows.Add(value);
        }

        return new LinearTables(heads, [.. wordKeys], [.. wordRows], [.. keys], [.. rows], direct);
    }
}
