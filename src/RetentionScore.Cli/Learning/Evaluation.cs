using RetentionScore.Cli.Calibrating;

namespace RetentionScore.Cli.Learning;

/// <summary>All that one run of <c>evaluate</c> measured; written as JSON as it is.</summary>
/// <param name="Model">The model's name.</param>
/// <param name="OperatingPoint">From where a signal counts as told.</param>
/// <param name="Tasks">Signals and risks on labelled sets.</param>
/// <param name="Calls">Ordinary calls.</param>
/// <param name="Risks">Risks on calls that readers judged.</param>
internal sealed record Evaluation(
    string Model, double OperatingPoint, IReadOnlyList<Measurement> Tasks, IReadOnlyList<Bar> Calls, IReadOnlyList<JudgedRisk> Risks);
