using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using RetentionScore.Core.Tests.Scenarios;

namespace RetentionScore.Cli.Tests.Demo;

/// <summary>Demo/calls.jsonl holds the words and times of scenarios. UPDATE_DEMO=1 writes it from them.</summary>
public class BundledCallsTests
{
    // What plays in the demo, in the order of its table, and what the table calls it. The first is followed word by word.
    private static readonly (string Scenario, string Title)[] Bundled =
    [
        ("caught/broadband-civil-customer-same-why-over-and-over", "same why, over and over"),
        ("quiet/cancel-my-appointment", "cancels an appointment"),
        ("caught/gym-supervisor-joins-and-it-ends-well", "blocked, then helped"),
        ("quiet/one-offer-declined-and-respected", "one offer, respected"),
        ("quiet/haggler-asks-for-every-offer", "haggles for offers"),
        ("caught/insurance-a-chargeback-and-a-recording", "recorded and disputed"),
        ("quiet/clean-cancel-done-at-once", "cancelled at once"),
        ("caught/magazine-son-for-his-mother-offers-after-no", "offers after a no"),
        ("quiet/abusive-customer-and-a-polite-agent", "abusive customer"),
        ("caught/alarm-agent-talks-over-him", "agent talks over him"),
        ("quiet/security-questions-that-repeat", "security questions"),
        ("quiet/long-hold-announced-and-kept", "one long hold, kept"),
    ];

    private static readonly JsonSerializerOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    [Fact]
    public void BundledCalls_AreTheScenariosWordForWord()
    {
        string wanted = string.Concat(Bundled.Select(call => Line(call.Scenario, call.Title) + "\n"));
        string path = Path.Combine(ScenarioFile.Root, "..", "..", "src", "RetentionScore.Cli", "Demo", "calls.jsonl");
        if (Environment.GetEnvironmentVariable("UPDATE_DEMO") == "1") File.WriteAllText(path, wanted);
        Assert.Equal(wanted, File.ReadAllText(path));
    }

    [Fact]
    public void BundledCalls_Loaded_AreADozenWithTimesTitlesAndLines()
    {
        var calls = RetentionScore.Cli.Demo.DemoCalls.Load();
        Assert.Equal(12, calls.Length);
        Assert.All(calls, call => Assert.True(call.IsTimed && call.Labels.ContainsKey("title") && call.Labels.ContainsKey("line"), call.Id));
        Assert.True(calls.Select(call => call.Labels["line"]).Distinct(StringComparer.Ordinal).Count() >= 7);
    }

    private static string Line(string name, string title)
    {
        var scenario = ScenarioFile.Load(name + ".yaml");
        var line = new JsonObject
        {
            ["id"] = name[(name.IndexOf('/', StringComparison.Ordinal) + 1)..],
            ["labels"] = new JsonObject { ["title"] = title, ["line"] = scenario.Line, ["scenario"] = name },
        };
        if (Context(scenario.Context) is { } context) line["context"] = context;
        if (scenario.End?.Disposition is { } disposition) line["disposition"] = disposition;
        line["turns"] = new JsonArray([.. scenario.Turns.Select((turn, i) => Turn(turn, i + 1))]);
        return line.ToJsonString(Plain);
    }

    private static JsonObject Turn(ScenarioFile.Turn turn, int seq)
    {
        string[] times = turn.At!.Split('-');
        if (turn.Event is not null)
        {
            var happened = new JsonObject { ["seq"] = seq, ["event"] = turn.Event, ["at_ms"] = Ms(times[0]) };
            if (turn.Detail is not null) happened["detail"] = turn.Detail;
            if (Context(turn.Context) is { } context) happened["context"] = context;
            return happened;
        }

        var (speaker, text) = turn.Said;
        var said = new JsonObject
        {
            ["seq"] = seq,
            ["speaker"] = speaker.ToString().ToUpperInvariant(),
            ["text"] = text,
            ["start_ms"] = Ms(times[0]),
            ["end_ms"] = Ms(times[1]),
        };
        if (turn.Confidence is { } confidence) said["asr_confidence"] = confidence;
        if (turn.Corrects > 0) said["corrects_seq"] = turn.Corrects;
        return said;
    }

    private static JsonObject? Context(ScenarioFile.ContextPart? known)
    {
        if (known is null) return null;
        var context = new JsonObject();
        if (known.AgentId is not null) context["agent_id"] = known.AgentId;
        if (known.Queue is not null) context["queue"] = known.Queue;
        if (known.Jurisdiction is not null) context["jurisdiction"] = known.Jurisdiction;
        if (known.CustomerId is not null) context["customer_id"] = known.CustomerId;
        if (known.TenureMonths is { } tenure) context["tenure_months"] = tenure;
        if (known.ContactsLast30Days is { } contacts) context["contacts_last_30_days"] = contacts;
        if (known.Audience is { } audience) context["audience"] = audience;
        return context;
    }

    private static int Ms(string seconds) => (int)Math.Round(double.Parse(seconds, CultureInfo.InvariantCulture) * 1000);
}
