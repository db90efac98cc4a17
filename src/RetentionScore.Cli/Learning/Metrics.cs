namespace RetentionScore.Cli.Learning;

/// <summary>Figures of scores against labels.</summary>
internal static class Metrics
{
    /// <summary>Probability that a positive scores above a negative, ties half; NaN where one kind is missing.</summary>
    public static double Auc((double Score, bool Positive)[] scored)
    {
        (double Score, bool Positive)[] sorted = [.. scored.OrderBy(item => item.Score)];
        double positives = sorted.Count(item => item.Positive), negatives = sorted.Length - positives, ranks = 0;
        for (int i = 0; i < sorted.Length;)
        {
            int end = i;
            while (end < sorted.Length && sorted[end].Score.Equals(sorted[i].Score)) end++;
            double rank = (i + 1 + end) / 2.0;
            for (; i < end; i++) ranks += sorted[i].Positive ? rank : 0;
        }

        return positives == 0 || negatives == 0 ? double.NaN : (ranks - (positives * (positives + 1) / 2)) / (positives * negatives);
    }

    /// <summary>F1 where everything from a line on is called positive.</summary>
    public static double F1((double Score, bool Positive)[] scored, double line)
    {
        int hits = scored.Count(item => item.Positive && item.Score >= line), called = scored.Count(item => item.Score >= line);
        int positives = scored.Count(item => item.Positive);
        return called + positives == 0 ? double.NaN : 2.0 * hits / (called + positives);
    }

    /// <summary>The best F1 of all lines.</summary>
    public static double BestF1((double Score, bool Positive)[] scored)
    {
        (double Score, bool Positive)[] sorted = [.. scored.OrderByDescending(item => item.Score)];
        int positives = sorted.Count(item => item.Positive), hits = 0;
        double best = 0;
        for (int i = 0; i < sorted.Length; i++)
        {
            hits += sorted[i].Positive ? 1 : 0;
            if (i + 1 < sorted.Length && sorted[i + 1].Score.Equals(sorted[i].Score)) continue;
            best = Math.Max(best, 2.0 * hits / (i + 1 + positives));
        }

        return best;
    }
}
