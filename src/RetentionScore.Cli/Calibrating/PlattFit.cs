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
        return To([.. sample.Select(one => (one.LogOdds, one.Outcome ? high : low, 1.0))], pull: 0);
    }

    /// <summary>Fits probabilities instead of outcomes, each point counted by its weight.</summary>
    /// <param name="points">Log-odds, the probability wanted there (0 to 1), and the weight.</param>
    /// <param name="pull">Penalty of a scale other than 1, half of this times its square: keeps the scale finite where the two kinds are parted.</param>
    public static PlattFit To(IReadOnlyList<(double LogOdds, double Target, double Weight)> points, double pull)
    {
        double scale = 1, offset = 0, loss = Loss(points, pull, scale, offset);
        for (int step = 0; step < MostSteps; step++)
        {
            double gradScale = pull * (scale - 1), gradOffset = 0, ss = Tiny + pull, so = 0, oo = Tiny;
            foreach (var (x, target, weight) in points)
            {
                double p = Probability(scale * x + offset), error = weight * (p - target), curve = weight * p * (1 - p);
                gradScale += error * x;
                gradOffset += error;
                ss += curve * x * x;
                so += curve * x;
                oo += curve;
            }

            double determinant = ss * oo - so * so;
            double dScale = (oo * gradScale - so * gradOffset) / determinant, dOffset = (ss * gradOffset - so * gradScale) / determinant;
            double length = 1;
            while (length > 1e-6)
            {
                double tried = Loss(points, pull, scale - length * dScale, offset - length * dOffset);
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

    private static double Loss(IReadOnlyList<(double LogOdds, double Target, double Weight)> points, double pull, double scale, double offset)
    {
        double sum = 0.5 * pull * (scale - 1) * (scale - 1);
        foreach (var (x, target, weight) in points)
        {
            double z = scale * x + offset;
            // log(1 + e^z) without overflow
            sum += weight * (Math.Max(z, 0) + Math.Log(1 + Math.Exp(-Math.Abs(z))) - target * z);
        }

        return sum;
    }
}
