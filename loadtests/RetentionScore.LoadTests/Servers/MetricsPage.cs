using System.Globalization;

namespace RetentionScore.LoadTests.Servers;

/// <summary>A scrape of /metrics. Immutable; empty where there was none.</summary>
internal sealed class MetricsPage
{
    internal const string Prefix = "retentionscore_";

    private readonly Dictionary<string, double> samples = new(StringComparer.Ordinal);

    internal static MetricsPage Empty { get; } = new();

    /// <summary>Reads Prometheus text.</summary>
    internal static MetricsPage Parse(string text)
    {
        var page = new MetricsPage();
        foreach (string line in text.Split('\n'))
        {
            int space = line.LastIndexOf(' ');
            if (line.Length == 0 || line[0] == '#' || space < 0) continue;
            if (double.TryParse(line.AsSpan(space + 1), NumberStyles.Float, CultureInfo.InvariantCulture, out double value)) page.samples[line[..space]] = value;
        }

        return page;
    }

    /// <summary>A sample by its name, without the prefix; NaN where it is missing.</summary>
    internal double this[string name] => samples.GetValueOrDefault(Prefix + name, double.NaN);

    /// <summary>The least bound of a histogram under which this share of what was seen since a page lies, in seconds; NaN where nothing was seen.</summary>
    internal double Quantile(string histogram, string labels, double share, MetricsPage since)
    {
        string start = $"{Prefix}{histogram}_bucket{{{labels}{(labels.Length > 0 ? "," : "")}le=\"";
        double all = Risen($"{start}+Inf\"}}");
        if (!(all > 0)) return double.NaN;
        return samples.Keys.Where(key => key.StartsWith(start, StringComparison.Ordinal) && !key.Contains("+Inf", StringComparison.Ordinal))
            .Select(key => (Bound: double.Parse(key.AsSpan(start.Length, key.Length - start.Length - 2), CultureInfo.InvariantCulture), Count: Risen(key)))
            .OrderBy(bucket => bucket.Bound)
            .Where(bucket => bucket.Count >= share * all)
            .Select(bucket => bucket.Bound)
            .FirstOrDefault(double.PositiveInfinity);

        double Risen(string key) => samples.GetValueOrDefault(key) - since.samples.GetValueOrDefault(key);
    }
}
