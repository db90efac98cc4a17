using RetentionScore.Core.Text;

namespace RetentionScore.Core.Signals.Linear;

/// <summary>What the learned model needs while it reads one utterance. Reused; not thread-safe.</summary>
internal sealed class LinearScratch
{
    /// <summary>Sums of the words before each word, <see cref="LinearSide.Stride"/> numbers a word.</summary>
    public readonly int[] Prefix = new int[(TokenBuffer.Capacity + 1) * LinearSide.Stride];

    /// <summary>Sum of what is not words: phrases, length.</summary>
    public readonly int[] Direct = new int[LinearSide.Stride];

    /// <summary>Log-odds of each head.</summary>
    public readonly double[] LogOdds = new double[LinearSide.Stride];

    /// <summary>The probabilities of these.</summary>
    public readonly double[] Probabilities = new double[LinearSide.Stride];

    /// <summary>The row of each word, and that of its pair with the word before it; 0 for none.</summary>
    public readonly int[] WordRows = new int[TokenBuffer.Capacity], PairRows = new int[TokenBuffer.Capacity];

    /// <summary>What the words come to for each head, all of them or those of the best window.</summary>
    public readonly double[] Best = new double[LinearSide.Stride];

    /// <summary>The words of the window that gave them: first, and one past the last.</summary>
    public readonly (int Begin, int End)[] Windows = new (int, int)[LinearSide.Stride];

    public readonly ulong[] Grams = new ulong[FeatureKey.MostGrams];
}
