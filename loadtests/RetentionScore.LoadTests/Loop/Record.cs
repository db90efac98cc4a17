using HdrHistogram;

namespace RetentionScore.LoadTests.Loop;

/// <summary>
/// What the lanes saw, by phases. A latency belongs to the phase in which its message was due, however late the answer; what was answered in time is
/// counted where the answer came. Written by the loop's thread; the totals may be read by any.
/// </summary>
internal sealed class Record
{
    private readonly List<PhaseRecord> phases = [];
    private long answered, failed;
    private PhaseRecord? current;

    /// <summary>Makes call ids of different runs different.</summary>
    internal string RunId { get; } = Convert.ToHexStringLower(BitConverter.GetBytes(Environment.TickCount64 ^ Environment.ProcessId))[..8];

    /// <summary>Utterances answered since the start.</summary>
    internal long AnsweredInAll => Volatile.Read(ref answered);

    /// <summary>Everything that went wrong since the start.</summary>
    internal long FailedInAll => Volatile.Read(ref failed);

    /// <summary>From now on this phase is the one.</summary>
    internal void Begin(PhaseRecord phase)
    {
        phases.Add(phase);
        current = phase;
    }

    internal void UtteranceSent(long due, long now)
    {
        current!.Sent++;
        if (Of(due) is { } phase) phase.Lag.RecordValue(PhaseRecord.Fit(now - due));
    }

    internal void Answered(long due, long now, bool isUtterance, bool isDegraded)
    {
        if (isUtterance)
        {
            Volatile.Write(ref answered, answered + 1);
            current!.Utterances++;
        }
        else
        {
            current!.Events++;
        }

        if (isDegraded) current.Degraded++;
        if (Of(due) is { } phase) phase.Latency.RecordValue(PhaseRecord.Fit(now - due));
    }

    internal void Opened(long due, long now)
    {
        current!.Opened++;
        if (Of(due) is { } phase) phase.Opening.RecordValue(PhaseRecord.Fit(now - due));
    }

    internal void Finished(long due, long now)
    {
        current!.Finished++;
        if (Of(due) is { } phase) phase.Summary.RecordValue(PhaseRecord.Fit(now - due));
    }

    internal void ThrownOut() => current!.ThrownOut++;

    /// <summary>Something that must not happen.</summary>
    internal void Fail(string why, int messages = 1)
    {
        Volatile.Write(ref failed, failed + messages);
        current!.Errors[why] = current.Errors.GetValueOrDefault(why) + messages;
    }

    /// <summary>A message that nobody answered is as late as it is now.</summary>
    internal void Unanswered(long due, long now)
    {
        if (Of(due) is not { } phase) return;
        phase.Unanswered++;
        phase.Latency.RecordValue(PhaseRecord.Fit(now - due));
    }

    private PhaseRecord? Of(long due)
    {
        for (int i = phases.Count - 1; i >= 0; i--)
        {
            if (due >= phases[i].From) return phases[i];
        }

        return null;
    }
}

/// <summary>One phase's figures. Latencies in nanoseconds, from when the message was due.</summary>
internal sealed class PhaseRecord(long from)
{
    private const long Least = 1_000, Most = 600_000_000_000;
    private const int Digits = 3;

    internal long From => from;

    internal LongHistogram Latency { get; } = new(Least, Most, Digits);

    /// <summary>From `start` to `opened`.</summary>
    internal LongHistogram Opening { get; } = new(Least, Most, 2);

    /// <summary>From `end` to the summary, which waits for the journal.</summary>
    internal LongHistogram Summary { get; } = new(Least, Most, 2);

    /// <summary>How late this program itself was.</summary>
    internal LongHistogram Lag { get; } = new(Least, Most, 2);

    internal long Sent { get; set; }

    internal long Utterances { get; set; }

    internal long Events { get; set; }

    internal long Opened { get; set; }

    internal long Finished { get; set; }

    internal long Degraded { get; set; }

    internal long Unanswered { get; set; }

    /// <summary>Clients that do not read, whom the server threw out.</summary>
    internal long ThrownOut { get; set; }

    internal Dictionary<string, long> Errors { get; } = new(StringComparer.Ordinal);

    internal static long Fit(long nanoseconds) => Math.Clamp(nanoseconds, Least, Most - 1);
}
