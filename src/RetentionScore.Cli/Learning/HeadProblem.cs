using System.Runtime.InteropServices;
using RetentionScore.Core.Signals;

namespace RetentionScore.Cli.Learning;

/// <summary>
/// The logistic loss of one signal over the examples that teach it, with a quadratic penalty on every weight but the bias, which is the last.
/// </summary>
internal sealed class HeadProblem
{
    /// <summary>Said in answer to something: only these are told what was done before. To others it was an occasion to learn our own calls by heart.</summary>
    private static readonly SignalSet Answers = SignalSet.Of(
        Signal.Affirms, Signal.Denies, Signal.AcceptsOffer, Signal.DeclinesOffer, Signal.GivesReason, Signal.DeclinesReason);

    private readonly FeatureMatrix _matrix;
    private readonly int[] _rows;
    private readonly double[] _targets, _weights;
    private readonly double _penalty;
    private readonly int[] _parameterOf;
    private readonly double[] _columnWeights, _columnGradients;
    private readonly float[] _dimensions = new float[WordVectors.Dimensions];

    /// <param name="matrix">The side's examples.</param>
    /// <param name="signal">The signal.</param>
    /// <param name="penalty">Of the weights.</param>
    /// <param name="weakWeight">Weight of an ordinary turn as a negative.</param>
    /// <param name="isIn">Which examples may be learned from.</param>
    public HeadProblem(FeatureMatrix matrix, Signal signal, double penalty, double weakWeight, Func<Example, bool> isIn)
    {
        _matrix = matrix;
        _penalty = penalty;
        _parameterOf = [.. matrix.ParameterOf.Select((parameter, column) => !Answers.Has(signal) && matrix.ContextColumns.Contains(column) ? -1 : parameter)];
        var rows = new List<int>();
        var targets = new List<double>();
        var weights = new List<double>();
        for (int i = 0; i < matrix.Examples.Count; i++)
        {
            Example example = matrix.Examples[i];
            if (!example.Teaches(signal) || !isIn(example)) continue;
            rows.Add(i);
            bool positive = example.Positive.Has(signal);
            targets.Add(positive ? 1 : 0);
            weights.Add(positive || example.Negative.Has(signal) ? example.Weight : weakWeight);
        }

        (_rows, _targets, _weights) = ([.. rows], [.. targets], [.. weights]);
        _columnWeights = new double[matrix.FirstWord + matrix.Words.Count];
        _columnGradients = new double[_columnWeights.Length];
    }

    /// <summary>Numbers to find.</summary>
    public int Dimensions => _matrix.Parameters + 1;

    /// <summary>Examples, and how many of them are positive.</summary>
    public (int All, int Positive) Count => (_rows.Length, (int)_targets.Sum());

    /// <summary>Loss and gradient at a point.</summary>
    public double Evaluate(double[] at, double[] gradient)
    {
        SpreadToColumns(at);
        Array.Clear(_columnGradients);
        double bias = at[^1], loss = 0, biasGradient = 0;
        var columns = _matrix.Columns;
        var values = _matrix.Values;
        for (int r = 0; r < _rows.Length; r++)
        {
            var (begin, end) = _matrix.Row(_rows[r]);
            double z = bias;
            for (int k = begin; k < end; k++) z += values[k] * _columnWeights[columns[k]];
            // log(1 + e^z) without overflow.
            double tail = Math.Exp(-Math.Abs(z));
            double p = z >= 0 ? 1 / (1 + tail) : tail / (1 + tail);
            loss += _weights[r] * (Math.Max(z, 0) - (_targets[r] * z) + Math.Log(1 + tail));
            double slope = _weights[r] * (p - _targets[r]);
            biasGradient += slope;
            for (int k = begin; k < end; k++) _columnGradients[columns[k]] += slope * values[k];
        }

        GatherFromColumns(gradient);
        for (int i = 0; i < at.Length - 1; i++)
        {
            loss += 0.5 * _penalty * at[i] * at[i];
            gradient[i] += _penalty * at[i];
        }

        gradient[^1] = biasGradient;
        return loss;
    }

    private void SpreadToColumns(double[] at)
    {
        var scale = CollectionsMarshal.AsSpan(_matrix.Scale);
        for (int c = 0; c < _matrix.FirstWord; c++) _columnWeights[c] = _parameterOf[c] is >= 0 and var p ? scale[p] * at[p] : 0;
        for (int i = 0; i < WordVectors.Dimensions; i++) _dimensions[i] = (float)at[_matrix.FirstDimension + i];
        for (int w = 0; w < _matrix.Words.Count; w++)
        {
            var (_, own, grams, vector) = _matrix.Words[w];
            double sum = 0;
            foreach (int gram in grams) sum += scale[gram] * at[gram];
            _columnWeights[_matrix.FirstWord + w] = (0.5 * sum) + (own < 0 ? 0 : scale[own] * at[own]) + (vector < 0 ? 0 : _matrix.Vectors.Dot(vector, _dimensions));
        }
    }

    private void GatherFromColumns(double[] gradient)
    {
        var scale = CollectionsMarshal.AsSpan(_matrix.Scale);
        Array.Clear(gradient);
        Array.Clear(_dimensions);
        for (int c = 0; c < _matrix.FirstWord; c++)
        {
            if (_parameterOf[c] is >= 0 and var p) gradient[p] += scale[p] * _columnGradients[c];
        }

        for (int w = 0; w < _matrix.Words.Count; w++)
        {
            double at = _columnGradients[_matrix.FirstWord + w];
            if (at == 0) continue;
            var (_, own, grams, vector) = _matrix.Words[w];
            if (own >= 0) gradient[own] += scale[own] * at;
            foreach (int gram in grams) gradient[gram] += 0.5 * scale[gram] * at;
            if (vector >= 0) _matrix.Vectors.AddScaled(vector, (float)at, _dimensions);
        }

        for (int i = 0; i < WordVectors.Dimensions; i++) gradient[_matrix.FirstDimension + i] = _dimensions[i];
    }
}
