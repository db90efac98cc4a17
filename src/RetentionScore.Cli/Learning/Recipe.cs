using RetentionScore.Core.Signals;

namespace RetentionScore.Cli.Learning;

/// <summary>How a model is trained, apart from the data.</summary>
internal sealed record Recipe
{
    /// <summary>Draws the ordinary turns and the parts of the cross-validation.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>Weight of an ordinary turn as a negative.</summary>
    public double WeakWeight { get; init; } = 0.15;

    /// <summary>Penalty where none was chosen for a signal.</summary>
    public double Penalty { get; init; } = 1;

    /// <summary>Penalties chosen by cross-validation.</summary>
    public IReadOnlyDictionary<Signal, double> Penalties { get; init; } = new Dictionary<Signal, double>();

    /// <summary>Steps of the minimiser at most.</summary>
    public int MostSteps { get; init; } = 60;

    /// <summary>The penalty of a signal.</summary>
    public double PenaltyOf(Signal signal) => Penalties.TryGetValue(signal, out double penalty) ? penalty : Penalty;
}
