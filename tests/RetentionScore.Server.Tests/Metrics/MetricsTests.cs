using System.Buffers;
using System.Diagnostics;
using RetentionScore.Server.Metrics;

namespace RetentionScore.Server.Tests.Metrics;

public sealed class MetricsTests
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

        MetricsPage metrics = await MetricsPage.OfAsync(server);
        Assert.Equal(2, metrics["live_calls"]);
        Assert.Equal(1, metrics["streams_total{end=\"ended\"}"]);
        Assert.Equal(1, metrics["streams_total{end=\"detached\"}"]);
        Assert.Equal(0, metrics["shed_total{what=\"interim\"}"]);
        Assert.Equal(0, metrics["shed_level"]);
        Assert.Equal(2, metrics["utterances_total{speaker=\"customer\"}"]);
        Assert.Equal(1, metrics["utterances_total{speaker=\"agent\"}"]);
        Assert.Equal(1, metrics["duplicates_total"]);
        Assert.Equal(1, metrics["sequence_gaps_total"]);
        Assert.Equal(1, metrics["corrections_total"]);
        Assert.Equal(1, metrics["refusals_total{reason=\"SEQUENCE_GAP\"}"]);
        Assert.Equal(1, metrics["streams_total{end=\"sequence_gap\"}"]);
        Assert.Equal(1, metrics["recommendations_total{action=\"acknowledge_request\",state=\"raised\"}"]);
        Assert.Equal(0, metrics["draining"]);
        Assert.Equal(3, metrics["utterance_seconds_count{stage=\"score\",kind=\"final\"}"]);
        Assert.Equal(5, metrics["answer_seconds_count"]); // a duplicate and an interim are answered, too
        Assert.Equal(1, metrics["utterance_seconds_count{stage=\"queue\",kind=\"interim\"}"]);
        Assert.Equal(3, metrics["utterance_seconds_bucket{stage=\"queue\",kind=\"final\",le=\"+Inf\"}"]);
        Assert.Contains("retentionscore_utterance_seconds_bucket{stage=\"score\",kind=\"final\",le=\"0.000025\"}", metrics.Series);
        Assert.Single(metrics.Series, key => key.StartsWith("retentionscore_build_info{version=", StringComparison.Ordinal));
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

        // An answer may be read a moment before it is counted.
        await MetricsPage.UntilAsync(server, "answer_seconds_count", 40);
        MetricsPage metrics = await MetricsPage.OfAsync(server);
        Assert.InRange(metrics["answer_seconds_sum"], metrics["utterance_seconds_sum{stage=\"score\",kind=\"final\"}"], 60);
    }

    [Fact]
    public async Task TheProcess_IsMeasuredFromScrapeToScrape()
    {
        await using TestServer server = await TestServer.StartAsync();
        MetricsPage before = await MetricsPage.OfAsync(server);
        byte[] kept = new byte[8 << 20];
        GC.Collect(2, GCCollectionMode.Forced, blocking: true);
        MetricsPage after = await MetricsPage.OfAsync(server);
        GC.KeepAlive(kept);
        Assert.InRange(Risen("gc_allocated_bytes_total"), kept.Length, double.MaxValue);
        Assert.InRange(Risen("gc_collections_total{generation=\"2\"}"), 1, double.MaxValue);
        Assert.InRange(Risen("gc_pause_seconds_total"), double.Epsilon, 60);
        Assert.InRange(Risen("cpu_seconds_total"), double.Epsilon, 60);
        Assert.InRange(after["resident_memory_bytes"], 1 << 20, double.MaxValue);
        Assert.InRange(after["gc_heap_bytes"], kept.Length, double.MaxValue);

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
        foreach (MetricSample sample in (await MetricsPage.OfAsync(server)).Samples)
        {
            if (sample.Name != "retentionscore_utterance_seconds_bucket" || sample.Labels["stage"] != "score" || sample.Labels["kind"] != "final") continue;
            Assert.True(sample.Value >= last, sample.Labels["le"]);
            last = sample.Value;
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
        MetricsPage.Parse(text);
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

        string text = await MetricsPage.TextAsync(server);
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

    [Fact]
    public async Task Scrape_CostsTheSame_HoweverManyCallsAreLive()
    {
        await using TestServer server = await TestServer.StartAsync();
        var metrics = server.Service<ServerMetrics>();
        var recorder = server.Service<MetricRecorder>();
        (int bytesBefore, long allocatedBefore) = Scrape();
        var calls = new CallWatch[10_000];
        for (int i = 0; i < calls.Length; i++)
        {
            calls[i] = new CallWatch();
            calls[i].Enter(metrics, $"policy-{i}", "linear-1"); // hostile, too: versions without end
        }

        (int bytes, long allocated) = Scrape();
        // Eight versions of policies and "other" are told at most, where there was one.
        Assert.InRange(bytes, bytesBefore, bytesBefore + 64 * 1024);
        Assert.InRange(allocatedBefore, 1, 64 * 1024);
        Assert.InRange(allocated, 1, allocatedBefore + 128 * 1024);

        (int Bytes, long Allocated) Scrape()
        {
            var page = new ArrayBufferWriter<byte>(1 << 20);
            Exposition.Write(page, recorder.Scrape(), openMetrics: false);
            page.ResetWrittenCount();
            long before = GC.GetAllocatedBytesForCurrentThread();
            Exposition.Write(page, recorder.Scrape(), openMetrics: false);
            return (page.WrittenCount, GC.GetAllocatedBytesForCurrentThread() - before);
        }
    }
}
