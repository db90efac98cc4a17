namespace RetentionScore.Cli.Tests.Scoring;

public class MalformedLineTests
{
    private const string Good = """{"id": "good", "turns": [{"speaker": "CUSTOMER", "text": "hello"}]}""";

    [Theory]
    [InlineData("""{"id": "c", "turns": [""", "not JSON from byte 23 on")]
    [InlineData("[]", "the line is [], must be an object with id and turns")]
    [InlineData("""{"turns": []}""", "id is missing")]
    [InlineData("""{"id": 7, "turns": []}""", "id is 7, must be a string")]
    [InlineData("""{"id": "a b", "turns": []}""", "id is \"a b\", must be 1 to 128 visible ASCII characters")]
    [InlineData("""{"id": "c"}""", "turns is missing")]
    [InlineData("""{"id": "c", "turns": {}}""", "turns is {}, must be a list")]
    [InlineData("""{"id": "c", "turns": [{"speaker": "CUSTOMER", "text": "hi"}, 5]}""", "turn 2: it is 5, must be an object")]
    [InlineData("""{"id": "c", "turns": [{"text": "hi"}]}""", "turn 1: speaker is missing")]
    [InlineData("""{"id": "c", "turns": [{"speaker": "CLIENT", "text": "hi"}]}""", "turn 1: speaker is \"CLIENT\", must be CUSTOMER, AGENT, SUPERVISOR or BOT")]
    [InlineData("""{"id": "c", "turns": [{"speaker": "AGENT"}]}""", "turn 1: text is missing")]
    [InlineData("""{"id": "c", "turns": [{"speaker": "AGENT", "text": "\ud800"}]}""", "turn 1: text has half of a surrogate pair, must be Unicode")]
    [InlineData("""{"id": "c", "turns": [{"speaker": "AGENT", "text": "hi", "start_ms": -1}]}""", "turn 1: start_ms is -1, must be a whole number from 0 to 2147483647")]
    [InlineData("""{"id": "c", "turns": [{"speaker": "AGENT", "text": "hi", "end_ms": "soon"}]}""", "turn 1: end_ms is \"soon\", must be a whole number from 0 to 2147483647")]
    [InlineData("""{"id": "c", "turns": [{"speaker": "AGENT", "text": "hi", "start_ms": 9, "end_ms": 8}]}""", "turn 1: end_ms is 8, must be a whole number from 9 to 2147483647")]
    [InlineData("""{"id": "c", "language": 5, "turns": []}""", "language is 5, must be a string")]
    [InlineData("""{"id": "c", "turns": [{"speaker": "AGENT", "text": "hi", "asr_confidence": 1.5}]}""", "turn 1: asr_confidence is 1.5, must be a number from 0 to 1")]
    [InlineData("""{"id": "c", "turns": [{"seq": 2, "speaker": "AGENT", "text": "hi"}, {"seq": 2, "speaker": "AGENT", "text": "hi"}]}""", "turn 2: seq is 2, must be a whole number from 3 to 4294967295")]
    [InlineData("""{"id": "c", "turns": [{"speaker": "AGENT", "text": "hi", "corrects_seq": 1}]}""", "turn 1: corrects_seq is 1, must be the seq of an earlier turn")]
    [InlineData("""{"id": "c", "turns": [{"event": "LUNCH", "at_ms": 0}]}""", "turn 1: event is \"LUNCH\", must be HOLD_STARTED, ")]
    [InlineData("""{"id": "c", "context": {"tenure": 5}, "turns": []}""", "context: Unknown field: tenure")]
    [InlineData("""{"id": "c", "context": 5, "turns": []}""", "context is 5, must be an object")]
    [InlineData("""{"id": "c", "disposition": "LOST", "turns": []}""", "disposition is \"LOST\", must be CANCELLED, SAVED, CUSTOMER_HUNG_UP, TRANSFERRED, RESOLVED or DROPPED")]
    public async Task Score_AMalformedLine_IsNamedWithItsNumberAndTheRestIsScored(string line, string problem)
    {
        using var file = new TemporaryFile(Good, line, Good);
        Outcome outcome = await Shell.RunAsync("score", file.Path, "--output", "jsonl");
        Assert.Equal(1, outcome.ExitCode);
        Assert.StartsWith($"retentionscore: {file.Path}:2: {problem}", outcome.Error, StringComparison.Ordinal);
        Assert.Equal(4, outcome.Json.Length);
        Assert.Contains("malformed lines       1\n", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Score_AListOfCalls_IsOneProblemNotOneALine()
    {
        using var file = new TemporaryFile("[", Good + ",", Good, "]");
        Outcome outcome = await Shell.RunAsync("score", file.Path);
        Assert.Equal(1, outcome.ExitCode);
        Assert.Equal($"retentionscore: {file.Path}:1: a JSON list, must be one call a line (jq -c '.[]' makes such a file of it)\n", outcome.Error);
    }

    [Theory]
    [InlineData("""{"id": "c", "context": {"tenureMonths": 5, "agent_id": "a"}, "turns": [{"speaker": "speaker_customer", "text": ""}]}""")]
    [InlineData("""{"id": "c", "turns": [], "labels": null, "context": null}""")]
    [InlineData("""{"id": "c", "turns": [{"seq": 3, "speaker": "bot", "text": "press one", "start_ms": null, "labels": {"act": 1}, "other": []}]}""")]
    public async Task Score_AnUnusualLine_IsScored(string line)
    {
        using var file = new TemporaryFile(line);
        Outcome outcome = await Shell.RunAsync("score", file.Path, "--output", "jsonl");
        Assert.Equal("", outcome.Error.Contains("retentionscore:", StringComparison.Ordinal) ? outcome.Error : "");
        Assert.Equal(0, outcome.ExitCode);
    }
}
