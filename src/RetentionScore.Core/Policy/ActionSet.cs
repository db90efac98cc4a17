namespace RetentionScore.Core.Policy;

/// <summary>A set of actions. A plain value.</summary>
/// <param name="Bits">A bit for each <see cref="RecommendedAction"/>.</param>
public readonly record struct ActionSet(uint Bits)
{
    /// <summary>Whether nothing is in it.</summary>
    public bool IsEmpty => Bits == 0;

    /// <summary>Whether an action is in it.</summary>
    public bool Has(RecommendedAction action) => (Bits & 1u << (int)action) != 0;

    /// <summary>The same with one more.</summary>
    public ActionSet With(RecommendedAction action) => new(Bits | 1u << (int)action);
}
