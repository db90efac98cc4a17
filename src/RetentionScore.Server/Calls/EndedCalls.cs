namespace RetentionScore.Server.Calls;

/// <summary>
/// Calls that have ended and that nobody holds, for the time in which their summary can be asked for: at a thousand calls a second they are hundreds of
/// thousands, so that they are kept as bytes and not as objects (<see cref="EndedShard"/>). In parts, so that no start waits long for another's. Safe for any thread.
/// </summary>
internal sealed class EndedCalls
{
    private const int ShardsCount = 64; // a power of two

    private readonly EndedShard[] shards = [.. Enumerable.Range(0, ShardsCount).Select(_ => new EndedShard())];

    /// <summary>How many there are.</summary>
    internal int Count => shards.Sum(shard => shard.Count);

    /// <summary>Where a call is, or would be.</summary>
    internal EndedShard ShardOf(int hash) => shards[(hash ^ (hash >> 16)) & (ShardsCount - 1)];

    /// <summary>Forgets those that nobody can ask for any more.</summary>
    /// <param name="isOver">Whether the time has passed since a timestamp.</param>
    internal void Sweep(Func<long, bool> isOver)
    {
        foreach (EndedShard shard in shards)
        {
            lock (shard.Gate) shard.Sweep(isOver);
        }
    }
}
