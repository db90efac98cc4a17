using Microsoft.Extensions.Logging.Abstractions;
using RetentionScore.Server.Auditing;
using RetentionScore.Server.Journal;
using RetentionScore.Server.Options;

namespace RetentionScore.Server.Tests.Security;

public sealed class AuditFileTests : IDisposable
{
    private readonly string path = Path.Combine(Path.GetTempPath(), $"retentionscore-audit-{Guid.NewGuid():N}.jsonl");

    public void Dispose() => File.Delete(path);

    private async Task WriteAsync(params string[] calls)
    {
        await using var log = new AuditLog(new ServerOptions { Node = "n", Audit = new AuditOptions { Path = path } }, new FakeTime(), NullLogger<AuditLog>.Instance);
        await log.StartAsync(CancellationToken.None);
        foreach (string call in calls) await log.WriteAsync("opened", "dialler", "acme", call).AsTask().Within();
        await log.StopAsync(CancellationToken.None).Within();
    }

    [Fact]
    public async Task Verify_AWholeLog_EvenOverRestarts_HoldsTogether()
    {
        await WriteAsync("a", "b");
        await WriteAsync("c");
        AuditFile.Verdict verdict = AuditFile.Verify(path);
        Assert.Equal((3, null), (verdict.Entries, verdict.Problem));
    }

    [Theory]
    [InlineData("changed", "line 3 does not follow the line before it")]
    [InlineData("taken out", "line 2 has the number 3")]
    [InlineData("put in", "line 3 has the number 2")]
    [InlineData("torn", "line 4 is no entry")]
    public async Task Verify_ALogThatWasTouched_NamesTheLine(string how, string problem)
    {
        await WriteAsync("a", "b", "c", "d");
        List<string> lines = [.. await File.ReadAllLinesAsync(path)];
        switch (how)
        {
            case "changed": lines[1] = lines[1].Replace("\"b\"", "\"x\"", StringComparison.Ordinal); break;
            case "taken out": lines.RemoveAt(1); break;
            case "put in": lines.Insert(2, lines[1]); break;
            default: lines[3] = lines[3][..20]; break;
        }

        await File.WriteAllLinesAsync(path, lines);
        Assert.Equal(problem, AuditFile.Verify(path).Problem);
    }

    [Fact]
    public async Task Start_AfterALineThatACrashCut_GoesOnFromTheLastWholeOne()
    {
        await WriteAsync("a", "b");
        await File.AppendAllTextAsync(path, "{\"n\":3,\"at\"");
        await WriteAsync("c");
        AuditFile.Verdict verdict = AuditFile.Verify(path);
        Assert.Equal((3, null), (verdict.Entries, verdict.Problem));
    }

    [Fact]
    public async Task Write_OfTwoWritersAtOnce_IsOneChain()
    {
        async Task WriteOftenAsync(string call)
        {
            for (int i = 0; i < 20; i++) await WriteAsync(call);
        }

        await Task.WhenAll(Task.Run(() => WriteOftenAsync("a")), Task.Run(() => WriteOftenAsync("b"))).Within();
        AuditFile.Verdict verdict = AuditFile.Verify(path);
        Assert.Equal((40, null), (verdict.Entries, verdict.Problem));
    }

    [Fact]
    public async Task Erasure_HasItsLine_WithoutTheCustomer()
    {
        string folder = Directory.CreateTempSubdirectory("retentionscore-erasure-").FullName;
        try
        {
            await WriteAsync("a");
            var options = new ServerOptions
            {
                Node = "n",
                Audit = new AuditOptions { Path = path },
                Journal = new JournalOptions { Store = JournalStore.Sqlite, Path = Path.Combine(folder, "journal.db") },
            };
            await JournalErasure.EraseAsync(options, "acme", "a", null).Within();
            await JournalErasure.EraseAsync(options, "acme", null, "customer-7").Within();
            string[] lines = await File.ReadAllLinesAsync(path);
            Assert.Equal((3, null), (AuditFile.Verify(path).Entries, AuditFile.Verify(path).Problem));
            Assert.Contains($"\"what\":\"erased\",\"who\":\"user {Environment.UserName}\",\"tenant\":\"acme\",\"call\":\"a\"", lines[1], StringComparison.Ordinal);
            Assert.Contains("\"what\":\"erased_customer\"", lines[2], StringComparison.Ordinal);
            Assert.DoesNotContain("customer-7", lines[2], StringComparison.Ordinal);

            // Without its line nothing is removed.
            await Assert.ThrowsAnyAsync<Exception>(() => JournalErasure.EraseAsync(options with { Audit = new AuditOptions { Path = folder } }, "acme", "a", null)).Within();
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
