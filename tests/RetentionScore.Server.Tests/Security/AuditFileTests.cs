using Microsoft.Extensions.Logging.Abstractions;
using RetentionScore.Server.Auditing;
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
}
