namespace RetentionScore.Cli.Learning;

/// <summary>95% intervals by drawing groups of items anew (percentiles), the same draws for both of a pair.</summary>
internal static class Bootstrap
{
    private const int Rounds = 500;

    /// <summary>An interval.</summary>
    public readonly record struct Interval(double Low, double High);

    /// <summary>Interval of a figure, and of the difference to the same figure of other scores of the same items.</summary>
    public static (Interval Of, Interval? Difference) Run(
        (double Score, bool Positive)[] ours, (double Score, bool Positive)[]? others, Func<(double Score, bool Positive)[], int[], double> figure, string[] groups, int seed)
    {
        int[] groupOf = NumberGroups(groups, out int groupCount);
        var drawn = new int[groupCount];
        var (sorted, order) = Sort(ours);
        var (otherSorted, otherOrder) = others is null ? ([], []) : Sort(others);
        var figures = new double[Rounds];
        var differences = new double[Rounds];
        int[] counts = new int[ours.Length], inOrder = new int[ours.Length];
        for (int round = 0; round < Rounds; round++)
        {
            Array.Clear(drawn);
            ulong state = Drawing.Number(seed, "bootstrap", round);
            for (int i = 0; i < groupCount; i++)
            {
                state = (state * 6364136223846793005) + 1442695040888963407;
                drawn[(int)((state >> 33) % (ulong)groupCount)]++;
            }

            for (int i = 0; i < counts.Length; i++) counts[i] = drawn[groupOf[i]];

            for (int i = 0; i < counts.Length; i++) inOrder[i] = counts[order[i]];
            figures[round] = figure(sorted, inOrder);
            if (others is null) continue;
            for (int i = 0; i < counts.Length; i++) inOrder[i] = counts[otherOrder[i]];
            differences[round] = figures[round] - figure(otherSorted, inOrder);
        }

        return (Percentiles(figures), others is null ? null : Percentiles(differences));
    }

    /// <summary>AUC of items in ascending order, each so often.</summary>
    public static double Auc((double Score, bool Positive)[] sorted, int[] times)
    {
        double positives = 0, negatives = 0, won = 0;
        for (int i = 0; i < sorted.Length;)
        {
            double here = 0, against = 0, score = sorted[i].Score;
            for (; i < sorted.Length && sorted[i].Score.Equals(score); i++)
            {
                if (sorted[i].Positive) here += times[i];
                else against += times[i];
            }

            won += here * (negatives + (against / 2));
            positives += here;
            negatives += against;
        }

        return won / (positives * negatives);
    }

    /// <summary>Best F1 of items in ascending order, each so often.</summary>
    public static double BestF1((double Score, bool Positive)[] sorted, int[] times)
    {
        double positives = 0, hits = 0, called = 0, best = 0;
        for (int i = 0; i < sorted.Length; i++) positives += sorted[i].Positive ? times[i] : 0;
        for (int i = sorted.Length - 1; i >= 0; i--)
        {
            hits += sorted[i].Positive ? times[i] : 0;
            called += times[i];
            if (i > 0 && sorted[i - 1].Score.Equals(sorted[i].Score)) continue;
            best = Math.Max(best, 2 * hits / (called + positives));
        }

        return best;
    }

    /// <summary>F1 at a line of items in ascending order, each so often.</summary>
    public static double F1At(double line, (double Score, bool Positive)[] sorted, int[] times)
    {
        double positives = 0, hits = 0, called = 0;
        for (int i = 0; i < sorted.Length; i++)
        {
            positives += sorted[i].Positive ? times[i] : 0;
            if (sorted[i].Score < line) continue;
            called += times[i];
            hits += sorted[i].Positive ? times[i] : 0;
        }

        return called + positives == 0 ? double.NaN : 2 * hits / (called + positives);
    }

    private static int[] NumberGroups(string[] groups, out int count)
    {
        var numbers = new Dictionary<string, int>(StringComparer.Ordinal);
        int[] of = [.. groups.Select(group => numbers.TryGetValue(group, out int number) ? number : numbers[group] = numbers.Count)];
        count = numbers.Count;
        return of;
    }

    private static ((double Score, bool Positive)[] Sorted, int[] Order) Sort((double Score, bool Positive)[] items)
    {
        int[] order = [.. Enumerable.Range(0, items.Length).OrderBy(i => items[i].Score)];
        return ([.. order.Select(i => items[i])], order);
    }

    private static Interval Percentiles(double[] values)
    {
        double[] known = [.. values.Where(double.IsFinite).Order()];
        return known.Length == 0 ? new Interval(double.NaN, double.NaN) : new Interval(known[(int)(known.Length * 0.025)], known[Math.Min(known.Length - 1, (int)(known.Length * 0.975))]);
    }
}
