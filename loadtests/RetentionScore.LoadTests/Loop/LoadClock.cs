using System.Diagnostics;

namespace RetentionScore.LoadTests.Loop;

/// <summary>
/// When each lane is due, in nanoseconds of <see cref="Stopwatch"/>. The speed says how many nanoseconds of this clock a millisecond of a call takes.
/// For the loop's thread.
/// </summary>
internal sealed class LoadClock
{
    private readonly PriorityQueue<(Lane Lane, long Planned), long> due = new();
    private readonly long quantumNs;

    /// <param name="quantum">Arrivals come together at multiples of it: bursts. Zero for none.</param>
    internal LoadClock(TimeSpan quantum)
    {
        Debug.Assert(Stopwatch.Frequency == 1_000_000_000, "Linux counts nanoseconds.");
        quantumNs = (long)quantum.TotalNanoseconds;
    }

    internal static long Now => Stopwatch.GetTimestamp();

    /// <summary>Nanoseconds for a millisecond of a call.</summary>
    internal double NsPerCallMs { get; set; } = 1_000_000;

    /// <summary>The next that is due; <see cref="long.MaxValue"/> for none.</summary>
    internal long NextDue => due.TryPeek(out _, out long at) ? at : long.MaxValue;

    /// <summary>In place of what was planned before.</summary>
    internal void Schedule(Lane lane, long at)
    {
        lane.Planned = at;
        if (quantumNs > 0) at = (at + quantumNs - 1) / quantumNs * quantumNs;
        due.Enqueue((lane, lane.Planned), at);
    }

    /// <summary>Goes on from when the lane's last was planned, not from the burst that it came with: the rate stays.</summary>
    internal void ScheduleAfter(Lane lane, int gapMs) => Schedule(lane, lane.Planned + (long)(gapMs * NsPerCallMs));

    /// <summary>Takes the first lane that is due.</summary>
    internal bool TryTake(long now, out Lane lane, out long at)
    {
        while (due.TryPeek(out var first, out at) && at <= now)
        {
            due.Dequeue();
            lane = first.Lane;
            if (lane.Planned == first.Planned) return true;
        }

        lane = null!;
        return false;
    }
}
