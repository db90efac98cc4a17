using System.Numerics;
using Google.Protobuf.Collections;
using RetentionScore.Core.Calls;

namespace RetentionScore.Server.Scoring.Wire;

/// <summary>What was left out of one answer: a set of the contract's flags.</summary>
internal readonly record struct DegradationSet
{
    private readonly uint bits;

    private DegradationSet(uint bits) => this.bits = bits;

    internal static DegradationSet None => default;

    public static implicit operator DegradationSet(V1.Degradation one) => new(1u << (int)one);

    public static DegradationSet operator |(DegradationSet left, DegradationSet right) => new(left.bits | right.bits);

    internal static DegradationSet Of(Degradations core)
    {
        DegradationSet set = None;
        if (core == Degradations.None) return set;
        if ((core & Degradations.LanguageNotEvaluated) != 0) set |= V1.Degradation.LanguageNotEvaluated;
        if ((core & Degradations.NotEvaluated) != 0) set |= V1.Degradation.NotEvaluated;
        if ((core & Degradations.InputIgnored) != 0) set |= V1.Degradation.InputIgnored;
        if ((core & Degradations.CorrectionTooOld) != 0) set |= V1.Degradation.CorrectionTooOld;
        if ((core & Degradations.TimingsEstimated) != 0) set |= V1.Degradation.TimingsEstimated;
        return set;
    }

    internal bool Has(V1.Degradation one) => (bits & 1u << (int)one) != 0;

    /// <summary>Adds the flags in the order of their numbers.</summary>
    internal void AddTo(RepeatedField<V1.Degradation> field)
    {
        for (uint left = bits; left != 0; left &= left - 1) field.Add((V1.Degradation)BitOperations.TrailingZeroCount(left));
    }
}
