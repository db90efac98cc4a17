using System.Text.Json;
using RetentionScore.LoadTests.Runs;

namespace RetentionScore.LoadTests.Reports;

/// <summary>Results for programs. Latencies in ms, from when a message was due; what could not be had is null.</summary>
internal static class JsonReport
{
    private static readonly JsonWriterOptions Indented = new() { Indented = true };

    internal static void Write(string path, string command, LoadPlan plan, IEnumerable<PhaseResult> results, IReadOnlyDictionary<string, double> figures)
    {
        using FileStream file = File.Create(path);
        using var json = new Utf8JsonWriter(file, Indented);
        json.WriteStartObject();
        json.WriteString("command", command);
        json.WriteString("carriage", plan.Carriage.ToString().ToLowerInvariant());
        json.WriteNumber("calls", plan.Calls);
        json.WriteNumber("connections", plan.Connections);
        json.WriteNumber("cores", Environment.ProcessorCount);
        foreach ((string name, double value) in figures) Figure(json, name, value);
        json.WriteStartArray("phases");
        foreach (PhaseResult result in results) Write(json, result);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, PhaseResult result)
    {
        json.WriteStartObject();
        json.WriteString("name", result.Name);
        Figure(json, "seconds", result.Seconds);
        Figure(json, "rate", result.Rate);
        Figure(json, "achieved", result.Achieved);
        foreach ((string name, double percentile) in new[] { ("p50", 50), ("p90", 90), ("p99", 99), ("p999", 99.9) })
        {
            Figure(json, $"{name}_ms", result.LatencyMs(percentile));
            Figure(json, $"open_{name}_ms", result.OpeningMs(percentile));
            Figure(json, $"client_late_{name}_ms", result.LagMs(percentile));
        }

        Figure(json, "max_ms", result.MaxMs);
        Figure(json, "summary_p99_ms", result.SummaryMs(99));
        Figure(json, "cpu_us_per_utterance", result.CpuUsPerUtterance);
        Figure(json, "cores", result.Cores);
        Figure(json, "bytes_per_utterance", result.BytesPerUtterance);
        Figure(json, "collections", result.Collections);
        Figure(json, "gc_pause_ms", result.GcPauseMs);
        Figure(json, "resident_mb", result.ResidentMb);
        Figure(json, "heap_mb", result.HeapMb);
        Figure(json, "score_us", result.ScoreUs);
        Figure(json, "queue_p99_at_most_ms", result.QueueMsAtMost(0.99));
        Figure(json, "queue_p999_at_most_ms", result.QueueMsAtMost(0.999));
        Figure(json, "answer_p99_at_most_ms", result.AnswerMsAtMost(0.99));
        Figure(json, "answer_p999_at_most_ms", result.AnswerMsAtMost(0.999));
        json.WriteNumber("utterances", result.Record.Utterances);
        json.WriteNumber("events", result.Record.Events);
        json.WriteNumber("opened", result.Record.Opened);
        json.WriteNumber("finished", result.Record.Finished);
        json.WriteNumber("degraded", result.Record.Degraded);
        json.WriteNumber("unanswered", result.Record.Unanswered);
        json.WriteNumber("thrown_out", result.Record.ThrownOut);
        json.WriteNumber("live_calls", result.LiveCalls);
        json.WriteStartObject("errors");
        foreach ((string why, long count) in result.Record.Errors) json.WriteNumber(why, count);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void Figure(Utf8JsonWriter json, string name, double value)
    {
        if (double.IsFinite(value)) json.WriteNumber(name, Math.Round(value, 4));
        else json.WriteNull(name);
    }
}
