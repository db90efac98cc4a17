using RetentionScore.Core.Policy;

namespace RetentionScore.Server.Scoring;

/// <summary>The policies that calls can ask for. Immutable.</summary>
public sealed class PolicySet
{
    /// <summary>The names.</summary>
    public IReadOnlyList<string> Names { get; } = [RetentionPolicy.Default.Name];

    /// <summary>A policy by its name; an empty one is the default. Null for an unknown one.</summary>
    public RetentionPolicy? Find(string name) =>
        name.Length == 0 || string.Equals(name, RetentionPolicy.Default.Name, StringComparison.Ordinal) ? RetentionPolicy.Default : null;
}
