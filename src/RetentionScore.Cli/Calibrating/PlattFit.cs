namespace RetentionScore.Cli.Calibrating;

/// <summary>
/// A logistic regression on one number, by Newton's method: the scale and offset that make log-odds fit outcomes (Platt 1999, with his targets, which
/// keep a sample without mistakes from an endless slope).
/// </summary>
/// <param name="Scale">Factor of the log-odds.</param>
/// <param name="Offset">Added to them.</param>
internal readonly record struct PlattFit(double Scale, double Offset)
{
    private const int MostSteps = 100;
    private const double Tiny = 1e-9;

    /// <summary>The log-odds after the fit.</summary>
    public double Of(double logOdds) => Scale * logOdds + Offset;

    /// <summary>Fits; null where all outcomes are the same.</summary>
    public static PlattFit? To(IReadOnlyList<(double LogOdds, bool Outcome)> sample)
    {
        int positives = sample.Count(one => one.Outcome), negatives = sample.Count - positives;
        if (positives == 0 || negatives == 0) return null;
        double high = (positives + 1.0) / (positives + 2.0), low = 1.0 / (negatives + 2.0);
        double scale = 1, offset = 0, loss = Loss(sample, scale, offset, high, low);
        for (int step = 0; step < MostSteps; step++)
        {
            double gradScale = 0, gradOffset = 0, ss = Tiny, so = 0, oo = Tiny;
            foreach (var (x, outcome) in sample)
            {
                double p = Probability(scale * x + offset), error = p - (outcome ? high : low), weight = p * (1 - p);
                gradScale += error * x;
                gradOffset += error;
                ss += weight * x * x;
                so += weight * x;
                oo += weight;
            }

            double determinant = ss * oo - so * so;
            double dScale = (oo * gradScale - so * gradOffset) / determinant, dOffset = (ss * gradOffset - so * gradScale) / determinant;
            double length = 1;
            while (length > 1e-6)
            {
                double tried = Loss(sample, scale - length * dScale, offset - length * dOffset, high, low);
                if (tried <= loss)
                {
                    scale -= length * dScale;
                    offset -= length * dOffset;
                    if (loss - tried < 1e-10) return new PlattFit(scale, offset);
                    loss = tried;
                    break;
                }

                length /= 2;
            }

            if (length <= 1e-6) break;
        }

        return new PlattFit(scale, offset);
    }

    /// <summary>1 / (1 + e^-x).</summary>
    public static double Probability(double logOdds) => Core.Logistic.Of(logOdds);

    private static double Loss(IReadOnlyList<(double LogOdds, bool Outcome)> sample, double scale, double offset, double high, double low)
    {
        double sum = 0;
        foreach (var (x, outcome) in sample)
        {
            double z = scale * x + offset, target = outcome ? high : low;
            // log(1 + e^z) without overflow
            sum += Math.Max(z, 0) + Math.Log(1 + Math.Exp(-Math.Abs(z))) - target * z;
        }

        return sum;
    }
}
