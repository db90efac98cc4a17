using System.Collections.Concurrent;
using System.Diagnostics;
using Microsoft.Extensions.Configuration;
using RetentionScore.Server.Options;
using RetentionScore.Server.Telemetry;

namespace RetentionScore.Server.Tests.Telemetry;

/// <summary>Which calls are traced, and what their spans tell. What a collector gets is tried by tests/suites/68-monitoring.</summary>
public sealed class CallTracingTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("tracing-").FullName;
    private readonly ConcurrentQueue<Activity> spans = [];
    private readonly ActivityListener listener;

    public CallTracingTests()
    {
        listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == CallTracing.SourceName,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = spans.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);
    }

    public void Dispose()
    {
        listener.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task CallOnTwoServers_IsOneTrace_AndTellsNothingOfWhatWasSaid()
    {
        string id = $"traced-{Guid.NewGuid():N}";
        foreach (uint from in (uint[])[1, 3])
        {
            await using TestServer server = await StartAsync(callsPerMillion: 1_000_000);
            using TestCall call = server.Call();
            await call.OpenAsync(id, resumeFrom: from, attempt: from);
            await call.SayAsync(from, "I want to cancel my marmalade.");
            await call.SayAsync(from + 1, "Why?", Speaker.Agent);
            await call.SendAsync(new ScoreCallRequest { Heartbeat = new Heartbeat { Flush = true } });
            await call.ReadAsync();
        }

        Activity[] opened = [.. spans.Where(span => id.Equals(span.GetTagItem("retentionscore.call_id")))];
        ActivityTraceId trace = Assert.Single(opened.Select(span => span.TraceId).Distinct());
        Activity[] all = [.. spans.Where(span => span.TraceId == trace)];
        Assert.Equal(2, all.Count(span => span.OperationName == "open"));
        Assert.Equal(2, all.Count(span => span.OperationName == "journal claim"));
        Assert.Equal(4, all.Count(span => span.OperationName == "utterance"));
        Assert.Equal(["opened", "attached"], all.Where(span => span.OperationName == "open").Select(span => span.GetTagItem("retentionscore.how")));
        Activity restored = Assert.Single(all, span => span.OperationName == "restore");
        Assert.Equal(2u, restored.GetTagItem("retentionscore.messages"));
        Assert.Contains(spans, span => span.OperationName == "journal commit");
        Assert.All(all, span => Assert.DoesNotContain("marmalade", string.Join(' ', span.TagObjects.Select(tag => $"{tag.Key}={tag.Value}")) + span.DisplayName, StringComparison.Ordinal));
    }

    [Fact]
    public async Task WithoutAnEndpoint_NothingIsTraced()
    {
        string id = $"untraced-{Guid.NewGuid():N}";
        await using TestServer server = await TestServer.StartAsync();
        using TestCall call = server.Call();
        await call.OpenAsync(id);
        await call.SayAsync(1, "hello");
        Assert.DoesNotContain(spans, span => id.Equals(span.GetTagItem("retentionscore.call_id")));
        Assert.False(server.Service<CallTracing>().Of("default", id).IsOn);
    }

    [Fact]
    public void Share_IsOfCalls_AndTheSameEverywhere()
    {
        using CallTracing one = Tracing(100_000), other = Tracing(100_000), none = Tracing(0);
        bool[] chosen = [.. Enumerable.Range(0, 10_000).Select(i => one.Of("tenant", $"call-{i}").IsOn)];
        Assert.Equal(chosen, Enumerable.Range(0, 10_000).Select(i => other.Of("tenant", $"call-{i}").IsOn));
        Assert.InRange(chosen.Count(isOn => isOn), 850, 1150);
        Assert.DoesNotContain(true, Enumerable.Range(0, 1000).Select(i => none.Of("tenant", $"call-{i}").IsOn));

        static CallTracing Tracing(int callsPerMillion) => new(new ServerOptions { Telemetry = new TelemetryOptions { Endpoint = "http://127.0.0.1:4317", TraceCallsPerMillion = callsPerMillion } });
    }

    [Theory]
    [InlineData("collector:4317")]
    [InlineData("ftp://collector")]
    [InlineData("/var/run/collector")]
    public void Endpoint_ThatIsNoUrl_IsAProblem(string endpoint)
    {
        IConfiguration configuration = new ConfigurationBuilder().AddInMemoryCollection([new("RetentionScore:Telemetry:Endpoint", endpoint)]).Build();
        string problem = Assert.Single(OptionsSource.From(configuration).Problems);
        Assert.Contains($"Telemetry:Endpoint = '{endpoint}'", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Headers_AreMaskedWhereOptionsAreShown()
    {
        string shown = OptionsText.Write(new ServerOptions { Telemetry = new TelemetryOptions { Endpoint = "http://c:4317", Headers = "authorization=Bearer hush" } });
        Assert.DoesNotContain("hush", shown, StringComparison.Ordinal);
        Assert.Contains("\"Headers\": \"***\"", shown, StringComparison.Ordinal);
    }

    private Task<TestServer> StartAsync(int callsPerMillion) => TestServer.StartAsync(options => options with
    {
        Journal = new JournalOptions { Store = JournalStore.Sqlite, Path = Path.Combine(folder, "journal.db") },
        // Nobody listens there: a collector that is away is no trouble.
        Telemetry = new TelemetryOptions { Endpoint = "http://127.0.0.1:9", TraceCallsPerMillion = callsPerMillion, SlowUtterance = TimeSpan.Zero },
    });
}
