using RetentionScore.Server.Metrics;

namespace RetentionScore.Server.Scoring;

/// <summary>
/// The wait of every message that is answered with an update, from its arrival to the flush of that answer. Messages that came together are one entry;
/// there are no more entries than answers are written before a flush. Allocates nothing once it has its size. For one loop.
/// </summary>
internal sealed class AnswerTimer(ServerMetrics metrics, TimeProvider time)
{
    private (long Arrival, int Answers)[] unflushed = new (long, int)[1];
    private int count;

    /// <summary>An answer was written.</summary>
    /// <param name="arrival">Timestamp of the message's arrival.</param>
    internal void Written(long arrival)
    {
        if (count > 0 && unflushed[count - 1].Arrival == arrival)
        {
            unflushed[count - 1].Answers++;
            return;
        }

        if (count == unflushed.Length) Array.Resize(ref unflushed, count * 4);
        unflushed[count++] = (arrival, 1);
    }

    /// <summary>Everything that was written is flushed.</summary>
    internal void Flushed()
    {
        if (count == 0) return;
        long now = time.GetTimestamp();
        for (int i = 0; i < count; i++) metrics.AnswersFlushed(time.GetElapsedTime(unflushed[i].Arrival, now), unflushed[i].Answers);
        count = 0;
    }
}
