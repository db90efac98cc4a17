using System.Globalization;
using System.Text.RegularExpressions;

namespace RetentionScore.Server.Tests.Metrics;

/// <summary>One sample of a scrape.</summary>
internal sealed record MetricSample(string Name, Dictionary<string, string> Labels, double Value);

/// <summary>A scrape, read strictly: a line that is no sample fails the test.</summary>
internal sealed partial class MetricsPage
{
    private readonly Dictionary<string, double> values = new(StringComparer.Ordinal);

    private MetricsPage(string text)
    {
        foreach (string line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            if (line.StartsWith('#')) continue;
            Match sample = Sample().Match(line);
            Assert.True(sample.Success, line);
            double value = double.Parse(sample.Groups["value"].Value.Replace("+Inf", "∞", StringComparison.Ordinal), CultureInfo.InvariantCulture);
            values.Add(sample.Groups["series"].Value, value);
            var labels = Label().Matches(sample.Groups["labels"].Value).ToDictionary(label => label.Groups["name"].Value, label => label.Groups["value"].Value, StringComparer.Ordinal);
            Samples.Add(new MetricSample(sample.Groups["name"].Value, labels, value));
        }

        Assert.NotEmpty(values);
    }

    internal List<MetricSample> Samples { get; } = [];

    internal IReadOnlyCollection<string> Series => values.Keys;

    /// <summary>A sample by its series, without the prefix.</summary>
    internal double this[string series] => values["retentionscore_" + series];

    internal static async Task<MetricsPage> OfAsync(TestServer server) => new(await TextAsync(server));

    internal static MetricsPage Parse(string text) => new(text);

    internal static async Task<string> TextAsync(TestServer server) => await server.Ops.GetStringAsync(new Uri("/metrics", UriKind.Relative)).Within();

    /// <summary>Of a series whose end may come after its client has seen the answer.</summary>
    internal static async Task UntilAsync(TestServer server, string series, double value)
    {
        for (int i = 0; i < 100; i++)
        {
            if ((await OfAsync(server))[series].Equals(value)) return;
            await Task.Delay(20);
        }

        Assert.Equal(value, (await OfAsync(server))[series]);
    }

    [GeneratedRegex("""^(?<series>(?<name>[a-z][a-z0-9_]+)(\{(?<labels>[a-z]+="[^"]*"(,[a-z]+="[^"]*")*)\})?) (?<value>-?[0-9.E+-]+|\+Inf|NaN)$""", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Sample();

    [GeneratedRegex("(?<name>[a-z]+)=\"(?<value>[^\"]*)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Label();
}
