namespace RetentionScore.Core.Policy;

/// <summary>A house's rules: bands, limits, wording. Immutable; a call keeps the one it began with.</summary>
public sealed record RetentionPolicy
{
    /// <summary>The rules that apply where none are named.</summary>
    public static readonly RetentionPolicy Default = new();

    /// <summary>The name a call asks for.</summary>
    public string Name { get; init; } = "default";

    /// <summary>Told to clients, journalled with calls.</summary>
    public string Version { get; init; } = "default-1";
}
