using RetentionScore.LoadTests.Carriers;
using RetentionScore.LoadTests.Wire;

namespace RetentionScore.LoadTests.Loop;

/// <summary>
/// One thread that sends what is due and reads what comes. Its own cost is about a microsecond a message, so that the server is what is measured
/// even where both share two cores.
/// </summary>
internal sealed class LoadLoop(LoadClock clock, ICarrier[] carriers, TimeSpan linger)
{
    // As many messages are sent before it is looked whether there is something to read.
    private const int MaxActs = 256, InputSize = 256 * 1024;
    private const long MaxWaitNs = 50_000_000;

    private readonly byte[] input = new byte[InputSize];
    private readonly long lingerNs = (long)linger.TotalNanoseconds;
    private Poll.Watched[] watched = [];
    private Http2Connection[] waitedFor = [];
    private long lastActs;

    /// <summary>Runs until a timestamp.</summary>
    internal void Run(long until)
    {
        for (long now = LoadClock.Now; now < until; now = LoadClock.Now)
        {
            long wait = now - lastActs >= lingerNs && ActOnDue(now) ? 0 : NextActs() - LoadClock.Now;
            foreach (ICarrier carrier in carriers) carrier.Flush();
            Wait(Math.Clamp(wait, 0, MaxWaitNs));
        }
    }

    /// <returns>Whether there is more.</returns>
    private bool ActOnDue(long now)
    {
        for (int acts = 0; acts < MaxActs; acts++)
        {
            if (!clock.TryTake(now, out Lane lane, out long due)) return false;
            lastActs = now;
            lane.Act(due);
        }

        return true;
    }

    private long NextActs() => Math.Max(clock.NextDue, lastActs + lingerNs);

    private void Wait(long nanoseconds)
    {
        int count = 0;
        foreach (ICarrier carrier in carriers)
        {
            List<Http2Connection> connections = carrier.Connections;
            for (int i = connections.Count - 1; i >= 0; i--)
            {
                Http2Connection connection = connections[i];
                if (connection.IsOver)
                {
                    connection.Dispose();
                    connections.RemoveAt(i);
                    continue;
                }

                if (count == watched.Length)
                {
                    Array.Resize(ref watched, Math.Max(16, count * 2));
                    Array.Resize(ref waitedFor, watched.Length);
                }

                short wanted = connection.HasOutput ? (short)(Poll.Readable | Poll.Writable) : Poll.Readable;
                waitedFor[count] = connection;
                watched[count++] = new Poll.Watched { Descriptor = connection.Descriptor, Wanted = wanted };
            }
        }

        Poll.Wait(watched.AsSpan(0, count), nanoseconds);
        for (int i = 0; i < count; i++)
        {
            if ((watched[i].Found & (Poll.Readable | Poll.Broken)) != 0) waitedFor[i].Receive(input);
        }
    }
}
