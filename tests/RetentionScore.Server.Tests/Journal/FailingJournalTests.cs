using Grpc.Core;
using Microsoft.Data.Sqlite;
using RetentionScore.Server.Journal;
using RetentionScore.Server.Options;
using RetentionScore.Server.Tests.Metrics;

namespace RetentionScore.Server.Tests.Journal;

/// <summary>A journal that fails never stops scoring, says so, and loses nothing that a client still has.</summary>
public sealed class FailingJournalTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("journal-").FullName;

    private string File => Path.Combine(folder, "journal.db");

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task LockedFile_ScoringGoesOnNotDurable_AndIsWrittenOnceTheLockIsGone()
    {
        await using TestServer server = await StartAsync();
        using TestCall call = server.Call();
        await call.OpenAsync("locked", attempt: 1);
        using (SqliteConnection other = Lock())
        {
            await call.SayAsync(1, "I want to cancel");
            await Waiting.UntilAsync(() => server.Service<JournalWriter>().IsFailing);
            ScoreUpdate update = await call.SayAsync(2, "please cancel it");
            Assert.Contains(Degradation.NotDurable, update.Degraded);
            Assert.Equal(0u, update.DurableSeq);
            MetricsPage page = await MetricsPage.OfAsync(server);
            Assert.Equal(1, page["journal_failing"]);
            Assert.InRange(page["journal_lag_seconds"], 0.001, 60);
            Assert.Equal(1, page["degraded_total{reason=\"not_durable\"}"]);
            Assert.Equal("ready, the journal fails\n", await server.Ops.GetStringAsync(new Uri("/readyz", UriKind.Relative)));

            // A new call is taken, one that must be there is not.
            using TestCall fresh = server.Call(), old = server.Call();
            await fresh.OpenAsync("fresh");
            await fresh.SayAsync(1, "hello");
            await old.SendAsync(new CallStart { CallId = "old", ResumeFrom = 3 });
            RpcException refused = await old.FailureAsync();
            Assert.Equal(StatusCode.Unavailable, refused.StatusCode);

            CallSummary summary = await fresh.EndAsync(2);
            Assert.Contains(Degradation.NotDurable, summary.Last.Degraded);
            await call.SendAsync(new ScoreCallRequest { Heartbeat = new Heartbeat { Flush = true } });
        }

        HeartbeatReply flushed = (await call.ReadAsync()).Heartbeat;
        Assert.Equal(2u, flushed.DurableSeq);
        Assert.Equal(0, (await MetricsPage.OfAsync(server))["journal_lag_seconds"]);
        Assert.DoesNotContain(Degradation.NotDurable, (await call.SayAsync(3, "cancel it")).Degraded);

        // What was opened meanwhile is there too.
        await using TestServer next = await StartAsync();
        using TestCall ended = next.Call();
        Assert.True((await ended.OpenAsync("fresh", attempt: 1)).Ended);
    }

    [Fact]
    public async Task FullQueue_ClientIsAskedToOpenAgain_AndSendsWhatTheJournalLacks()
    {
        await using TestServer server = await StartAsync(journal => journal with { QueueBytes = 64 * 1024 });
        using TestCall call = server.Call();
        await call.OpenAsync("full", attempt: 1);
        await call.SayAsync(1, "I want to cancel");
        const uint Last = 3000;
        using (SqliteConnection other = Lock())
        {
            for (uint seq = 2; seq <= Last; seq++) await call.SayAsync(seq, $"and message {seq} of a long talk");
            Assert.Contains("journal_gaps_total 1", await server.Ops.GetStringAsync(new Uri("/metrics", UriKind.Relative)), StringComparison.Ordinal);
        }

        RpcException asked = await call.FailureAsync();
        Assert.Equal(StatusCode.Unavailable, asked.StatusCode);
        Assert.Equal("NOT_READY", Refused.From(asked).Reason);

        using TestCall again = server.Call();
        CallOpened opened = await again.OpenAsync("full", resumeFrom: 1, attempt: 2);
        Assert.InRange(opened.NextSeq, 2u, Last - 1);
        Assert.Equal(opened.NextSeq - 1, opened.DurableSeq);
        for (uint seq = opened.NextSeq; seq <= Last; seq++) Assert.False((await again.SayAsync(seq, $"and message {seq} of a long talk")).Duplicate);
        await again.SendAsync(new ScoreCallRequest { Heartbeat = new Heartbeat { Flush = true } });
        Assert.Equal(Last, (await again.ReadAsync()).Heartbeat.DurableSeq);
        Assert.Equal(Last, (await again.EndAsync(Last + 1)).Utterances);
    }

    [Fact]
    public async Task UnusablePath_ServerStarts_AndSaysNotDurable()
    {
        await System.IO.File.WriteAllTextAsync(Path.Combine(folder, "no-folder"), "");
        await using TestServer server = await TestServer.StartAsync(options => options with
        {
            Journal = new JournalOptions { Store = JournalStore.Sqlite, Path = Path.Combine(folder, "no-folder", "journal.db") },
        });
        using TestCall call = server.Call();
        await call.OpenAsync("c");
        Assert.Contains(Degradation.NotDurable, (await call.SayAsync(1, "hello")).Degraded);
    }

    [Fact]
    public async Task NewerSchema_IsNotTouched()
    {
        await using (TestServer server = await StartAsync())
        {
        }

        using (var connection = new SqliteConnection($"Data Source={File};Pooling=False"))
        {
            await connection.OpenAsync();
            using SqliteCommand command = connection.CreateCommand();
            command.CommandText = "UPDATE schema_version SET version = 99";
            await command.ExecuteNonQueryAsync();
        }

        await using TestServer older = await StartAsync();
        Assert.True(older.Service<JournalWriter>().IsFailing);
        Assert.Contains(older.Log.Lines, line => line.Contains("has schema 99", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Erase_ThroughAnotherProcess_RemovesAllOfACall_AlsoOfALiveOne()
    {
        await using TestServer server = await StartAsync();
        using TestCall call = server.Call();
        await call.OpenAsync(new CallStart { CallId = "erased", ResumeFrom = 1, Attempt = 1, Context = new CallContext { CustomerId = "customer-4711" } });
        await call.SayAsync(1, "I want to cancel");
        await call.SendAsync(new ScoreCallRequest { Heartbeat = new Heartbeat { Flush = true } });
        await call.ReadAsync();
        Assert.True(await ContainsAsync("customer-4711"));

        var eraser = new SqliteStore(File, "eraser", TimeProvider.System);
        await eraser.OpenAsync(CancellationToken.None);
        Assert.Equal(0, await eraser.EraseAsync("other", null, "customer-4711", CancellationToken.None));
        Assert.Equal(1, await eraser.EraseAsync("default", null, "customer-4711", CancellationToken.None));
        await eraser.DisposeAsync();
        Assert.False(await ContainsAsync("customer-4711"));

        await call.SayAsync(2, "please");
        Assert.Equal(StatusCode.Aborted, (await call.FailureAsync()).StatusCode);
        using TestCall again = server.Call();
        await again.SendAsync(new CallStart { CallId = "erased", ResumeFrom = 2, Attempt = 2 });
        Assert.Equal("HISTORY_LOST", Refused.From(await again.FailureAsync()).Reason);
    }

    [Fact]
    public async Task DamagedBatch_IsToldAndCounted_AndWhatWasBeforeItIsThere()
    {
        await using (TestServer server = await StartAsync())
        {
            using TestCall call = server.Call();
            await call.OpenAsync("damaged");
            for (uint seq = 1; seq <= 2; seq++)
            {
                await call.SayAsync(seq, "hello");
                await call.SendAsync(new ScoreCallRequest { Heartbeat = new Heartbeat { Flush = true } });
                await call.ReadAsync();
            }
        }

        await using (var connection = new SqliteConnection($"Data Source={File};Pooling=False"))
        {
            await connection.OpenAsync();
            using SqliteCommand command = connection.CreateCommand();
            // The first byte of the last batch says whose records follow.
            command.CommandText = "UPDATE batches SET frames = x'ff' || substr(frames, 2) WHERE id = (SELECT max(id) FROM batches)";
            Assert.Equal(1, await command.ExecuteNonQueryAsync());
        }

        await using TestServer again = await StartAsync();
        Assert.Contains(again.Log.Lines, line => line.Contains("bytes of a batch cannot be read", StringComparison.Ordinal));
        Assert.Contains("retentionscore_journal_damaged_total 1", await again.Ops.GetStringAsync(new Uri("/metrics", UriKind.Relative)), StringComparison.Ordinal);
        using TestCall back = again.Call();
        CallOpened opened = await back.OpenAsync("damaged", resumeFrom: 1, attempt: 2);
        Assert.Equal((true, 2u), (opened.Resumed, opened.NextSeq));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Text_IsKeptOnlyWhereSwitchedOn_AndRedacted(bool stored)
    {
        await using (TestServer server = await StartAsync(journal => journal with { StoreText = stored }))
        {
            using TestCall call = server.Call();
            await call.OpenAsync("text");
            await call.SayAsync(1, "the zebra said my card is 4111 1111 1111 1111");
            await call.EndAsync(2);
        }

        Assert.Equal(stored, await ContainsAsync("the zebra said my card is [card]"));
        Assert.False(await ContainsAsync("4111 1111"));
        if (!stored) Assert.False(await ContainsAsync("zebra"));
    }

    private async Task<bool> ContainsAsync(string text)
    {
        byte[] sought = System.Text.Encoding.UTF8.GetBytes(text);
        foreach (string file in Directory.GetFiles(folder))
        {
            await using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            using var bytes = new MemoryStream();
            await stream.CopyToAsync(bytes);
            if (bytes.ToArray().AsSpan().IndexOf(sought) >= 0) return true;
        }

        return false;
    }

    private SqliteConnection Lock()
    {
        var connection = new SqliteConnection($"Data Source={File};Pooling=False");
        connection.Open();
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = "BEGIN IMMEDIATE";
        command.ExecuteNonQuery();
        return connection;
    }

    private Task<TestServer> StartAsync(Func<JournalOptions, JournalOptions>? change = null)
    {
        var journal = new JournalOptions { Store = JournalStore.Sqlite, Path = File, MaxRetryDelay = TimeSpan.FromMilliseconds(100) };
        return TestServer.StartAsync(options => options with { Journal = change?.Invoke(journal) ?? journal });
    }
}
