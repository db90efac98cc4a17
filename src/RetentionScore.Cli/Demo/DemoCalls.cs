using System.Collections.Immutable;
using RetentionScore.Cli.Calls;

namespace RetentionScore.Cli.Demo;

/// <summary>
/// The calls that come with the tool: some that must be caught and some that must be left alone, out of tests/scenarios. A test keeps
/// calls.jsonl in step with them, and writes it with UPDATE_DEMO=1.
/// </summary>
internal static class DemoCalls
{
    private const string Resource = "RetentionScore.Cli.Demo.calls.jsonl";

    /// <summary>The calls; the first is the one to follow.</summary>
    public static ImmutableArray<RecordedCall> Load()
    {
        using Stream stream = typeof(DemoCalls).Assembly.GetManifestResourceStream(Resource)
            ?? throw new InvalidOperationException($"{Resource} is not in the assembly.");
        return [.. CallFile.Read(stream).Select(line => line.Call ?? throw new InvalidDataException($"{Resource}:{line.Number}: {line.Problem}"))];
    }
}
