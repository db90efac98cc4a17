using RetentionScore.Core.Policy;
using RetentionScore.Core.Risk;

namespace RetentionScore.Server.Scoring;

/// <summary>The policies that calls can ask for. Immutable.</summary>
/// <param name="calibration">How sums of evidence become probabilities, in every policy.</param>
public sealed class PolicySet(Calibration calibration)
{
    private readonly RetentionPolicy usual = ReferenceEquals(calibration, Calibration.Shipped)
        ? RetentionPolicy.Default
        : RetentionPolicy.Default with { Calibration = calibration, Version = $"{RetentionPolicy.Default.Version}+{calibration.Fingerprint:x8}" };

    /// <summary>Those that are shipped.</summary>
    public PolicySet()
        : this(Calibration.Shipped)
    {
    }

    /// <summary>The names.</summary>
    public IReadOnlyList<string> Names { get; } = [RetentionPolicy.Default.Name];

    /// <summary>A policy by its name; an empty one is the default. Null for an unknown one.</summary>
    public RetentionPolicy? Find(string name) =>
        name.Length == 0 || string.Equals(name, RetentionPolicy.Default.Name, StringComparison.Ordinal) ? usual : null;
}
