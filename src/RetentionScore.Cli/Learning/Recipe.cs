using System.Text.Json;
using RetentionScore.Core;
using RetentionScore.Core.Signals;

namespace RetentionScore.Cli.Learning;

/// <summary>How a model is trained, apart from the data.</summary>
internal sealed record Recipe
{
    /// <summary>Draws the ordinary turns and the parts of the cross-validation.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>Weight of an ordinary turn as a negative.</summary>
    public double WeakWeight { get; init; } = 0.15;

    /// <summary>Penalty of every weight; null when it is to be chosen for each signal by cross-validation.</summary>
    public double? Penalty { get; init; }

    /// <summary>Penalties that were chosen, by side and signal; they go before <see cref="Penalty"/>.</summary>
    public IReadOnlyDictionary<(Speaker Side, Signal Signal), double> Penalties { get; init; } = new Dictionary<(Speaker, Signal), double>();

    /// <summary>Steps of the minimiser at most.</summary>
    public int MostSteps { get; init; } = 60;

    /// <summary>The penalty of a signal; null where it is still to be chosen.</summary>
    public double? PenaltyOf(Speaker side, Signal signal) => Penalties.TryGetValue((side, signal), out double penalty) ? penalty : Penalty;

    /// <summary>With the penalties that a training report tells.</summary>
    /// <exception cref="FormatException">It names what is no signal.</exception>
    /// <exception cref="JsonException">It is no such report.</exception>
    public Recipe WithPenaltiesOf(string report)
    {
        Report told = JsonSerializer.Deserialize<Report>(File.ReadAllText(report), Json) ?? throw new FormatException($"{report} is no training report");
        var penalties = new Dictionary<(Speaker, Signal), double>();
        foreach (Report.Head head in told.Heads)
        {
            if (!Enum.TryParse(head.Side, ignoreCase: true, out Speaker side) || !SignalCatalogue.TryParse(head.Signal, out Signal signal))
                throw new FormatException($"{report}: '{head.Signal}' of '{head.Side}' is no signal of a side");
            penalties[(side, signal)] = head.Penalty;
        }

        return this with { Penalties = penalties };
    }

    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, RespectRequiredConstructorParameters = true, RespectNullableAnnotations = true };

    /// <summary>What is read of a training report.</summary>
    private sealed record Report(Report.Head[] Heads)
    {
        public sealed record Head(string Side, string Signal, double Penalty);
    }
}
