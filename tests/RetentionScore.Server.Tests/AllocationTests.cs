using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using RetentionScore.Server.Calls;
using RetentionScore.Server.Metrics;
using RetentionScore.Server.Options;
using RetentionScore.Server.Scoring;

namespace RetentionScore.Server.Tests;

/// <summary>What happens for every message allocates nothing; what the generated parser allocates is another matter.</summary>
public sealed class AllocationTests
{
    [Fact]
    public void Message_OfAQuietCall_IsAnsweredWithoutAllocation()
    {
        var factory = new CallFactory(new ServerOptions(), new PolicySet(), NullLogger<CallFactory>.Instance);
        CallScoring call = factory.TryOpen(new CallStart { CallId = "c" }, new ArrivalClock(TimeProvider.System), out _)!;
        ScoringWorkspace workspace = ScoringWorkspace.Current;
        var update = new ScoreUpdate();
        ScoreCallRequest[] requests = [.. Enumerable.Range(1, 400).Select(i => i % 4 == 0
            ? new ScoreCallRequest { Utterance = Say.Interim("my internet is slow", startMs: i * 3000) }
            : new ScoreCallRequest { Utterance = Say.Final(0, "my internet is slow today") })];
        uint seq = 1;
        foreach (ScoreCallRequest request in requests)
        {
            if (!request.Utterance.Interim) request.Utterance = Say.Final(seq++, "my internet is slow today");
        }

        foreach (ScoreCallRequest request in requests.AsSpan(0, 200)) call.Take(request, workspace, update);
        long before = GC.GetAllocatedBytesForCurrentThread();
        foreach (ScoreCallRequest request in requests.AsSpan(200)) call.Take(request, workspace, update);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Equal(seq, call.NextSeq);
    }

    [Fact]
    public void Metrics_AreRecordedWithoutAllocation()
    {
        using ServiceProvider services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        var metrics = new ServerMetrics(services.GetRequiredService<IMeterFactory>());
        using var recorder = new MetricRecorder(metrics);
        var request = new ScoreCallRequest { Utterance = Say.Final(1, "hello") };
        Answer answer = Answer.With(AnswerKind.Counted, new ScoreUpdate());
        TimeSpan queued = TimeSpan.FromMicroseconds(30), scored = TimeSpan.FromMicroseconds(7);
        for (int i = 0; i < 100; i++) metrics.Answered(request, answer, queued, scored, held: 1);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1000; i++) metrics.Answered(request, answer, queued, scored, held: 1);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void Wait_ThatIsWoken_AllocatesNothing()
    {
        var control = new StreamControl(0);
        Task read = Task.CompletedTask;
        for (int i = 0; i < 100; i++) Wait();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++) Wait();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void Wait()
        {
            ValueTask waiting = control.WaitAsync(read);
            if (waiting.IsCompleted) waiting.GetAwaiter().GetResult();
        }
    }
}
