using System.Text.Json;
using RetentionScore.Cli.Calls;
using RetentionScore.Core.Risk;
using RetentionScore.Core.Signals;
using RetentionScore.Server.Scoring;
using RetentionScore.V1;

namespace RetentionScore.Cli.Calibrating;

/// <summary>
/// Calls written for the purpose with what readers answered (tests/calls): written-*.jsonl, answers-x.jsonl, answers-y.jsonl and, where the two differ,
/// answers-z.jsonl. A question that nobody settled is left out.
/// </summary>
internal static class WrittenCalls
{
    private static readonly int[] Marks = [25, 50, 75, 100];

    /// <summary>Every score at every mark that has an answer.</summary>
    /// <exception cref="IOException">A file is missing or cannot be read.</exception>
    public static IEnumerable<LabelledScore> Read(string folder, SignalReader reader)
    {
        Dictionary<string, JsonElement> x = Answers(folder, "answers-x.jsonl"), y = Answers(folder, "answers-y.jsonl"), z = Answers(folder, "answers-z.jsonl");
        var scorer = new TranscriptScorer(reader);
        foreach (string path in Directory.GetFiles(folder, "written-*.jsonl").Order(StringComparer.Ordinal))
        {
            string writer = Path.GetFileNameWithoutExtension(path)["written-".Length..];
            foreach (CallLine line in CallFile.Read(path))
            {
                if (line.Call is not { } call || !x.ContainsKey(call.Id) || !y.ContainsKey(call.Id)) continue;
                JsonElement? third = z.TryGetValue(call.Id, out JsonElement settled) ? settled : null;
                var answers = new Settled(x[call.Id], y[call.Id], third);
                foreach (LabelledScore one in Scores(call, writer, answers, scorer)) yield return one;
            }
        }
    }

    private static IEnumerable<LabelledScore> Scores(RecordedCall call, string writer, Settled answers, TranscriptScorer scorer)
    {
        IReadOnlyList<ScoreUpdate> updates = scorer.Score(call.Start(call.Id, explain: false), call.MessagesToTheEnd()).Updates;
        for (int i = 0; i < Marks.Length; i++)
        {
            int at = (int)Math.Round(call.Messages.Length * Marks[i] / 100.0, MidpointRounding.ToEven);
            V1.RiskScores risk = updates[Math.Max(at, 1) - 1].Risk;
            foreach (var (score, told, outcome) in new (Score, float, bool?)[]
            {
                (Score.Overall, risk.Overall, answers.BadEnding),
                (Score.CancelIntent, risk.CancelIntent, answers.At("leave", i)),
                (Score.Frustration, risk.Frustration, answers.At("dissatisfied", i)),
                // The grade is of the whole call: before its end it is not known.
                (Score.RetentionPressure, risk.RetentionPressure, Marks[i] == 100 ? answers.Conduct >= 2 : null),
                (Score.Escalation, risk.Escalation, Marks[i] < 100 ? answers.At("escalates", i) : null),
                (Score.Exposure, risk.Exposure, answers.Of("goes_outside")),
                (Score.SaveLikelihood, risk.SaveLikelihood, Marks[i] < 100 ? answers.At("offer_welcome", i) : null),
            })
            {
                if (outcome is { } came) yield return new LabelledScore(score, call.Id, writer, Marks[i], LogOddsOf(told), came);
            }
        }
    }

    /// <summary>A probability as it is told, as log-odds.</summary>
    public static double LogOddsOf(float told) => Math.Log(Math.Clamp(told, 1e-6, 1 - 1e-6) / (1 - Math.Clamp(told, 1e-6, 1 - 1e-6)));

    private static Dictionary<string, JsonElement> Answers(string folder, string file)
    {
        string path = Path.Combine(folder, file);
        if (file == "answers-z.jsonl" && !File.Exists(path)) return [];
        return File.ReadLines(path).Select(line => JsonDocument.Parse(line).RootElement)
            .ToDictionary(answer => answer.GetProperty("id").GetString()!, StringComparer.Ordinal);
    }

    /// <summary>What two readers agree on, or a third decided.</summary>
    private sealed class Settled(JsonElement x, JsonElement y, JsonElement? z)
    {
        private static readonly string[] BadEndings = ["not_done", "had_to_fight", "left_angry", "goes_outside", "hard_on_agent"];

        /// <summary>Whether one of the five questions was answered with yes; null while a no among them is not settled.</summary>
        public bool? BadEnding
        {
            get
            {
                bool?[] all = [.. BadEndings.Select(Of)];
                return all.Contains(true) ? true : all.Contains(null) ? null : false;
            }
        }

        public int? Conduct => x.GetProperty("conduct").GetInt32() is var grade && grade == y.GetProperty("conduct").GetInt32() ? grade : Third("conduct")?.GetInt32();

        public bool? Of(string question) =>
            x.GetProperty(question).GetBoolean() is var answer && answer == y.GetProperty(question).GetBoolean() ? answer : Third(question)?.GetBoolean();

        public bool? At(string question, int mark) =>
            x.GetProperty(question)[mark].GetBoolean() is var answer && answer == y.GetProperty(question)[mark].GetBoolean()
                ? answer
                : Third($"{question}@{Marks[mark]}")?.GetBoolean();

        private JsonElement? Third(string question) => z is { } third && third.GetProperty("answers").TryGetProperty(question, out JsonElement answer) ? answer : null;
    }
}
