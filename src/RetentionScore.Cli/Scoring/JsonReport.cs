using System.Globalization;
using System.Text;
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

    // The formatter writes in small pieces, and a console writes each of them through.
    private readonly StringBuilder text = new();

    /// <inheritdoc/>
    public void Add(RecordedCall call, ScoredCall scored, CallTally tally)
    {
        string id = JsonSerializer.Serialize(call.Id);
        using var writer = new StringWriter(text.Clear(), CultureInfo.InvariantCulture) { NewLine = "\n" };
        foreach (var update in scored.Updates) Line(writer, id, "update", update);
        if (scored.Summary is not null) Line(writer, id, "summary", scored.Summary);
        screen.Output.Write(text);
    }

    /// <inheritdoc/>
    public void Close(FileTotals totals, TimeSpan taken) => totals.Write(screen.Error, taken);

    private static void Line(StringWriter line, string id, string member, IMessage message)
    {
        line.Write($"{{\"callId\": {id}, \"{member}\": ");
        Formatter.Format(message, line);
        line.WriteLine('}');
    }
}
