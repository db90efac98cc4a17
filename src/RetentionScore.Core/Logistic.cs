using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace RetentionScore.Core;

/// <summary>
/// exp and the logistic of our own: additions, multiplications and one division in a fixed order, so that every processor gives the same
/// bits. Relative error of <see cref="Exp(double)"/> below 1e-13 on [-700, 700].
/// </summary>
public static class Logistic
{
    private const double Log2E = 1.4426950408889634;
    private const double Ln2High = 0.693145751953125;
    private const double Ln2Low = 1.4286068203094173e-06;

    // 1 / n!, of Taylor's series.
    private const double Over3 = 0.16666666666666666, Over4 = 0.041666666666666664, Over5 = 0.008333333333333333, Over6 = 0.001388888888888889;
    private const double Over7 = 0.0001984126984126984, Over8 = 2.48015873015873e-05, Over9 = 2.7557319223985893e-06, Over10 = 2.755731922398589e-07;
    private const double Over11 = 2.505210838544172e-08, Over12 = 2.08767569878681e-09, Over13 = 1.6059043836821613e-10;

    // Added to a whole number, it leaves that number in the lowest bits.
    private const double ToWhole = 6755399441055744.0;

    /// <summary>1 / (1 + e^-x).</summary>
    public static double Of(double logOdds) => 1.0 / (1.0 + Exp(-logOdds));

    /// <summary>Replaces each number by its <see cref="Of(double)"/>, four at a time, with the same bits.</summary>
    public static void OfEach(Span<double> logOdds)
    {
        ref double first = ref MemoryMarshal.GetReference(logOdds);
        int i = 0;
        for (; i <= logOdds.Length - Vector256<double>.Count; i += Vector256<double>.Count)
        {
            Vector256<double> four = Vector256.LoadUnsafe(ref first, (nuint)i);
            (Vector256<double>.One / (Vector256<double>.One + Exp(-four))).StoreUnsafe(ref first, (nuint)i);
        }

        for (; i < logOdds.Length; i++) logOdds[i] = Of(logOdds[i]);
    }

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
        double sum = ((((((Over13 * r + Over12) * r + Over11) * r + Over10) * r + Over9) * r + Over8) * r + Over7) * r + Over6;
        sum = (((((sum * r + Over5) * r + Over4) * r + Over3) * r + 0.5) * r + 1.0) * r + 1.0;
        return sum * BitConverter.Int64BitsToDouble(((long)k + 1023) << 52);
    }

    // The same operations in the same order; nothing here may be fused, which would round once less.
    private static Vector256<double> Exp(Vector256<double> x)
    {
        Vector256<double> tooLow = Vector256.LessThan(x, Vector256.Create(-700.0));
        x = Vector256.Min(x, Vector256.Create(700.0));
        Vector256<double> k = Vector256.Floor(x * Log2E + Vector256.Create(0.5));
        Vector256<double> r = (x - k * Ln2High) - k * Ln2Low;
        Vector256<double> sum = Vector256.Create(Over13) * r + Vector256.Create(Over12);
        sum = sum * r + Vector256.Create(Over11);
        sum = sum * r + Vector256.Create(Over10);
        sum = sum * r + Vector256.Create(Over9);
        sum = sum * r + Vector256.Create(Over8);
        sum = sum * r + Vector256.Create(Over7);
        sum = sum * r + Vector256.Create(Over6);
        sum = sum * r + Vector256.Create(Over5);
        sum = sum * r + Vector256.Create(Over4);
        sum = sum * r + Vector256.Create(Over3);
        sum = sum * r + Vector256.Create(0.5);
        sum = sum * r + Vector256<double>.One;
        sum = sum * r + Vector256<double>.One;
        Vector256<long> exponent = (k + Vector256.Create(ToWhole)).AsInt64() + Vector256.Create(1023L);
        return Vector256.AndNot(sum * (exponent << 52).AsDouble(), tooLow);
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
