using System.Diagnostics;
using RetentionScore.LoadTests.Loop;

namespace RetentionScore.LoadTests.Sdk;

/// <summary>What all lanes of the SDK saw. Safe for any thread.</summary>
internal sealed class SdkTally
{
    private readonly Lock gate = new();

    internal Record Record { get; } = new();

    /// <summary>Calls that got their summary.</summary>
    internal int Ended { get; private set; }

    /// <summary>Utterances that were said in those calls.</summary>
    internal long Said { get; private set; }

    /// <summary>Of those, in no summary.</summary>
    internal long Missing { get; private set; }

    /// <summary>In summaries more often than they were said.</summary>
    internal long Double { get; private set; }

    /// <summary>Streams that broke, or were told to go elsewhere.</summary>
    internal long Breaks { get; private set; }

    /// <summary>Calls that went on at another node at least once.</summary>
    internal int Moved { get; private set; }

    internal void Sent(long due, long now)
    {
        lock (gate) Record.UtteranceSent(due, now);
    }

    internal void Answered(long due)
    {
        lock (gate) Record.Answered(due, Stopwatch.GetTimestamp(), isUtterance: true, isDegraded: false);
    }

    internal void Opened(long due)
    {
        lock (gate) Record.Opened(due, Stopwatch.GetTimestamp());
    }

    internal void Unanswered(long due)
    {
        lock (gate) Record.Unanswered(due, Stopwatch.GetTimestamp());
    }

    internal void Fail(string why)
    {
        lock (gate) Record.Fail(why);
    }

    /// <summary>A call has its summary.</summary>
    /// <param name="due">When it was told to end.</param>
    /// <param name="said">Utterances its client said.</param>
    /// <param name="counted">Utterances its summary counts.</param>
    /// <param name="breaks">Of its streams.</param>
    /// <param name="nodes">It was at.</param>
    internal void Finished(long due, long said, long counted, int breaks, int nodes)
    {
        lock (gate)
        {
            Record.Finished(due, Stopwatch.GetTimestamp());
            Ended++;
            Said += said;
            Missing += Math.Max(0, said - counted);
            Double += Math.Max(0, counted - said);
            Breaks += breaks;
            if (nodes > 1) Moved++;
            if (counted != said) Record.Fail($"a summary counts {(counted < said ? "fewer" : "more")} utterances than were said", (int)Math.Abs(counted - said));
        }
    }
}
