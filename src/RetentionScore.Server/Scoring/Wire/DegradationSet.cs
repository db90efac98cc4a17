using System.Numerics;
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

    internal bool IsEmpty => bits == 0;

    /// <summary>The flags in the order of their numbers.</summary>
    public Enumerator GetEnumerator() => new(bits);

    internal struct Enumerator
    {
        private uint left;

        internal Enumerator(uint bits) => left = bits;

        public V1.Degradation Current { get; private set; }

        public bool MoveNext()
        {
            if (left == 0) return false;
            Current = (V1.Degradation)BitOperations.TrailingZeroCount(left);
            left &= left - 1;
            return true;
        }
    }
}
