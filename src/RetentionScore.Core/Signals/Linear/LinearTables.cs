namespace RetentionScore.Core.Signals.Linear;

/// <summary>One side of a model as numbers: rows have one entry a head.</summary>
/// <param name="Heads">The signals, at most <see cref="LinearSide.Stride"/>.</param>
/// <param name="WordKeys">Keys of words (<see cref="FeatureKey.Word"/>).</param>
/// <param name="WordRows">A row a word: twice its own weight and once that of the runs of letters in it.</param>
/// <param name="FeatureKeys">Keys of pairs, answers, words at the ends, negated words and runs of letters.</param>
/// <param name="FeatureRows">A row each; runs of letters count once, all else twice.</param>
/// <param name="DirectRows">A row for each <see cref="DirectFeature"/>.</param>
internal sealed record LinearTables(
    LinearHead[] Heads, ulong[] WordKeys, short[] WordRows, ulong[] FeatureKeys, sbyte[] FeatureRows, short[] DirectRows)
{
    /// <summary>A side that knows nothing.</summary>
    public static LinearTables None { get; } = new([], [], [], [], [], []);
}
