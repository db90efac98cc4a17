using System.Collections.Immutable;
using RetentionScore.Cli.Calls;
using RetentionScore.V1;

namespace RetentionScore.Cli.Demo;

/// <summary>All calls of the demo. Answers come on many threads, so everything is done under one lock.</summary>
internal sealed class Board
{
    private readonly Lock gate = new();
    private readonly ImmutableArray<Lane> lanes;

    /// <summary>A board of calls; the first of them is followed word by word.</summary>
    public Board(IEnumerable<RecordedCall> calls) => lanes = [.. calls.Select((call, i) => new Lane(call, isFollowed: i == 0))];

    /// <summary>How many calls there are.</summary>
    public int Count => lanes.Length;

    /// <summary>Takes an answer to a message of a call, and tells what there is to say of it under the lock, so that lines keep their order.</summary>
    public void Take(int lane, Due due, ScoreUpdate update, Action<Lane, TimelineEntry> tell)
    {
        lock (gate)
        {
            foreach (TimelineEntry entry in lanes[lane].Take(due, update)) tell(lanes[lane], entry);
        }
    }

    /// <summary>A call has ended, or broken off.</summary>
    public void End(int lane, CallSummary? summary, string? problem)
    {
        lock (gate) lanes[lane].End(summary, problem);
    }

    /// <summary>Looks at all calls; what is read must not be kept.</summary>
    public T Read<T>(Func<ImmutableArray<Lane>, T> read)
    {
        lock (gate) return read(lanes);
    }
}
