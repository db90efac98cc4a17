using System.Globalization;
using RetentionScore.LoadTests.Runs;

namespace RetentionScore.LoadTests.Reports;

/// <summary>Results as a table for people: a row for each phase.</summary>
internal static class ResultTable
{
    private static readonly (string Head, Func<PhaseResult, string> Of)[] Columns =
    [
        ("", result => result.Name),
        ("rate/s", result => Number(result.Rate, 0)),
        ("answered/s", result => Number(result.Achieved, 0)),
        ("p50 ms", result => Number(result.LatencyMs(50), 3)),
        ("p90", result => Number(result.LatencyMs(90), 3)),
        ("p99", result => Number(result.LatencyMs(99), 3)),
        ("p99.9", result => Number(result.LatencyMs(99.9), 3)),
        ("max", result => Number(result.MaxMs, 2)),
        ("server p99 ≤", result => Number(result.AnswerMsAtMost(0.99), 3)),
        ("p99.9 ≤", result => Number(result.AnswerMsAtMost(0.999), 3)),
        ("open p99", result => Number(result.OpeningMs(99), 2)),
        ("CPU µs/utt", result => Number(result.CpuUsPerUtterance, 2)),
        ("cores", result => Number(result.Cores, 2)),
        ("B/utt", result => Number(result.BytesPerUtterance, 0)),
        ("GC", result => Number(result.Collections, 0)),
        ("paused ms", result => Number(result.GcPauseMs, 1)),
        ("RSS MB", result => Number(result.ResidentMb, 0)),
        ("calls", result => result.LiveCalls.ToString(CultureInfo.InvariantCulture)),
        ("errors", result => (result.Errors + result.Record.Unanswered).ToString(CultureInfo.InvariantCulture)),
        ("client late p99", result => Number(result.LagMs(99), 3)),
    ];

    internal static void Write(TextWriter to, IReadOnlyList<PhaseResult> results)
    {
        string[][] rows = [[.. Columns.Select(column => column.Head)], .. results.Select(result => Columns.Select(column => column.Of(result)).ToArray())];
        int[] widths = [.. Columns.Select((_, i) => rows.Max(row => row[i].Length))];
        foreach (string[] row in rows) to.WriteLine(string.Join("  ", row.Select((cell, i) => i == 0 ? cell.PadRight(widths[i]) : cell.PadLeft(widths[i]))).TrimEnd());
        foreach (PhaseResult result in results)
        {
            foreach ((string why, long count) in result.Record.Errors) to.WriteLine($"{result.Name}: {count} × {why}");
            if (result.Record.Unanswered > 0) to.WriteLine($"{result.Name}: {result.Record.Unanswered} unanswered");
            if (result.Record.ThrownOut > 0) to.WriteLine($"{result.Name}: {result.Record.ThrownOut} calls of clients that do not read were thrown out");
        }
    }

    internal static string Number(double value, int digits) =>
        double.IsFinite(value) ? value.ToString($"F{digits}", CultureInfo.InvariantCulture) : "-";
}
