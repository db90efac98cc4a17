using System.Collections.Concurrent;

namespace RetentionScore.Server.Calls;

/// <summary>Every open stream of calls. Safe for any thread.</summary>
internal sealed class OpenStreams
{
    private readonly ConcurrentDictionary<StreamControl, byte> streams = [];

    internal bool IsEmpty => streams.IsEmpty;

    internal int Count => streams.Count;

    internal void Add(StreamControl stream) => streams.TryAdd(stream, 0);

    internal void Remove(StreamControl stream) => streams.TryRemove(stream, out _);

    internal IEnumerable<StreamControl> All => streams.Select(stream => stream.Key);
}
