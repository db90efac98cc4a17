namespace RetentionScore.Core;

/// <summary>
/// exp and the logistic of our own: additions, multiplications and one division in a fixed order, so that every processor gives the same
/// bits. Relative error of <see cref="Exp"/> below 1e-13 on [-700, 700].
/// </summary>
public static class Logistic
{
    private const double Log2E = 1.4426950408889634;
    private const double Ln2High = 0.693145751953125;
    private const double Ln2Low = 1.4286068203094173e-06;

    private static readonly double[] InverseFactorials =
    [
        1.0, 1.0, 0.5, 0.16666666666666666, 0.041666666666666664, 0.008333333333333333, 0.001388888888888889,
        0.0001984126984126984, 2.48015873015873e-05, 2.7557319223985893e-06, 2.755731922398589e-07, 2.505210838544172e-08,
        2.08767569878681e-09, 1.6059043836821613e-10,
    ];

    /// <summary>1 / (1 + e^-x).</summary>
    public static double Of(double logOdds) => 1.0 / (1.0 + Exp(-logOdds));

    /// <summary>2^(-elapsed / halfLife); 1 for no time.</summary>
    public static double Decay(int elapsedMs, int halfLifeMs) => elapsedMs <= 0 ? 1.0 : Exp(-(Ln2High + Ln2Low) * elapsedMs / halfLifeMs);

    /// <summary>e^x; 0 below -700, the largest finite power of two above 700.</summary>
    public static double Exp(double x)
    {
        if (x < -700) return 0;
        if (x > 700) x = 700;
        double k = Math.Floor(x * Log2E + 0.5);
        double r = (x - k * Ln2High) - k * Ln2Low;
        // Taylor to the 13th power by Horner's rule: |r| is at most 0.347.
        double sum = InverseFactorials[^1];
        for (int n = InverseFactorials.Length - 2; n >= 0; n--) sum = sum * r + InverseFactorials[n];
        return sum * BitConverter.Int64BitsToDouble(((long)k + 1023) << 52);
    }

    /// <summary>The logarithm of p / (1 - p), by Newton's method on <see cref="Of"/>; for set-up, not for the hot path.</summary>
    /// <param name="p">Above 0 and below 1.</param>
    public static double LogOdds(double p)
    {
        double x = 0;
        for (int i = 0; i < 60; i++)
        {
            double at = Of(x);
            double step = (at - p) / (at * (1 - at));
            x -= Math.Clamp(step, -1, 1);
        }

        return x;
    }
}
