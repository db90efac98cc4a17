using System.Text.Json;

namespace RetentionScore.Cli.Tests.Scoring;

public class ScoreTests
{
    private const string Untimed =
        """{"id": "c1", "labels": {}, "turns": [{"speaker": "AGENT", "text": "how can i help"}, {"speaker": "CUSTOMER", "text": "i want to cancel my subscription please"}]}""";

    private const string Timed =
        """{"id": "c2", "context": {"tenure_months": 12, "jurisdiction": "US-CA"}, "disposition": "CANCELLED", "turns": [{"seq": 1, "speaker": "CUSTOMER", "text": "cancel my subscription please", "start_ms": 0, "end_ms": 2000, "asr_confidence": 0.9}, {"seq": 2, "event": "HOLD_STARTED", "at_ms": 2500}, {"seq": 3, "event": "HOLD_ENDED", "at_ms": 9000}, {"seq": 4, "speaker": "AGENT", "text": "that is cancelled for you your reference is four two", "start_ms": 9500, "end_ms": 13000}]}""";

    [Fact]
    public async Task Jsonl_TwoCalls_AnUpdateATurnAndASummaryEach()
    {
        using var file = new TemporaryFile(Untimed, Timed);
        Outcome outcome = await Shell.RunAsync("score", file.Path, "--output", "jsonl");
        Assert.Equal(0, outcome.ExitCode);
        JsonElement[] lines = outcome.Json;
        Assert.Equal(["c1", "c1", "c1", "c2", "c2", "c2", "c2", "c2"], lines.Select(line => line.GetProperty("callId").GetString()));
        Assert.Equal([1, 2], lines[..2].Select(line => line.GetProperty("update").GetProperty("seq").GetInt32()));
        Assert.Equal([1, 2, 3, 4], lines[3..7].Select(line => line.GetProperty("update").GetProperty("seq").GetInt32()));
        Assert.Equal("c1", lines[2].GetProperty("summary").GetProperty("callId").GetString());
        Assert.Equal("DISPOSITION_CANCELLED", lines[7].GetProperty("summary").GetProperty("disposition").GetString());
        Assert.Equal(6500, lines[7].GetProperty("summary").GetProperty("holdMs").GetInt32());
    }

    [Fact]
    public async Task Jsonl_NothingHappened_ZerosAreWritten()
    {
        using var file = new TemporaryFile(Untimed);
        JsonElement update = (await Shell.RunAsync("score", file.Path, "--output", "jsonl")).Json[0].GetProperty("update");
        Assert.Equal(0, update.GetProperty("trend").GetDouble());
        Assert.False(update.GetProperty("duplicate").GetBoolean());
        Assert.False(update.TryGetProperty("latency", out _));
    }

    [Fact]
    public async Task Jsonl_NoTimings_AreFilledInAndSaidToBe()
    {
        using var file = new TemporaryFile(Untimed, Timed);
        JsonElement[] lines = (await Shell.RunAsync("score", file.Path, "--output", "jsonl")).Json;
        JsonElement second = lines[1].GetProperty("update");
        Assert.Contains("DEGRADATION_TIMINGS_ESTIMATED", second.GetProperty("degraded").EnumerateArray().Select(d => d.GetString()));
        Assert.True(second.GetProperty("startMs").GetInt32() > 0 && second.GetProperty("endMs").GetInt32() > second.GetProperty("startMs").GetInt32());
        Assert.Empty(lines[3].GetProperty("update").GetProperty("degraded").EnumerateArray());
    }

    [Fact]
    public async Task Jsonl_Explain_SignalsAndEvidenceInEveryUpdate()
    {
        using var file = new TemporaryFile(Untimed);
        JsonElement plain = (await Shell.RunAsync("score", file.Path, "--output", "jsonl")).Json[1].GetProperty("update");
        JsonElement explained = (await Shell.RunAsync("score", file.Path, "--output", "jsonl", "--explain")).Json[1].GetProperty("update");
        Assert.Empty(plain.GetProperty("signals").EnumerateArray());
        Assert.Contains("cancel_request", explained.GetProperty("signals").EnumerateArray().Select(signal => signal.GetProperty("name").GetString()));
        Assert.Contains("retention_pressure", explained.GetProperty("evidence").EnumerateArray().Select(evidence => evidence.GetProperty("score").GetString()));
    }

    [Fact]
    public async Task Jsonl_Twice_TheSameBytes()
    {
        using var file = TemporaryFile.OfBundledCalls();
        Outcome first = await Shell.RunAsync("score", file.Path, "--output", "jsonl", "--explain");
        Outcome second = await Shell.RunAsync("score", file.Path, "--output", "jsonl", "--explain");
        Assert.Equal(0, first.ExitCode);
        Assert.Equal(first.Output, second.Output);
    }

    [Fact]
    public async Task Jsonl_Correction_RescoresTheTurnThatTheFileNames()
    {
        using var file = new TemporaryFile(
            """{"id": "c", "turns": [{"seq": 10, "speaker": "CUSTOMER", "text": "i want to council it"}, {"seq": 20, "speaker": "CUSTOMER", "text": "i want to cancel my subscription", "corrects_seq": 10}]}""");
        Outcome outcome = await Shell.RunAsync("score", file.Path, "--output", "jsonl");
        JsonElement corrected = outcome.Json[1].GetProperty("update");
        Assert.Equal(2, corrected.GetProperty("seq").GetInt32());
        Assert.Equal(1, corrected.GetProperty("rescoredFromSeq").GetInt32());
    }

    [Fact]
    public async Task Table_ThreeLines_ARowACallAndWhatTheyCameTo()
    {
        using var file = new TemporaryFile(Untimed, "", Timed);
        Outcome outcome = await Shell.RunAsync("score", file.Path);
        Assert.Equal(0, outcome.ExitCode);
        Assert.StartsWith("call ", outcome.Lines[0], StringComparison.Ordinal);
        Assert.Matches(@"^c1 +2 +REQUESTED +REQUESTED +LOW ", outcome.Lines[1]);
        Assert.Matches(@"^c2 +2 +CONFIRMED ", outcome.Lines[2]);
        Assert.Contains("calls                 2, 4 utterances", outcome.Lines);
        Assert.Contains("reached REQUESTED     2 (100.0 %)", outcome.Lines);
        Assert.Contains("reached HIGH          0 (0.0 %)", outcome.Lines);
        Assert.Matches(@"^time +\d+\.\d\d s, \d+ utterances/s$", outcome.Lines[^1]);
        Assert.DoesNotContain('\u001b', outcome.Output);
    }

    [Fact]
    public async Task Table_Explain_TellsWhatWasRecommendedWhenAndUponWhat()
    {
        using TemporaryFile file = TemporaryFile.OfBundledCalls();
        Outcome plain = await Shell.RunAsync("score", file.Path), explained = await Shell.RunAsync("score", file.Path, "--explain");
        Assert.DoesNotContain("WHY_ASKED_AFTER_REFUSAL", plain.Output, StringComparison.Ordinal);
        string warning = explained.Lines.First(line => line.Contains("WHY_ASKED_AFTER_REFUSAL", StringComparison.Ordinal));
        Assert.Matches("^ +0:39  agent +WARNING +STOP ASKING WHY +WHY_ASKED_AFTER_REFUSAL +agent: ", warning);
        Assert.Contains(explained.Lines, line => line.StartsWith("  peak 1.00 at message ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Jsonl_LanguageOfTheFile_IsTheCalls()
    {
        using var file = new TemporaryFile(Untimed.Replace("\"labels\": {}", "\"language\": \"de\"", StringComparison.Ordinal));
        JsonElement update = (await Shell.RunAsync("score", file.Path, "--output", "jsonl")).Json[0].GetProperty("update");
        Assert.Contains("DEGRADATION_LANGUAGE_NOT_EVALUATED", update.GetProperty("degraded").EnumerateArray().Select(d => d.GetString()));
    }

    [Fact]
    public async Task Table_PolicyThatThereIsNot_IsNamed()
    {
        using var file = new TemporaryFile(Untimed.Replace("\"labels\": {}", "\"policy\": \"gentle\"", StringComparison.Ordinal));
        Outcome outcome = await Shell.RunAsync("score", file.Path);
        Assert.Equal(1, outcome.ExitCode);
        Assert.Contains("gentle", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Server_BundledCalls_ScoresAsInProcess()
    {
        await using RunningServer server = await RunningServer.StartAsync();
        using var file = TemporaryFile.OfBundledCalls();
        Outcome inProcess = await Shell.RunAsync("score", file.Path, "--output", "jsonl");
        Outcome overTheWire = await Shell.RunAsync("score", file.Path, "--output", "jsonl", "--server", server.Address);
        Assert.Equal("", overTheWire.Error.Split('\n').FirstOrDefault(line => line.StartsWith("retentionscore:", StringComparison.Ordinal)) ?? "");
        Assert.Equal(0, overTheWire.ExitCode);
        Assert.Equal(Scores(inProcess), Scores(overTheWire));
    }

    [Fact]
    public async Task Server_NoTimings_ScoresAsInProcess()
    {
        await using RunningServer server = await RunningServer.StartAsync();
        using var file = new TemporaryFile(Untimed, Untimed);
        Outcome inProcess = await Shell.RunAsync("score", file.Path, "--output", "jsonl", "--explain");
        Outcome overTheWire = await Shell.RunAsync("score", file.Path, "--output", "jsonl", "--explain", "--server", server.Address);
        Assert.Equal(0, overTheWire.ExitCode);
        Assert.Equal(Scores(inProcess), Scores(overTheWire));
    }

    [Fact]
    public async Task Server_NobodyThere_OneLineAndOne()
    {
        using var file = new TemporaryFile(Untimed);
        Outcome outcome = await Shell.RunAsync("score", file.Path, "--server", "http://127.0.0.1:1");
        Assert.Equal(1, outcome.ExitCode);
        Assert.StartsWith("retentionscore: no answer from http://127.0.0.1:1: Unavailable", outcome.Error, StringComparison.Ordinal);
        Assert.Single(outcome.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal("", outcome.Output);
    }

    /// <summary>Risks, bands, stages and recommendations line by line: latency and durability are the server's own.</summary>
    private static string[] Scores(Outcome outcome) => [.. outcome.Json.Select(line =>
    {
        string id = line.GetProperty("callId").GetString()!;
        if (!line.TryGetProperty("update", out JsonElement update)) return $"{id} {Without(line.GetProperty("summary"), "last")}";
        return $"{id} {Without(update, "latency", "durableSeq")}";
    })];

    private static string Without(JsonElement message, params string[] names) =>
        string.Join(", ", message.EnumerateObject().Where(member => !names.Contains(member.Name)).Select(member => $"{member.Name}: {member.Value.GetRawText()}"));
}
