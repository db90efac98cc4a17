using RetentionScore.Cli.Calls;
using RetentionScore.Core.Signals;
using RetentionScore.Server.Scoring;
using RetentionScore.V1;

namespace RetentionScore.Cli.Learning;

/// <summary>
/// Ordinary calls, scored as <c>score</c> scores them: how many are disturbed, and, of the real ones, how many requests are heard. Calls are real (bt_oasis),
/// help desks, synthetic, or talk about donations.
/// </summary>
internal static class QuietCalls
{
    private const double Half = 0.5;
    private static readonly string[] Abuse = ["abuse"], Threats = ["public_threat", "legal_threat"], Recordings = ["recording_notice"];

    /// <summary>All counts.</summary>
    /// <param name="data">The folder of third-party sets.</param>
    /// <param name="reader">Reads what is said.</param>
    /// <param name="progress">Told of each set.</param>
    public static IEnumerable<Bar> Count(string data, SignalReader reader, Action<string> progress)
    {
        var scorer = new TranscriptScorer(reader);
        foreach (Bar bar in RealCalls(data, scorer, progress)) yield return bar;
        foreach (var (set, files) in new (string, string[])[]
        {
            ("stc3", [Path.Combine("stc3_helpdesk", "train.jsonl"), Path.Combine("stc3_helpdesk", "dev.jsonl")]),
            ("contoso", [Path.Combine("contoso_telco_synthetic", "all.jsonl")]),
            ("p4g", [Path.Combine("persuasion_resistance", "p4g_train.jsonl"), Path.Combine("persuasion_resistance", "p4g_dev.jsonl")]),
        })
        {
            progress($"calls: {set}");
            Heard[] calls = [.. Hear(data, files, scorer)];
            int hundredth = calls.Length / 100;
            yield return new Bar(set, "retention_pressure of 0.5 or more", calls.Count(call => call.Pressure >= Half), calls.Length, null, hundredth);
            yield return new Bar(set, "calls at HIGH or above", calls.Count(call => call.Band >= RiskBand.High), calls.Length, null, null);
            yield return new Bar(set, "calls with PROCESS_CANCELLATION", calls.Count(call => call.MustProcess), calls.Length, null, null);
        }
    }

    private static IEnumerable<Bar> RealCalls(string data, TranscriptScorer scorer, Action<string> progress)
    {
        progress("calls: bt_oasis");
        Heard[] calls = [.. Hear(data, [Path.Combine("bt_oasis", "train.jsonl"), Path.Combine("bt_oasis", "dev.jsonl")], scorer)];
        HashSet<string> requests = [.. Corpus.Calls(Path.Combine(data, "bt_oasis", "cancel_handlabels.jsonl"))
            .Where(call => call.GetProperty("label").GetString() == "cancel_request").Select(call => call.GetProperty("id").GetString()!)];
        int n = calls.Length, hundredth = n / 100;
        Bar Of(string name, Func<Heard, bool> is_, int? most) => new("bt_oasis", name, calls.Count(is_), n, null, most);
        yield return Of("calls at HIGH or above", call => call.Band >= RiskBand.High, 5);
        yield return Of("frustration of 0.5 or more", call => call.Frustration >= Half, n * 5 / 100);
        yield return Of("abuse told", call => call.Told.Overlaps(Abuse), hundredth);
        yield return Of("a threat told", call => call.Told.Overlaps(Threats), hundredth);
        yield return Of("a recording told", call => call.Told.Overlaps(Recordings), hundredth);
        yield return new Bar("bt_oasis", "requests that reached REQUESTED", calls.Count(call => call.Requested && requests.Contains(call.Id)), requests.Count, 14, null);
        yield return Of("other calls that reached REQUESTED", call => call.Requested && !requests.Contains(call.Id), 5);
        yield return Of("calls with PROCESS_CANCELLATION", call => call.MustProcess, 1);
        yield return Of("retention_pressure of 0.5 or more", call => call.Pressure >= Half, 0);
        yield return Of("calls with a warning to the agent", call => call.Warned, null);
        yield return Of("calls with an alert to a supervisor", call => call.Alerted, null);
    }

    private static IEnumerable<Heard> Hear(string data, IEnumerable<string> files, TranscriptScorer scorer) => files
        .SelectMany(file => CallFile.Read(Path.Combine(data, file))).Select(line => line.Call ?? throw new FormatException(line.Problem))
        .Select(call => Heard.Of(call.Id, scorer.Score(call.Start(call.Id, explain: true), call.MessagesToTheEnd())));

    /// <summary>What was said of one call.</summary>
    private sealed record Heard(string Id, RiskBand Band, double Frustration, double Pressure, bool Requested, bool MustProcess, bool Warned, bool Alerted, HashSet<string> Told)
    {
        public static Heard Of(string id, ScoredTranscript scored)
        {
            Recommendation[] raised = [.. scored.Updates.SelectMany(update => update.Recommendations)];
            ScoreUpdate[] risks = [.. scored.Updates.Where(update => update.Risk is not null)];
            return new Heard(
                id,
                scored.Updates.Max(update => update.Band),
                risks.Max(update => update.Risk.Frustration),
                risks.Max(update => update.Risk.RetentionPressure),
                scored.Updates.Any(update => update.CancelStage is CancelStage.Requested or CancelStage.Repeated or CancelStage.Acknowledged or CancelStage.Confirmed),
                raised.Any(prompt => prompt.Action == RecommendedAction.ProcessCancellation),
                raised.Any(prompt => prompt.Audience == Audience.Agent && prompt.Severity >= Severity.Warning),
                raised.Any(prompt => prompt.Audience == Audience.Supervisor),
                [.. scored.Updates.SelectMany(update => update.Signals).Where(signal => signal.Probability >= EvidenceLine.Told).Select(signal => signal.Name)]);
        }
    }
}
