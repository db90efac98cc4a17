using System.Runtime.Intrinsics;

namespace RetentionScore.Core.Signals.Linear;

/// <summary>The numbers of all heads side by side, so that four heads are weighed at once. The same bits as one by one. Immutable.</summary>
internal sealed class HeadNumbers
{
    private readonly double[] _bias = new double[LinearSide.Stride], _wordScale = new double[LinearSide.Stride], _directScale = new double[LinearSide.Stride];
    private readonly double[] _slope = new double[LinearSide.Stride], _offset = new double[LinearSide.Stride];
    private readonly int _whole; // heads, in whole fours

    public HeadNumbers(ReadOnlySpan<LinearHead> heads)
    {
        _whole = (heads.Length + Vector256<double>.Count - 1) / Vector256<double>.Count * Vector256<double>.Count;
        for (int h = 0; h < heads.Length; h++)
            (_bias[h], _wordScale[h], _directScale[h], _slope[h], _offset[h]) = (heads[h].Bias, heads[h].WordScale, heads[h].DirectScale, heads[h].Slope, heads[h].Offset);
    }

    /// <summary>The sums of each head by a divisor.</summary>
    public void Divide(ReadOnlySpan<int> sums, double by, Span<double> into)
    {
        for (int h = 0; h < _whole; h += Vector256<double>.Count) (Doubles(sums[h..]) / Vector256.Create(by)).CopyTo(into[h..]);
    }

    /// <summary>The log-odds of each head.</summary>
    /// <param name="words">What words come to.</param>
    /// <param name="direct">Sums of what is not words.</param>
    /// <param name="logOdds">The result.</param>
    public void Weigh(ReadOnlySpan<double> words, ReadOnlySpan<int> direct, Span<double> logOdds)
    {
        for (int h = 0; h < _whole; h += Vector256<double>.Count)
        {
            Vector256<double> sum = Of(_bias, h) + Of(_wordScale, h) * Vector256.Create(words[h..]) + Of(_directScale, h) * Doubles(direct[h..]);
            (Of(_slope, h) * sum + Of(_offset, h)).CopyTo(logOdds[h..]);
        }
    }

    /// <summary>The probability of each head. Of all at once, with what stands behind the last in its four: that is less work than of those alone that are told.</summary>
    public void Believe(ReadOnlySpan<double> logOdds, Span<double> probabilities)
    {
        logOdds[.._whole].CopyTo(probabilities);
        Logistic.OfEach(probabilities[.._whole]);
    }

    private static Vector256<double> Of(double[] numbers, int at) => Vector256.Create(numbers, at);

    private static Vector256<double> Doubles(ReadOnlySpan<int> four) =>
        Vector256.ConvertToDouble(Vector256.Create(Vector128.WidenLower(Vector128.Create(four)), Vector128.WidenUpper(Vector128.Create(four))));
}
