using HdrHistogram;
using RetentionScore.LoadTests.Loop;
using RetentionScore.LoadTests.Servers;

namespace RetentionScore.LoadTests.Runs;

/// <summary>One measured phase: what the calls saw, and what it cost the server. Figures that could not be had are NaN.</summary>
internal sealed record PhaseResult(string Name, double Rate, double Seconds, PhaseRecord Record, ServerSample Before, ServerSample After)
{
    private const double NsPerMs = 1e6, UsPerSecond = 1e6;

    private MetricsPage MetricsBefore => Before.Metrics.GetAwaiter().GetResult();

    private MetricsPage MetricsAfter => After.Metrics.GetAwaiter().GetResult();

    internal int LiveCalls { get; init; }

    /// <summary>Utterances answered a second.</summary>
    internal double Achieved => Record.Utterances / Seconds;

    internal double CpuUsPerUtterance => CpuSeconds * UsPerSecond / Record.Utterances;

    /// <summary>Cores that the server kept busy.</summary>
    internal double Cores => CpuSeconds / Seconds;

    internal double BytesPerUtterance => Risen("gc_allocated_bytes_total") / Record.Utterances;

    internal double GcPauseMs => Risen("gc_pause_seconds_total") * 1000;

    internal double Collections => Risen("gc_collections_total{generation=\"0\"}") + Risen("gc_collections_total{generation=\"1\"}") + Risen("gc_collections_total{generation=\"2\"}");

    internal double ResidentMb => (double.IsFinite(After.ResidentBytes) ? After.ResidentBytes : MetricsAfter["resident_memory_bytes"]) / (1 << 20);

    internal double HeapMb => MetricsAfter["gc_heap_bytes"] / (1 << 20);

    /// <summary>Of scoring one utterance, mean, as the server says.</summary>
    internal double ScoreUs => Risen("utterance_seconds_sum{stage=\"score\",kind=\"final\"}") / Risen("utterance_seconds_count{stage=\"score\",kind=\"final\"}") * UsPerSecond;

    internal long Errors => Record.Errors.Values.Sum();

    internal double LatencyMs(double percentile) => At(Record.Latency, percentile);

    internal double MaxMs => Record.Latency.TotalCount == 0 ? double.NaN : Record.Latency.GetMaxValue() / NsPerMs;

    internal double OpeningMs(double percentile) => At(Record.Opening, percentile);

    internal double SummaryMs(double percentile) => At(Record.Summary, percentile);

    /// <summary>How late this program sent.</summary>
    internal double LagMs(double percentile) => At(Record.Lag, percentile);

    /// <summary>A bound under which so many of the server's own waits, from a message's arrival to the start of its scoring, lie, in ms.</summary>
    internal double QueueMsAtMost(double share) => MetricsAfter.Quantile("utterance_seconds", "stage=\"queue\",kind=\"final\"", share, MetricsBefore) * 1000;

    /// <summary>A bound under which so many of the server's own times, from a message's arrival to the flush of its answer, lie, in ms.</summary>
    internal double AnswerMsAtMost(double share) => MetricsAfter.Quantile("answer_seconds", "", share, MetricsBefore) * 1000;

    /// <summary>Of the process on this machine; of a server that was named, as it says itself.</summary>
    private double CpuSeconds => double.IsFinite(After.CpuSeconds) ? After.CpuSeconds - Before.CpuSeconds : Risen("cpu_seconds_total");

    private double Risen(string metric) => MetricsAfter[metric] - MetricsBefore[metric];

    private static double At(LongHistogram histogram, double percentile) =>
        histogram.TotalCount == 0 ? double.NaN : histogram.GetValueAtPercentile(percentile) / NsPerMs;
}
