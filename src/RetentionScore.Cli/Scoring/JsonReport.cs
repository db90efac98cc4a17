using System.Text.Json;
using Google.Protobuf;
using RetentionScore.Cli.Calls;

namespace RetentionScore.Cli.Scoring;

/// <summary>
/// <c>{"callId", "update"}</c> for every turn and <c>{"callId", "summary"}</c> after the last, in the protobuf JSON mapping. Default values are
/// written, so that a zero is seen. Nothing in it depends on the time of day or the machine.
/// </summary>
internal sealed class JsonReport(Screen screen) : IScoreReport
{
    private static readonly JsonFormatter Formatter = new(JsonFormatter.Settings.Default.WithFormatDefaultValues(true));

    /// <inheritdoc/>
    public void Add(RecordedCall call, ScoredCall scored, CallTally tally)
    {
        string id = JsonSerializer.Serialize(call.Id);
        foreach (var update in scored.Updates) Line(id, "update", update);
        if (scored.Summary is not null) Line(id, "summary", scored.Summary);
    }

    /// <inheritdoc/>
    public void Close(FileTotals totals, TimeSpan taken) => totals.Write(screen.Error, taken);

    private void Line(string id, string member, IMessage message)
    {
        TextWriter output = screen.Output;
        output.Write("{\"callId\": ");
        output.Write(id);
        output.Write($", \"{member}\": ");
        Formatter.Format(message, output);
        output.WriteLine('}');
    }
}
