using RetentionScore.Cli.Learning;

namespace RetentionScore.Cli.Calibrating;

/// <summary>How good probabilities are: how they rank, whether they mean what they say.</summary>
/// <param name="Count">Labels.</param>
/// <param name="BaseRate">Share that came true.</param>
/// <param name="MeanTold">Mean of the probabilities as they were told, before any shift: next to the base rate where they are right in the mean.</param>
/// <param name="Auc">Chance that one that came true had the higher score; ties count half.</param>
/// <param name="Slope">Of a logistic regression of outcomes on log-odds: below 1 too sure, above 1 too timid.</param>
/// <param name="SlopeLow">2.5th percentile over bootstrapped calls.</param>
/// <param name="SlopeHigh">97.5th.</param>
/// <param name="BrierSkill">1 − Brier score / that of the base rate: above 0 better than always saying the base rate.</param>
/// <param name="Ece">Expected calibration error over ten bins of equal count.</param>
internal readonly record struct Reliability(int Count, double BaseRate, double MeanTold, double Auc, double Slope, double SlopeLow, double SlopeHigh, double BrierSkill, double Ece)
{
    private const int Draws = 200;
    private const int Bins = 10;

    /// <summary>Measures; the offset is first shifted to the sample's base rate, so that what is judged is not its share.</summary>
    public static Reliability Of(IReadOnlyList<LabelledScore> sample)
    {
        double rate = sample.Average(one => one.Outcome ? 1.0 : 0.0);
        double shift = ShiftToBaseRate(sample);
        (double P, bool Outcome)[] told = [.. sample.Select(one => (PlattFit.Probability(one.LogOdds + shift), one.Outcome))];
        double brier = told.Average(one => Square(one.P - (one.Outcome ? 1 : 0)));
        double slope = PlattFit.To(Pairs(sample))?.Scale ?? double.NaN;
        var (low, high) = Bootstrap(sample);
        return new Reliability(sample.Count, rate, sample.Average(one => PlattFit.Probability(one.LogOdds)), Metrics.Auc([.. Pairs(sample)]), slope, low, high, 1 - brier / (rate * (1 - rate)), EceOf(told));
    }

    /// <summary>What has to be added to log-odds so that their mean probability is the share that came true.</summary>
    internal static double ShiftToBaseRate(IReadOnlyList<LabelledScore> sample)
    {
        double rate = sample.Average(one => one.Outcome ? 1.0 : 0.0);
        double low = -20, high = 20;
        for (int i = 0; i < 60; i++)
        {
            double middle = (low + high) / 2;
            if (sample.Average(one => PlattFit.Probability(one.LogOdds + middle)) < rate) low = middle;
            else high = middle;
        }

        return (low + high) / 2;
    }

    private static (double Low, double High) Bootstrap(IReadOnlyList<LabelledScore> sample)
    {
        LabelledScore[][] calls = [.. sample.GroupBy(one => one.Call, StringComparer.Ordinal).Select(call => call.ToArray())];
        var random = new Random(1);
        var slopes = new List<double>(Draws);
        for (int draw = 0; draw < Draws; draw++)
        {
            var drawn = new List<(double, bool)>(sample.Count);
            for (int i = 0; i < calls.Length; i++) drawn.AddRange(calls[random.Next(calls.Length)].Select(one => (one.LogOdds, one.Outcome)));
            if (PlattFit.To(drawn) is { } fit) slopes.Add(fit.Scale);
        }

        slopes.Sort();
        return slopes.Count == 0 ? (double.NaN, double.NaN) : (slopes[(int)(0.025 * (slopes.Count - 1))], slopes[(int)(0.975 * (slopes.Count - 1))]);
    }

    private static double EceOf((double P, bool Outcome)[] told)
    {
        Array.Sort(told, (a, b) => a.P.CompareTo(b.P));
        double sum = 0;
        for (int bin = 0; bin < Bins; bin++)
        {
            var inBin = told.AsSpan()[(told.Length * bin / Bins)..(told.Length * (bin + 1) / Bins)];
            if (inBin.IsEmpty) continue;
            double p = 0, came = 0;
            foreach (var (one, outcome) in inBin)
            {
                p += one;
                came += outcome ? 1 : 0;
            }

            sum += Math.Abs(p - came) / told.Length;
        }

        return sum;
    }

    internal static (double LogOdds, bool Outcome)[] Pairs(IEnumerable<LabelledScore> sample) => [.. sample.Select(one => (one.LogOdds, one.Outcome))];

    private static double Square(double x) => x * x;
}
