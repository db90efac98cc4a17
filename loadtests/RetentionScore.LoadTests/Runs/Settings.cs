namespace RetentionScore.LoadTests.Runs;

/// <summary>What the command line asks for. Immutable.</summary>
internal sealed record Settings
{
    internal required LoadPlan Plan { get; init; }

    /// <summary>A server that runs already; null to start one.</summary>
    internal Uri? Target { get; init; }

    /// <summary>Its /metrics; null where it is not to be asked.</summary>
    internal Uri? Ops { get; init; }

    /// <summary>The server to start: a .dll or an executable.</summary>
    internal required string Server { get; init; }

    /// <summary>memory, or sqlite in a directory that goes with the server.</summary>
    internal string Journal { get; init; } = "sqlite";

    internal string[] ServerArguments { get; init; } = [];

    /// <summary>NAME=value.</summary>
    internal string[] ServerEnvironment { get; init; } = [];

    /// <summary>Instead of one rate: a measurement for each.</summary>
    internal double[] Rates { get; init; } = [];

    /// <summary>Rounds of the comparison with an echo; 0 for none.</summary>
    internal int EchoRounds { get; init; }

    internal Budget[] Budgets { get; init; } = [];

    internal string? JsonPath { get; init; }

    internal string? SvgPath { get; init; }
}
