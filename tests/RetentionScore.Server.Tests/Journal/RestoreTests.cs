using Grpc.Core;
using RetentionScore.Server.Journal;
using RetentionScore.Server.Options;

namespace RetentionScore.Server.Tests.Journal;

/// <summary>On one file.</summary>
public sealed class SqliteRestoreTests : RestoreTests, IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("journal-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    protected override Durability Durability => Durability.Node;

    protected override JournalOptions Store => new() { Store = JournalStore.Sqlite, Path = Path.Combine(folder, "j", "journal.db") };
}

/// <summary>On one database.</summary>
[Collection(PostgresCollection.Name)]
public sealed class PostgresRestoreTests(PostgresServer postgres) : RestoreTests
{
    private readonly string database = postgres.NewDatabase();

    protected override Durability Durability => Durability.Shared;

    protected override JournalOptions Store => new() { Store = JournalStore.Postgres, ConnectionString = database, MaxRetryDelay = TimeSpan.FromMilliseconds(200) };

    [Fact]
    public async Task LostDatabase_ScoringGoesOn_AndIsWrittenOnceItIsBack()
    {
        await using TestServer server = await StartAsync();
        using TestCall call = server.Call();
        await call.OpenAsync("lost-database");
        await call.SayAsync(1, "I want to cancel");
        await FlushAsync(call, 1);
        postgres.Kill();
        try
        {
            await call.SayAsync(2, "please cancel it");
            await Waiting.UntilAsync(() => server.Service<JournalWriter>().IsFailing);
            ScoreUpdate update = await call.SayAsync(3, "cancel it");
            Assert.Contains(Degradation.NotDurable, update.Degraded);
            Assert.Equal(1u, update.DurableSeq);
            await call.SendAsync(new ScoreCallRequest { Heartbeat = new Heartbeat { Flush = true } });
        }
        finally
        {
            postgres.Start();
        }

        Assert.Equal(3u, (await call.ReadAsync()).Heartbeat.DurableSeq);
        Assert.DoesNotContain(Degradation.NotDurable, (await call.SayAsync(4, "cancel it")).Degraded);
    }
}

/// <summary>Two servers on one journal: what one has said the other goes on with, and never both.</summary>
public abstract class RestoreTests
{
    private static readonly (Speaker Speaker, string Text)[] Turns =
    [
        (Speaker.Agent, "Thanks for calling, how can I help you today?"),
        (Speaker.Customer, "Hi, I'd like to cancel my internet service please."),
        (Speaker.Agent, "I'm sorry to hear that. Can I ask why you want to leave us?"),
        (Speaker.Customer, "I'd rather not say, I just want to"),
        (Speaker.Customer, "cancel it please"),
        (Speaker.Agent, "We are the number one provider. Why is it that you don't want the fastest internet?"),
        (Speaker.Customer, "I already told you. Please cancel it, I am recording this call."),
        (Speaker.Agent, "I can offer you half price for six months."),
        (Speaker.Customer, "No thank you, just cancel my service."),
        (Speaker.Agent, "Okay, I've cancelled it, your reference is four two seven one."),
    ];

    protected abstract Durability Durability { get; }

    protected abstract JournalOptions Store { get; }

    [Fact]
    public async Task Call_CutAnywhere_GoesOnInAnotherServerWithTheSameBits()
    {
        List<byte[]> whole = await PlayAsync("whole", cutBefore: -1);
        for (int cut = 1; cut <= Turns.Length; cut++)
        {
            List<byte[]> again = await PlayAsync($"cut-{cut}", cut);
            for (int i = 0; i < whole.Count; i++)
                Assert.True(whole[i].AsSpan().SequenceEqual(again[i]), $"cut before {cut + 1}: answer {i + 1} is another");
        }
    }

    [Fact]
    public async Task Call_TakenOverByAnotherServer_FormerOwnerCommitsNothingAndIsSuperseded()
    {
        await using TestServer first = await StartAsync(), second = await StartAsync();
        using TestCall old = first.Call(), now = second.Call();
        CallOpened opened = await old.OpenAsync("taken", attempt: 5);
        Assert.Equal(Durability, opened.Durability);
        await old.SayAsync(1, "I want to cancel");
        await FlushAsync(old, 1);

        CallOpened taken = await now.OpenAsync("taken", resumeFrom: 2, attempt: 6);
        Assert.True(taken.Resumed);
        Assert.Equal((2u, 1u, opened.Epoch + 1), (taken.NextSeq, taken.DurableSeq, taken.Epoch));

        await old.SayAsync(2, "this is of no use to anyone");
        Assert.Equal(StatusCode.Aborted, (await old.FailureAsync()).StatusCode);
        await now.SayAsync(2, "please cancel it");
        await FlushAsync(now, 2);

        // The late one, on either server.
        using TestCall late = first.Call(), later = second.Call();
        await late.SendAsync(new CallStart { CallId = "taken", ResumeFrom = 1, Attempt = 4 });
        Assert.Equal(StatusCode.Aborted, (await late.FailureAsync()).StatusCode);
        using TestCall back = first.Call();
        taken = await back.OpenAsync("taken", resumeFrom: 3, attempt: 7);
        Assert.Equal(3u, taken.NextSeq);
        Assert.Equal("please cancel it".Length > 0, taken.Current.Risk.CancelIntent > 0.5);
        await Waiting.UntilAsync(() => first.Service<Calls.CallRegistry>().Live == 1);
    }

    [Fact]
    public async Task EndedCall_AfterARestart_AnswersTheSameSummary()
    {
        CallSummary summary;
        await using (TestServer first = await StartAsync())
        {
            using TestCall call = first.Call();
            await call.OpenAsync("ended");
            await call.SayAsync(1, "I want to cancel");
            summary = await call.EndAsync(2);
            Assert.Equal(2u, summary.Last.DurableSeq);
        }

        await using TestServer second = await StartAsync();
        using TestCall again = second.Call();
        CallOpened opened = await again.OpenAsync("ended", resumeFrom: 2);
        Assert.True(opened.Ended);
        Assert.Equal(3u, opened.NextSeq);
        Assert.Equal(summary, await again.EndAsync(2));
        using TestCall anew = second.Call();
        opened = await anew.OpenAsync("ended", resumeFrom: 0);
        Assert.False(opened.Resumed);
        Assert.Equal(1u, opened.NextSeq);
    }

    [Fact]
    public async Task OrphanedCall_IsEndedByAnotherServer_AndOnesThatLiveAreNot()
    {
        TimeSpan age = TimeSpan.FromMilliseconds(600);
        Task<TestServer> Start() => TestServer.StartAsync(options => options with { Journal = Store with { OrphanAfter = age } });
        await using (TestServer gone = await Start())
        {
            using TestCall orphan = gone.Call();
            await orphan.OpenAsync("orphan", attempt: 5);
            await orphan.SayAsync(1, "I want to cancel");
            await FlushAsync(orphan, 1);
        }

        await using TestServer home = await Start(), other = await Start();
        using TestCall alive = home.Call();
        await alive.OpenAsync("alive");
        await alive.SayAsync(1, "hello");
        await FlushAsync(alive, 1);
        await Task.Delay(age);
        await home.Service<Calls.CallRegistry>().EndOrphansAsync().Within(); // says that "alive" lives, and ends the other
        await other.Service<Calls.CallRegistry>().EndOrphansAsync().Within();

        await alive.SayAsync(2, "still here");
        await FlushAsync(alive, 2);
        using TestCall back = other.Call();
        CallOpened opened = await back.OpenAsync("orphan", resumeFrom: 2, attempt: 6);
        Assert.Equal((true, 3u), (opened.Ended, opened.NextSeq));
        CallSummary summary = await back.EndAsync(2);
        Assert.Equal((1u, Disposition.Unspecified), ((uint)summary.Utterances, summary.Disposition));
    }

    [Fact]
    public async Task Call_NotInTheJournal_IsHistoryLost_AndGoesOnFlaggedWhereThatIsAccepted()
    {
        await using (TestServer first = await StartAsync())
        {
            using TestCall call = first.Call();
            await call.SendAsync(new CallStart { CallId = "lost", ResumeFrom = 4, Attempt = 1 });
            Assert.Equal(StatusCode.FailedPrecondition, (await call.FailureAsync()).StatusCode);
            using TestCall accepted = first.Call();
            CallOpened opened = await accepted.OpenAsync(new CallStart { CallId = "lost", ResumeFrom = 4, AcceptLostHistory = true, Attempt = 2 });
            Assert.Equal(4u, opened.NextSeq);
            Assert.Contains(Degradation.HistoryLost, (await accepted.SayAsync(4, "hello")).Degraded);
            await FlushAsync(accepted, 4);
        }

        await using TestServer second = await StartAsync();
        using TestCall again = second.Call();
        Assert.Equal(5u, (await again.OpenAsync("lost", resumeFrom: 5, attempt: 3)).NextSeq);
        Assert.Contains(Degradation.HistoryLost, (await again.SayAsync(5, "hello")).Degraded);
    }

    [Fact]
    public async Task ErasedCall_IsGone_AlsoWhileItLives_AndOthersAreNot()
    {
        await using TestServer server = await StartAsync();
        using TestCall call = server.Call(), other = server.Call();
        await call.OpenAsync(new CallStart { CallId = "erased", ResumeFrom = 1, Attempt = 1, Context = new CallContext { CustomerId = "customer-4711" } });
        await other.OpenAsync("kept");
        foreach (TestCall one in new[] { call, other })
        {
            await one.SayAsync(1, "I want to cancel");
            await FlushAsync(one, 1);
        }

        IJournalStore eraser = new JournalStoreSource(new ServerOptions { Journal = Store, Node = "eraser" }, TimeProvider.System).Store!;
        await eraser.OpenAsync(CancellationToken.None).Within();
        Assert.Equal(0, await eraser.EraseAsync("other", null, "customer-4711", CancellationToken.None).Within());
        Assert.Equal(1, await eraser.EraseAsync("default", null, "customer-4711", CancellationToken.None).Within());
        await eraser.DisposeAsync();

        await call.SayAsync(2, "please");
        Assert.Equal(StatusCode.Aborted, (await call.FailureAsync()).StatusCode);
        using TestCall again = server.Call();
        await again.SendAsync(new CallStart { CallId = "erased", ResumeFrom = 2, Attempt = 2 });
        Assert.Equal("HISTORY_LOST", Refused.From(await again.FailureAsync()).Reason);
        await other.SayAsync(2, "please");
        await FlushAsync(other, 2);
    }

    [Fact]
    public async Task Pruning_RemovesWhatNothingWasWrittenTo()
    {
        await using TestServer server = await StartAsync();
        using TestCall call = server.Call();
        await call.OpenAsync("pruned");
        await call.SayAsync(1, "hello");
        await call.EndAsync(2);
        IJournalStore store = new JournalStoreSource(new ServerOptions { Journal = Store, Node = "other" }, TimeProvider.System).Store!;
        await store.OpenAsync(CancellationToken.None).Within();
        Assert.Equal(0, await store.PruneAsync(DateTimeOffset.UtcNow.AddMinutes(-1), CancellationToken.None).Within());
        Assert.Equal(1, await store.PruneAsync(DateTimeOffset.UtcNow.AddMinutes(1), CancellationToken.None).Within());
        await store.DisposeAsync();
    }

    [Fact]
    public async Task Call_RestoredUnderAnotherModel_HasTheSameScore_AndGoesOnUnderThatModel()
    {
        string folder = Directory.CreateTempSubdirectory("model-").FullName, path = Path.Combine(folder, "model.bin");
        try
        {
            TestServer first = await StartAsync();
            TestCall call = first.Call();
            string before = (await call.OpenAsync(new CallStart { CallId = "model", ResumeFrom = 1, Attempt = 1, Explain = true })).ModelVersion;
            ScoreUpdate heard = await call.SayAsync(1, Models.OnlyLearned.Text);
            Assert.Contains(heard.Signals, signal => signal.Name == Models.OnlyLearned.Signal);
            heard = await call.SayAsync(2, "I want to cancel my service.");
            await FlushAsync(call, 2);
            call.Dispose();
            await first.DisposeAsync();

            await File.WriteAllBytesAsync(path, Models.Empty("house-2"));
            await using TestServer second = await TestServer.StartAsync(options => options with { Journal = Store, Scoring = new ScoringOptions { ModelPath = path } });
            using TestCall again = second.Call();
            CallOpened opened = await again.OpenAsync(new CallStart { CallId = "model", ResumeFrom = 3, Attempt = 2, Explain = true });
            Assert.NotEqual(before, opened.ModelVersion);
            Assert.Equal("house-2", opened.ModelVersion);
            Assert.Equal((3u, heard.Risk, heard.Band, heard.CancelStage), (opened.NextSeq, opened.Current.Risk, opened.Current.Band, opened.Current.CancelStage));
            Assert.DoesNotContain((await again.SayAsync(3, Models.OnlyLearned.Text)).Signals, signal => signal.Name == Models.OnlyLearned.Signal);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private protected static async Task FlushAsync(TestCall call, uint seq)
    {
        await call.SendAsync(new ScoreCallRequest { Heartbeat = new Heartbeat { Flush = true } });
        HeartbeatReply reply = (await call.ReadAsync()).Heartbeat;
        Assert.Equal((seq + 1, seq), (reply.NextSeq, reply.DurableSeq));
    }

    private protected Task<TestServer> StartAsync() => TestServer.StartAsync(options => options with { Journal = Store });

    /// <summary>Answers without what may differ: latency and how far the journal is.</summary>
    private async Task<List<byte[]>> PlayAsync(string id, int cutBefore)
    {
        var answers = new List<byte[]>();
        TestServer server = await StartAsync();
        TestCall call = server.Call();
        try
        {
            await call.OpenAsync(new CallStart { CallId = id, ResumeFrom = 1, Attempt = 1, Explain = true });
            for (int i = 0; i < Turns.Length; i++)
            {
                if (i == cutBefore)
                {
                    await FlushAsync(call, (uint)i);
                    call.Dispose();
                    await server.DisposeAsync();
                    server = await StartAsync();
                    call = server.Call();
                    CallOpened opened = await call.OpenAsync(new CallStart { CallId = id, ResumeFrom = (uint)i + 1, Attempt = 2, Explain = true });
                    Assert.Equal((uint)i + 1, opened.NextSeq);
                    Assert.Equal((uint)i, opened.DurableSeq);
                }

                ScoreUpdate update = await call.SayAsync((uint)i + 1, Turns[i].Text, Turns[i].Speaker);
                (update.Latency, update.DurableSeq) = (null, 0);
                answers.Add(Google.Protobuf.MessageExtensions.ToByteArray(update));
            }

            // Without a time of its own the end would have the clock's.
            await call.SendAsync(new CallEnd { Seq = (uint)Turns.Length + 1, AtMs = 40_000 });
            CallSummary summary = (await call.ReadAsync()).Summary;
            (summary.CallId, summary.Last.DurableSeq) = ("", 0);
            answers.Add(Google.Protobuf.MessageExtensions.ToByteArray(summary));
        }
        finally
        {
            call.Dispose();
            await server.DisposeAsync();
        }

        return answers;
    }
}
