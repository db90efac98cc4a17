using System.Collections.Concurrent;
using RetentionScore.Server.Calls;

namespace RetentionScore.Server.Scoring.Trunk;

/// <summary>
/// Calls that the trunk's loop is to look at: somebody took one over, or what one waited for is there. Anyone posts, the loop takes. Bounded by what a
/// call can wait for: its opening, its end, a flush, a stop.
/// </summary>
internal sealed class TrunkInbox(StreamControl trunk)
{
    private readonly ConcurrentQueue<TrunkCall> posted = [];

    internal void Post(TrunkCall call)
    {
        posted.Enqueue(call);
        trunk.RequestFlushNotice();
    }

    internal bool TryTake(out TrunkCall? call) => posted.TryDequeue(out call);
}
