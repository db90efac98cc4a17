using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text.RegularExpressions;

namespace RetentionScore.Server.Tests;

public sealed partial class MetricsTests
{
    [Fact]
    public async Task Traffic_IsCounted()
    {
        await using TestServer server = await TestServer.StartAsync();
        using (TestCall call = server.Call())
        {
            await call.OpenAsync("c");
            await call.SayAsync(1, "I want to cancel my service.");
            await call.SayAsync(1, "I want to cancel my service.");
            await call.SayAsync(2, "Why?", Speaker.Agent);
            await call.SendAsync(Say.Interim("I am"));
            await call.UpdateAsync();
            Utterance correction = Say.Final(3, "hello");
            correction.CorrectsSeq = 2;
            await call.SendAsync(correction);
            await call.UpdateAsync();
            await call.SendAsync(Say.Final(9, "gap"));
            await call.FailureAsync();
        }

        using (TestCall ended = server.Call(), detached = server.Call())
        {
            await ended.OpenAsync("ended");
            await ended.EndAsync(1);
            await ended.HalfCloseAsync();
            await ended.RestAsync();
            await detached.OpenAsync("detached");
            await detached.HalfCloseAsync();
            await detached.RestAsync();
        }

        Dictionary<string, double> metrics = Parse(await ScrapeAsync(server, null));
        Assert.Equal(2, metrics["retentionscore_live_calls"]);
        Assert.Equal(1, metrics["retentionscore_streams_total{end=\"ended\"}"]);
        Assert.Equal(1, metrics["retentionscore_streams_total{end=\"detached\"}"]);
        Assert.Equal(0, metrics["retentionscore_shed_total{what=\"interim\"}"]);
        Assert.Equal(0, metrics["retentionscore_shed_level"]);
        Assert.Equal(2, metrics["retentionscore_utterances_total{speaker=\"customer\"}"]);
        Assert.Equal(1, metrics["retentionscore_utterances_total{speaker=\"agent\"}"]);
        Assert.Equal(1, metrics["retentionscore_duplicates_total"]);
        Assert.Equal(1, metrics["retentionscore_sequence_gaps_total"]);
        Assert.Equal(1, metrics["retentionscore_corrections_total"]);
        Assert.Equal(1, metrics["retentionscore_refusals_total{reason=\"SEQUENCE_GAP\"}"]);
        Assert.Equal(1, metrics["retentionscore_streams_total{end=\"sequence_gap\"}"]);
        Assert.Equal(1, metrics["retentionscore_recommendations_total{action=\"acknowledge_request\"}"]);
        Assert.Equal(0, metrics["retentionscore_draining"]);
        Assert.Equal(3, metrics["retentionscore_utterance_score_seconds_count{kind=\"final\"}"]);
        Assert.Equal(5, metrics["retentionscore_answer_seconds_count"]); // a duplicate and an interim are answered, too
        Assert.Equal(1, metrics["retentionscore_utterance_queue_seconds_count{kind=\"interim\"}"]);
        Assert.Equal(3, metrics["retentionscore_utterance_score_seconds_bucket{kind=\"final\",le=\"+Inf\"}"]);
        Assert.Contains("retentionscore_utterance_score_seconds_bucket{kind=\"final\",le=\"0.000025\"}", metrics.Keys);
        Assert.Single(metrics.Keys, key => key.StartsWith("retentionscore_build_info{version=", StringComparison.Ordinal));
    }

    [Fact]
    public async Task AnswersOfATrunk_AreTimedToTheirFlush()
    {
        await using TestServer server = await TestServer.StartAsync();
        using var trunk = new Trunk.TestTrunk(server.Client.ScoreCalls());
        await trunk.OpenAsync(1, "one");
        await trunk.OpenAsync(2, "two");
        for (uint seq = 1; seq <= 20; seq++)
        {
            await trunk.SayAsync(1, seq, "hello");
            await trunk.SayAsync(2, seq, "hello");
        }

        Dictionary<string, double> metrics = Parse(await ScrapeAsync(server, null));
        // An answer may be read a moment before it is counted.
        for (int i = 0; i < 100 && metrics["retentionscore_answer_seconds_count"] < 40; i++, metrics = Parse(await ScrapeAsync(server, null))) await Task.Delay(20);
        Assert.Equal(40, metrics["retentionscore_answer_seconds_count"]);
        Assert.InRange(metrics["retentionscore_answer_seconds_sum"], metrics["retentionscore_utterance_score_seconds_sum{kind=\"final\"}"], 60);
    }

    [Fact]
    public async Task TheProcess_IsMeasuredFromScrapeToScrape()
    {
        await using TestServer server = await TestServer.StartAsync();
        Dictionary<string, double> before = Parse(await ScrapeAsync(server, null));
        byte[] kept = new byte[8 << 20];
        GC.Collect(2, GCCollectionMode.Forced, blocking: true);
        Dictionary<string, double> after = Parse(await ScrapeAsync(server, null));
        GC.KeepAlive(kept);
        Assert.InRange(Risen("retentionscore_gc_allocated_bytes_total"), kept.Length, double.MaxValue);
        Assert.InRange(Risen("retentionscore_gc_collections_total{generation=\"2\"}"), 1, double.MaxValue);
        Assert.InRange(Risen("retentionscore_gc_pause_seconds_total"), double.Epsilon, 60);
        Assert.InRange(Risen("retentionscore_cpu_seconds_total"), double.Epsilon, 60);
        Assert.InRange(after["retentionscore_resident_memory_bytes"], 1 << 20, double.MaxValue);
        Assert.InRange(after["retentionscore_gc_heap_bytes"], kept.Length, double.MaxValue);

        double Risen(string metric) => after[metric] - before[metric];
    }

    [Fact]
    public async Task HistogramBuckets_NeverFall()
    {
        await using TestServer server = await TestServer.StartAsync();
        using TestCall call = server.Call();
        await call.OpenAsync("c");
        for (uint i = 1; i <= 50; i++) await call.SayAsync(i, "I want to cancel my service.");
        double last = 0;
        foreach ((string key, double value) in Parse(await ScrapeAsync(server, null)))
        {
            if (!key.StartsWith("retentionscore_utterance_score_seconds_bucket{kind=\"final\"", StringComparison.Ordinal)) continue;
            Assert.True(value >= last, key);
            last = value;
        }

        Assert.Equal(50, last);
    }

    [Theory]
    [InlineData(null, "text/plain")]
    [InlineData("*/*", "text/plain")]
    [InlineData("text/plain;version=0.0.4", "text/plain")]
    [InlineData("application/openmetrics-text;version=1.0.0;q=0.5,text/plain;q=0.9", "text/plain")]
    [InlineData("application/openmetrics-text;version=1.0.0,text/plain;q=0.5", "application/openmetrics-text")]
    public async Task Format_IsByAccept(string? accept, string type)
    {
        await using TestServer server = await TestServer.StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Get, "/metrics");
        if (accept is not null) request.Headers.Accept.ParseAdd(accept);
        using HttpResponseMessage response = await server.Ops.SendAsync(request).Within();
        Assert.Equal(type, response.Content.Headers.ContentType!.MediaType);
        string text = await response.Content.ReadAsStringAsync().Within();
        Assert.Equal(type == "application/openmetrics-text", text.EndsWith("# EOF\n", StringComparison.Ordinal));
        Assert.Contains(type == "text/plain" ? "# TYPE retentionscore_duplicates_total counter" : "# TYPE retentionscore_duplicates counter", text, StringComparison.Ordinal);
        Parse(text);
    }

    /// <summary>Fails where promtool is missing: Debian's package prometheus has it.</summary>
    [Fact]
    public async Task Promtool_FindsNothingToSay()
    {
        await using TestServer server = await TestServer.StartAsync();
        using (TestCall call = server.Call())
        {
            await call.OpenAsync("c");
            await call.SayAsync(1, "I want to cancel my service.");
        }

        string text = await ScrapeAsync(server, null);
        using Process promtool = Process.Start(new ProcessStartInfo("promtool", ["check", "metrics"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            UseShellExecute = false,
            RedirectStandardError = true,
        })!;
        await promtool.StandardInput.WriteAsync(text).Within();
        promtool.StandardInput.Close();
        string said = await promtool.StandardOutput.ReadToEndAsync().Within() + await promtool.StandardError.ReadToEndAsync().Within();
        await promtool.WaitForExitAsync().Within();
        Assert.Equal("", said);
        Assert.Equal(0, promtool.ExitCode);
    }

    [Fact]
    public async Task GrpcPort_ServesNoOps()
    {
        await using TestServer server = await TestServer.StartAsync();
        using var http = new HttpClient { BaseAddress = server.Address, DefaultRequestVersion = new Version(2, 0), DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact };
        Assert.Equal(System.Net.HttpStatusCode.NotFound, (await http.GetAsync("/metrics").Within()).StatusCode);
    }

    private static async Task<string> ScrapeAsync(TestServer server, MediaTypeWithQualityHeaderValue? accept)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/metrics");
        if (accept is not null) request.Headers.Accept.Add(accept);
        using HttpResponseMessage response = await server.Ops.SendAsync(request).Within();
        return await response.Content.ReadAsStringAsync().Within();
    }

    private static Dictionary<string, double> Parse(string text)
    {
        var metrics = new Dictionary<string, double>(StringComparer.Ordinal);
        foreach (string line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            if (line.StartsWith('#')) continue;
            Match sample = Sample().Match(line);
            Assert.True(sample.Success, line);
            metrics.Add(sample.Groups["series"].Value, double.Parse(sample.Groups["value"].Value, CultureInfo.InvariantCulture));
        }

        Assert.NotEmpty(metrics);
        return metrics;
    }

    [GeneratedRegex("""^(?<series>retentionscore_[a-z_]+(\{[a-z]+="[^"]*"(,[a-z]+="[^"]*")*\})?) (?<value>[0-9.E+-]+|\+Inf|NaN)$""", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Sample();
}
