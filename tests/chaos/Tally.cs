using System.Collections.Concurrent;
using RetentionScore.V1;

namespace RetentionScore.Chaos;

/// <summary>What happened, and what must not have. Safe for any thread.</summary>
internal sealed class Tally
{
    private readonly ConcurrentDictionary<string, int> counts = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, ConcurrentQueue<string>> problems = new(StringComparer.Ordinal);

    internal int this[string name] => counts.GetValueOrDefault(name);

    internal string[] Names => [.. counts.Keys.Where(name => name is not ("lost" or "double-counted")).Order(StringComparer.Ordinal)];

    internal void Count(string name, int by = 1) => counts.AddOrUpdate(name, by, (_, was) => was + by);

    /// <summary>A promise was broken.</summary>
    /// <param name="test">Which one.</param>
    /// <param name="what">On which call, and how.</param>
    internal void Problem(string test, string what) => problems.GetOrAdd(test, _ => []).Enqueue(what);

    internal string[] Problems(string test) => problems.TryGetValue(test, out var found) ? [.. found] : [];

    /// <summary>Compares a first answer with that of the fold.</summary>
    internal void Check(CallScript script, ScoreUpdate update)
    {
        if (update.Interim || update.Duplicate || update.Seq == 0 || update.Seq > script.Fold.Updates.Count) return;
        Count("updates compared");
        ScoreUpdate expected = Bare(script.Fold.Updates[(int)update.Seq - 1]), actual = Bare(update);
        if (update.Degraded.Contains(Degradation.Shed))
        {
            expected.Evidence.Clear();
            expected.Signals.Clear();
            actual.Evidence.Clear();
            actual.Signals.Clear();
        }

        if (!actual.Equals(expected)) Problem("everyScoreAsInThePlainFold", $"{script.Start.CallId} seq {update.Seq}: {actual} instead of {expected}");
    }

    /// <summary>Compares what a call came to with the fold.</summary>
    internal void Check(CallScript script, CallSummary summary)
    {
        Count("calls");
        Count("utterances", (int)summary.Utterances);
        int missing = (int)script.Fold.Summary!.Utterances - (int)summary.Utterances;
        if (missing > 0) Lose(script.Start.CallId, missing, "not in the summary");
        if (missing < 0)
        {
            Count("double-counted", -missing);
            Problem("nothingCountedTwice", $"{script.Start.CallId}: {-missing} more than were said");
        }

        if (!Bare(summary).Equals(Bare(script.Fold.Summary))) Problem("everyCallAsInThePlainFold", $"{script.Start.CallId}: {Bare(summary)} instead of {Bare(script.Fold.Summary)}");
    }

    internal void Lose(string callId, int messages, string how)
    {
        Count("lost", messages);
        Problem("nothingLost", $"{callId}: {messages} {how}");
    }

    /// <summary>Without what the contract lets a restart change: latency, durability, duplicates.</summary>
    internal static CallSummary Bare(CallSummary summary)
    {
        CallSummary bare = summary.Clone();
        bare.Last = Bare(bare.Last);
        return bare;
    }

    private static ScoreUpdate Bare(ScoreUpdate update)
    {
        ScoreUpdate bare = update.Clone();
        bare.Latency = null;
        bare.DurableSeq = 0;
        bare.Degraded.Remove(Degradation.NotDurable);
        bare.Degraded.Remove(Degradation.Shed);
        return bare;
    }
}
