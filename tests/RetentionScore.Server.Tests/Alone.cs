namespace RetentionScore.Server.Tests;

/// <summary>
/// Tests that count allocations run while no other test does: frames are pooled for the whole process, and a pool that streams of other tests empty at
/// the moment makes a new frame, which is theirs to pay for, not the stream's that is measured.
/// </summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class Alone
{
    internal const string Name = "alone";
}
