using RetentionScore.Core.Signals;

namespace RetentionScore.Cli.Learning;

/// <summary>A set of signals. A value.</summary>
internal readonly record struct SignalSet(ulong Bits)
{
    /// <summary>No signal.</summary>
    public static SignalSet None => default;

    /// <summary>The signals told to clients that a customer's words can carry.</summary>
    public static SignalSet OfCustomer { get; } = Where(SignalCatalogue.OfCustomer);

    /// <summary>The signals told to clients that an agent's words can carry.</summary>
    public static SignalSet OfAgent { get; } = Where(SignalCatalogue.OfAgent);

    public static SignalSet Of(params ReadOnlySpan<Signal> signals)
    {
        ulong bits = 0;
        foreach (Signal signal in signals) bits |= 1UL << (int)signal;
        return new SignalSet(bits);
    }

    public bool Has(Signal signal) => (Bits >> (int)signal & 1) != 0;

    public static SignalSet operator |(SignalSet a, SignalSet b) => new(a.Bits | b.Bits);

    /// <summary>What is in the first and not in the second.</summary>
    public static SignalSet operator -(SignalSet a, SignalSet b) => new(a.Bits & ~b.Bits);

    private static SignalSet Where(Func<Signal, bool> holds)
    {
        ulong bits = 0;
        for (Signal s = Signal.CancelRequest; s < Signal.AsksIfCancel; s++) bits |= holds(s) ? 1UL << (int)s : 0;
        return new SignalSet(bits);
    }
}
