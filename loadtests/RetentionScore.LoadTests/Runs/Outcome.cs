using RetentionScore.LoadTests.Reports;

namespace RetentionScore.LoadTests.Runs;

/// <summary>What a run came to: its phases, figures that are of the run as a whole, and a chart where there is something to see.</summary>
internal sealed record Outcome(IReadOnlyList<PhaseResult> Results)
{
    /// <summary>By name, with the unit in the name.</summary>
    internal Dictionary<string, double> Figures { get; init; } = new(StringComparer.Ordinal);

    internal Chart? Chart { get; init; }
}
