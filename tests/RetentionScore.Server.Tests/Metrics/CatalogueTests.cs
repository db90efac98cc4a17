using System.Globalization;
using System.Text;
using RetentionScore.Server.Metrics;

namespace RetentionScore.Server.Tests.Metrics;

/// <summary>The catalogue, docs/metrics.md and what a scrape finds are the same, and no client can add to it.</summary>
public sealed class CatalogueTests
{
    /// <summary>Those that are there only with TLS.</summary>
    private static readonly string[] OnlyWithTls = [MetricCatalogue.CertificateNotAfter.Name];

    [Fact]
    public async Task Scrape_HasEveryMetricOfTheCatalogue_AndNoOther()
    {
        await using TestServer server = await TestServer.StartAsync();
        using (TestCall call = server.Call())
        {
            await call.OpenAsync("c"); // scores are by policy, and told once a call has ended
            await call.SayAsync(1, "Hello.");
            await call.EndAsync(2);
        }

        GC.Collect(); // the runtime tells of a heap only after a collection
        HashSet<string> families = [.. (await MetricsPage.OfAsync(server)).Samples.Select(FamilyOf).Select(metric => metric.Name)];
        Assert.Empty(MetricCatalogue.All.Select(metric => metric.Name).Except(families).Except(OnlyWithTls));
    }

    [Fact]
    public void Names_SayUnitAndKind()
    {
        foreach (MetricDefinition metric in MetricCatalogue.All)
        {
            Assert.Equal(metric.Kind == MetricKind.Counter, metric.Name.EndsWith("_total", StringComparison.Ordinal));
            string name = metric.Name.Replace("_total", "", StringComparison.Ordinal);
            Assert.Equal(metric.Unit == "s", name.EndsWith("_seconds", StringComparison.Ordinal));
            Assert.Equal(metric.Unit == "By", name.EndsWith("_bytes", StringComparison.Ordinal));
            Assert.Equal(metric.Kind == MetricKind.Histogram, metric.Buckets.Length > 0);
            Assert.Equal(metric.Buckets.Order(), metric.Buckets);
            Assert.False(metric.Help.EndsWith('.'), metric.Name);
        }
    }

    [Fact]
    public async Task HostileClients_AddNoSeries()
    {
        await using TestServer server = await TestServer.StartAsync();
        using (TestCall honest = server.Call())
        {
            await honest.OpenAsync("honest");
            await honest.SayAsync(1, "I want to cancel my service.");
            await honest.EndAsync(2);
            await honest.HalfCloseAsync();
            await honest.RestAsync();
        }

        GC.Collect();
        string[] before = [.. (await MetricsPage.OfAsync(server)).Series.Order(StringComparer.Ordinal)];
        for (int i = 0; i < 40; i++)
        {
            string mean = $"evil{i}\"}}\n\\";
            using TestCall refused = server.Call(), odd = server.Call(), stranger = server.Call();
            await refused.SendAsync(new CallStart { CallId = $"p{i}", Policy = mean, ResumeFrom = 1 });
            await refused.FailureAsync();
            await stranger.SendAsync(new CallStart { CallId = mean, Tenant = mean, ResumeFrom = 1 });
            await stranger.FailureAsync();
            await odd.OpenAsync(new CallStart { CallId = $"o{i}", Language = "en", ResumeFrom = 1, Context = new CallContext { CustomerId = mean, AgentId = mean, Jurisdiction = mean } });
            Utterance utterance = Say.Final(1, mean, (Speaker)(100 + i), mean);
            utterance.AsrConfidence = float.NaN;
            await odd.SendAsync(utterance);
            await odd.UpdateAsync();
            await odd.SendAsync(new CallEvent { Seq = 2, Kind = (CallEventKind)(1000 + i), RecommendationId = mean });
            await odd.UpdateAsync();
            await odd.EndAsync(3, (Disposition)(500 + i));
        }

        MetricsPage after = await MetricsPage.OfAsync(server);
        Assert.Equal(before, after.Series.Order(StringComparer.Ordinal));
        Assert.DoesNotContain(after.Series, series => series.Contains("evil", StringComparison.Ordinal));
        Assert.Equal(40, after["utterances_total{speaker=\"unknown\"}"]);
        Assert.Equal(40, after["calls_ended_total{disposition=\"unspecified\"}"]);
        Assert.Equal(40, after["refusals_total{reason=\"UNKNOWN_POLICY\"}"]);
    }

    [Fact]
    public async Task EveryValueOfALabel_IsInTheCatalogue()
    {
        await using TestServer server = await TestServer.StartAsync();
        using TestCall call = server.Call();
        await call.OpenAsync("c");
        await call.SayAsync(1, "I want to cancel my service.");
        foreach (MetricSample sample in (await MetricsPage.OfAsync(server)).Samples)
        {
            MetricDefinition metric = FamilyOf(sample);
            string[] bound = metric.Kind == MetricKind.Histogram && sample.Name.EndsWith("_bucket", StringComparison.Ordinal) ? ["le"] : [];
            Assert.Equal(metric.Labels.Select(label => label.Name).Concat(bound).Order(), sample.Labels.Keys.Order());
            foreach (MetricLabel label in metric.Labels.Where(label => label.Chosen is null)) Assert.Contains(sample.Labels[label.Name], label.Values);
        }
    }

    [Fact]
    public void Versions_BeyondTheBound_ShareAPlace()
    {
        var versions = new LoadedVersions();
        int[] places = [.. Enumerable.Range(0, 1000).Select(i => versions.PlaceOf($"v{i}"))];
        Assert.Equal(Enumerable.Range(0, MetricLabel.Most), places[..MetricLabel.Most]);
        Assert.All(places[MetricLabel.Most..], place => Assert.Equal("other", versions.Name(place)));
        Assert.Equal(3, versions.PlaceOf("v3"));
    }

    /// <summary>RETENTIONSCORE_WRITE_DOCS=1 writes the page instead.</summary>
    [Fact]
    public async Task Page_IsTheCatalogue()
    {
        string path = Path.Combine(Repository(), "docs", "metrics.md");
        if (Environment.GetEnvironmentVariable("RETENTIONSCORE_WRITE_DOCS") == "1") await File.WriteAllTextAsync(path, WritePage());
        Assert.Equal(WritePage(), await File.ReadAllTextAsync(path));
    }

    private static MetricDefinition FamilyOf(MetricSample sample)
    {
        foreach (string suffix in (string[])["", "_bucket", "_sum", "_count"])
        {
            if (sample.Name.EndsWith(suffix, StringComparison.Ordinal)
                && MetricCatalogue.All.FirstOrDefault(metric => metric.Name == sample.Name[..^suffix.Length]) is { } metric) return metric;
        }

        throw new InvalidOperationException($"{sample.Name} is not in the catalogue");
    }

    private static string Repository()
    {
        string folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "RetentionScore.sln"))) folder = Path.GetDirectoryName(folder)!;
        return folder;
    }

    private static string WritePage()
    {
        var page = new StringBuilder("""
            # Metrics

            What /metrics on the ops port tells, as Prometheus text or OpenMetrics. Written from `MetricCatalogue` by a test
            (`RETENTIONSCORE_WRITE_DOCS=1 dotnet test tests/RetentionScore.Server.Tests --filter Page_IsTheCatalogue` writes it anew). What alerts make of it, and what to do
            then, is in [operating.md](operating.md).

            Labels have the values that are listed and no other: nothing that a client sends becomes one, neither calls nor tenants. All of them are there from the start, at 0.
            Over OTLP the same goes to a collector ([operating.md](operating.md)).
            Scores and signals are by version of policy and model, so that a change of either is not taken for a change of the callers.

            """);
        foreach ((string title, MetricDefinition[] metrics) in MetricCatalogue.Sections)
        {
            page.Append(CultureInfo.InvariantCulture, $"\n## {title}\n\n| metric | kind | unit | labels | |\n|---|---|---|---|---|\n");
            foreach (MetricDefinition metric in metrics)
            {
                string labels = string.Join(", ", metric.Labels.Select(label => $"`{label.Name}`"));
                string unit = metric.Unit switch { "s" => "seconds", "By" => "bytes", _ => "" };
                page.Append(CultureInfo.InvariantCulture, $"| `{metric.Name}` | {metric.Kind.ToString().ToLowerInvariant()} | {unit} | {labels} | {metric.Help} |\n");
            }

            foreach (MetricDefinition metric in metrics.Where(metric => metric.Kind == MetricKind.Histogram))
                page.Append(CultureInfo.InvariantCulture, $"\nBuckets of `{metric.Name}`: {string.Join(", ", metric.Buckets.Select(bound => bound.ToString("0.##########", CultureInfo.InvariantCulture)))}.\n");
            foreach (IGrouping<string, (MetricLabel Label, MetricDefinition Metric)> same in metrics
                .SelectMany(metric => metric.Labels.Select(label => (Label: label, Metric: metric)))
                .GroupBy(used => $"`{used.Label.Name}`: {used.Label.Chosen ?? string.Join(", ", used.Label.Values.Select(value => $"`{value}`"))}.", StringComparer.Ordinal))
            {
                // Two metrics may call different things by one name.
                bool isAmbiguous = metrics.SelectMany(metric => metric.Labels).Any(label => label.Name == same.First().Label.Name && !ReferenceEquals(label, same.First().Label));
                string of = isAmbiguous ? $" (of {string.Join(", ", same.Select(used => $"`{used.Metric.Name}`"))})" : "";
                page.Append(CultureInfo.InvariantCulture, $"\n{same.Key.Replace("`:", $"`{of}:", StringComparison.Ordinal)}\n");
            }
        }

        return page.ToString();
    }
}
