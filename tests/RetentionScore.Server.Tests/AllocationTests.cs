using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using RetentionScore.Server.Calls;
using RetentionScore.Server.Metrics;
using RetentionScore.Server.Journal;
using RetentionScore.Server.Options;
using RetentionScore.Server.Scoring;
using RetentionScore.Server.Scoring.Wire;

namespace RetentionScore.Server.Tests;

/// <summary>What happens for every message allocates nothing; a whole stream is in <see cref="StreamAllocationTests"/>.</summary>
[Collection(Alone.Name)]
public sealed class AllocationTests
{
    [Fact]
    public void Message_OfAQuietCall_IsAnsweredWithoutAllocation()
    {
        var factory = new CallFactory(new ServerOptions(), new PolicySet(), new SignalModels(Core.Signals.SignalReader.BuiltIn), NullLogger<CallFactory>.Instance);
        CallScoring call = factory.TryOpen(new CallStart { CallId = "c" }, new ArrivalClock(TimeProvider.System), CallJournal.None, out _)!;
        ScoringWorkspace workspace = ScoringWorkspace.Current;
        CallFrame[] frames = new CallFrame[400];
        uint seq = 1;
        for (int i = 0; i < frames.Length; i++)
        {
            Utterance utterance = i % 4 == 0 ? Say.Interim("my internet is slow", startMs: i * 3000) : Say.Final(seq++, "my internet is slow today");
            frames[i] = Frames.Of(new ScoreCallRequest { Utterance = utterance });
        }

        foreach (CallFrame frame in frames.AsSpan(0, 200)) call.Take(frame, workspace);
        long before = GC.GetAllocatedBytesForCurrentThread();
        foreach (CallFrame frame in frames.AsSpan(200)) call.Take(frame, workspace);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Equal(seq, call.NextSeq);
    }

    [Fact]
    public void Metrics_AreRecordedWithoutAllocation()
    {
        using ServiceProvider services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        var metrics = new ServerMetrics(services.GetRequiredService<IMeterFactory>());
        using var recorder = new MetricRecorder(metrics);
        Utterance utterance = Say.Final(1, "I want to cancel my service");
        utterance.AsrConfidence = 0.9f;
        CallFrame frame = Frames.Of(new ScoreCallRequest { Utterance = utterance });
        var factory = new CallFactory(new ServerOptions(), new PolicySet(), new SignalModels(Core.Signals.SignalReader.BuiltIn), NullLogger<CallFactory>.Instance);
        CallScoring call = factory.TryOpen(new CallStart { CallId = "c" }, new ArrivalClock(TimeProvider.System), CallJournal.None, out _)!;
        ScoringWorkspace workspace = ScoringWorkspace.Current;
        Answer answer = call.Take(frame, workspace); // with a signal, a recommendation and a request to leave
        Assert.NotEmpty(workspace.Update.Score.Recommendations);
        var receipt = new Receipt(TimeSpan.FromMicroseconds(30), TimeSpan.FromMicroseconds(7), StalenessMs: 300);
        var watch = new CallWatch();
        watch.Enter(metrics, "default-1", "linear-1");
        for (int i = 0; i < 100; i++) metrics.Answered(frame, answer, workspace.Scratch.Record, receipt, ref watch);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1000; i++) metrics.Answered(frame, answer, workspace.Scratch.Record, receipt, ref watch);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public async Task Record_IsHandedToTheJournalWithoutAllocation()
    {
        await using TestServer server = await TestServer.StartAsync();
        CallJournal journal = Journal.CallJournalTests.Of(server);
        byte[] record = new byte[70];
        uint seq = 0;
        Append(100);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Append(1000);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void Append(int commits)
        {
            for (; commits > 0; commits--)
            {
                for (int i = 0; i < 5; i++) journal.Append(++seq, record, default, default);
                journal.Take().Return();
            }
        }
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
