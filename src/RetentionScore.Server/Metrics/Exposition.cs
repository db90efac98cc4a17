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

    internal static string Write(IEnumerable<RecordedInstrument> instruments, bool openMetrics)
    {
        var text = new StringBuilder(8192);
        foreach (RecordedInstrument instrument in instruments)
        {
            WriteFamily(text, instrument, openMetrics);
            foreach (RecordedSeries series in instrument.Series)
            {
                if (instrument.Kind == MetricKind.Histogram) WriteHistogram(text, instrument, series);
                else WriteSample(text, instrument.Name, series.Labels, le: null, series.Value);
            }
        }

        if (openMetrics) text.Append("# EOF\n");
        return text.ToString();
    }

    private static void WriteFamily(StringBuilder text, RecordedInstrument instrument, bool openMetrics)
    {
        // OpenMetrics names the family of a counter without the suffix of its samples.
        string family = openMetrics && instrument.Kind == MetricKind.Counter && instrument.Name.EndsWith(Total, StringComparison.Ordinal)
            ? instrument.Name[..^Total.Length]
            : instrument.Name;
        string type = instrument.Kind switch
        {
            MetricKind.Counter => "counter",
            MetricKind.Gauge => "gauge",
            _ => "histogram",
        };
        text.Append("# HELP ").Append(family).Append(' ').Append(Escape(instrument.Description, openMetrics)).Append('\n');
        text.Append("# TYPE ").Append(family).Append(' ').Append(type).Append('\n');
        if (openMetrics && family.EndsWith(Seconds, StringComparison.Ordinal)) text.Append("# UNIT ").Append(family).Append(" seconds\n");
    }

    private static void WriteHistogram(StringBuilder text, RecordedInstrument instrument, RecordedSeries series)
    {
        long count = 0;
        for (int i = 0; i < instrument.Bounds.Length; i++)
        {
            count += series.Bucket(i);
            WriteSample(text, $"{instrument.Name}_bucket", series.Labels, instrument.Bounds[i].ToString("0.0##########", CultureInfo.InvariantCulture), count);
        }

        count += series.Bucket(instrument.Bounds.Length);
        WriteSample(text, $"{instrument.Name}_bucket", series.Labels, "+Inf", count);
        WriteSample(text, $"{instrument.Name}_sum", series.Labels, le: null, series.Value);
        WriteSample(text, $"{instrument.Name}_count", series.Labels, le: null, count);
    }

    private static void WriteSample(StringBuilder text, string name, KeyValuePair<string, string>[] labels, string? le, double value)
    {
        text.Append(name);
        if (labels.Length > 0 || le is not null)
        {
            char before = '{';
            foreach ((string label, string labelValue) in labels)
            {
                text.Append(before).Append(label).Append("=\"").Append(Escape(labelValue, quotes: true)).Append('"');
                before = ',';
            }

            if (le is not null) text.Append(before).Append("le=\"").Append(le).Append('"');
            text.Append('}');
        }

        text.Append(' ').Append(value.ToString("R", CultureInfo.InvariantCulture)).Append('\n');
    }

    private static string Escape(string value, bool quotes)
    {
        string escaped = value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);
        return quotes ? escaped.Replace("\"", "\\\"", StringComparison.Ordinal) : escaped;
    }
}
