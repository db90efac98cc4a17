using System.Globalization;
using RetentionScore.V1;

namespace RetentionScore.Cli.Scoring;

/// <summary>What a whole file came to. Filled call by call, by one thread.</summary>
internal sealed class FileTotals
{
    private int calls, utterances, malformed, unscored, high, requested, processCancellation, supervisor;

    /// <summary>Whether every line held a call and every call was scored.</summary>
    public bool IsComplete => malformed + unscored == 0;

    /// <summary>Calls and problems so far.</summary>
    public int Lines => calls + malformed + unscored;

    /// <summary>A line that holds no call.</summary>
    public void AddMalformed() => malformed++;

    /// <summary>A call that was refused or broke off.</summary>
    public void AddUnscored() => unscored++;

    /// <summary>A call that was scored.</summary>
    public void Add(CallTally tally, int turns)
    {
        calls++;
        utterances += turns;
        if (tally.ReachedHigh) high++;
        if (tally.ReachedRequested) requested++;
        if (tally.Advised(RecommendedAction.ProcessCancellation)) processCancellation++;
        if (tally.Advised(RecommendedAction.SupervisorListenIn) || tally.Advised(RecommendedAction.SupervisorTakeOver)) supervisor++;
    }

    /// <summary>The closing lines.</summary>
    public void Write(TextWriter output, TimeSpan taken)
    {
        Line(output, "calls", string.Create(CultureInfo.InvariantCulture, $"{calls}, {utterances} utterances"));
        Line(output, "reached HIGH", Share(high));
        Line(output, "reached REQUESTED", Share(requested));
        Line(output, "PROCESS_CANCELLATION", Share(processCancellation));
        Line(output, "supervisor alerted", Share(supervisor));
        if (malformed > 0) Line(output, "malformed lines", malformed.ToString(CultureInfo.InvariantCulture));
        if (unscored > 0) Line(output, "calls not scored", unscored.ToString(CultureInfo.InvariantCulture));
        Line(output, "time", string.Create(
            CultureInfo.InvariantCulture, $"{taken.TotalSeconds:0.00} s, {utterances / Math.Max(taken.TotalSeconds, 1e-3):0} utterances/s"));
    }

    private string Share(int count) => string.Create(CultureInfo.InvariantCulture, $"{count} ({(calls == 0 ? 0 : 100.0 * count / calls):0.0} %)");

    private static void Line(TextWriter output, string name, string value) => output.WriteLine($"{name,-22}{value}");
}
