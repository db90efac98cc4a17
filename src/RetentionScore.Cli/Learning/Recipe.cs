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
    /// <exception cref="FormatException">It is no such report.</exception>
    public Recipe WithPenaltiesOf(string report)
    {
        var penalties = new Dictionary<(Speaker, Signal), double>();
        using JsonDocument json = JsonDocument.Parse(File.ReadAllText(report));
        if (!json.RootElement.TryGetProperty("heads", out JsonElement heads)) throw new FormatException($"{report} is no training report: it has no 'heads'");
        foreach (JsonElement head in heads.EnumerateArray())
        {
            if (!Enum.TryParse(head.GetProperty("side").GetString(), ignoreCase: true, out Speaker side) || !SignalCatalogue.TryParse(head.GetProperty("signal").GetString()!, out Signal signal))
                throw new FormatException($"{report}: '{head}' names no signal of a side");
            penalties[(side, signal)] = head.GetProperty("penalty").GetDouble();
        }

        return this with { Penalties = penalties };
    }
}
