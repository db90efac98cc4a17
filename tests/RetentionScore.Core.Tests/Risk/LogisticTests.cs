namespace RetentionScore.Core.Tests.Risk;

public class LogisticTests
{
    [Fact]
    public void Exp_OverItsRange_IsWithinItsError()
    {
        for (double x = -690; x <= 690; x += 0.37) Assert.InRange(Logistic.Exp(x) / Math.Exp(x), 1 - 1e-13, 1 + 1e-13);
    }

    [Theory]
    [InlineData(0.1)]
    [InlineData(0.5)]
    [InlineData(0.973)]
    public void LogOdds_OfAProbability_IsTheInverse(double p) => Assert.Equal(p, Logistic.Of(Logistic.LogOdds(p)), 12);

    [Fact]
    public void Decay_OfAHalfLife_IsAHalf() => Assert.Equal(0.5, Logistic.Decay(90_000, 90_000), 12);

    [Fact]
    public void Exp_OverItsRange_HasTheseBitsOnEveryProcessor()
    {
        ulong hash = 14695981039346656037;
        for (int i = -4000; i <= 4000; i++)
        {
            ulong bits = (ulong)BitConverter.DoubleToInt64Bits(Logistic.Exp(i / 16.0));
            hash = (hash ^ bits) * 1099511628211;
        }

        Assert.Equal(17550179319943991637UL, hash);
    }

    /// <summary>Four at a time and the rest one by one, below and above the range of exp, too.</summary>
    [Fact]
    public void OfEach_OfManyNumbers_HasTheBitsOfEach()
    {
        double[] numbers = [.. Enumerable.Range(-4001, 8003).Select(i => i / 5.0), 0.0, -0.0, 1e-300, double.MaxValue, double.MinValue, double.PositiveInfinity, double.NegativeInfinity];
        double[] each = [.. numbers];
        Logistic.OfEach(each);
        Assert.Equal(numbers.Select(x => BitConverter.DoubleToInt64Bits(Logistic.Of(x))), each.Select(BitConverter.DoubleToInt64Bits));
    }
}
