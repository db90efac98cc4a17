using System.Buffers;
using System.Globalization;
using System.Text;

namespace RetentionScore.Server.Metrics;

/// <summary>Writes what was recorded in the text format of Prometheus 0.0.4 or as OpenMetrics 1.0. Stateless.</summary>
internal static class Exposition
{
    internal const string PrometheusType = "text/plain; version=0.0.4; charset=utf-8";
    internal const string OpenMetricsType = "application/openmetrics-text; version=1.0.0; charset=utf-8";

    private const string Total = "_total";
    private const string Seconds = "_seconds";
    private const int LongestNumber = 32;

    internal static void Write(IBufferWriter<byte> to, RecordedInstrument[] instruments, bool openMetrics)
    {
        foreach (RecordedInstrument instrument in instruments)
        {
            if (instrument.Series.Length == 0) continue;
            WriteFamily(to, instrument.Definition, openMetrics);
            foreach (RecordedSeries series in instrument.Series)
            {
                if (instrument.Definition.Kind == MetricKind.Histogram) WriteHistogram(to, instrument.Definition, series);
                else WriteSample(to, instrument.Definition.Name, "", series, bound: null, series.Value);
            }
        }

        if (openMetrics) Put(to, "# EOF\n");
    }

    internal static string Escape(string value, bool quotes)
    {
        string escaped = value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);
        return quotes ? escaped.Replace("\"", "\\\"", StringComparison.Ordinal) : escaped;
    }

    private static void WriteFamily(IBufferWriter<byte> to, MetricDefinition metric, bool openMetrics)
    {
        // OpenMetrics names the family of a counter without the suffix of its samples.
        string family = openMetrics && metric.Kind == MetricKind.Counter && metric.Name.EndsWith(Total, StringComparison.Ordinal) ? metric.Name[..^Total.Length] : metric.Name;
        string type = metric.Kind switch
        {
            MetricKind.Counter => "counter",
            MetricKind.Gauge => "gauge",
            _ => "histogram",
        };
        Put(to, "# HELP ");
        Put(to, family);
        Put(to, " ");
        Put(to, Escape(metric.Help, openMetrics));
        Put(to, ".\n# TYPE ");
        Put(to, family);
        Put(to, " ");
        Put(to, type);
        Put(to, "\n");
        if (openMetrics && family.EndsWith(Seconds, StringComparison.Ordinal)) Put(to, $"# UNIT {family} seconds\n");
    }

    private static void WriteHistogram(IBufferWriter<byte> to, MetricDefinition metric, RecordedSeries series)
    {
        long count = 0;
        for (int i = 0; i < metric.Buckets.Length; i++)
        {
            count += series.Bucket(i);
            WriteSample(to, metric.Name, "_bucket", series, metric.Buckets[i], count);
        }

        count += series.Bucket(metric.Buckets.Length);
        WriteSample(to, metric.Name, "_bucket", series, double.PositiveInfinity, count);
        WriteSample(to, metric.Name, "_sum", series, bound: null, series.Value);
        WriteSample(to, metric.Name, "_count", series, bound: null, count);
    }

    private static void WriteSample(IBufferWriter<byte> to, string name, string suffix, RecordedSeries series, double? bound, double value)
    {
        Put(to, name);
        Put(to, suffix);
        if (series.Rendered.Length > 0 || bound is not null)
        {
            Put(to, "{");
            to.Write(series.Rendered);
            if (bound is not null)
            {
                Put(to, series.Rendered.Length > 0 ? ",le=\"" : "le=\"");
                Put(to, bound.Value, "0.0##########");
                Put(to, "\"");
            }

            Put(to, "}");
        }

        Put(to, " ");
        Put(to, value, "R");
        Put(to, "\n");
    }

    private static void Put(IBufferWriter<byte> to, string text) => Encoding.UTF8.GetBytes(text, to);

    private static void Put(IBufferWriter<byte> to, double value, string format)
    {
        if (double.IsPositiveInfinity(value))
        {
            Put(to, "+Inf");
            return;
        }

        value.TryFormat(to.GetSpan(LongestNumber), out int written, format, CultureInfo.InvariantCulture);
        to.Advance(written);
    }
}
