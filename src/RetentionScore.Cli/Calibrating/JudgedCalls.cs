using System.Text.Json;
using RetentionScore.Cli.Calls;
using RetentionScore.Core.Risk;
using RetentionScore.Core.Signals;
using RetentionScore.Server.Scoring;
using RetentionScore.V1;

namespace RetentionScore.Cli.Calibrating;

/// <summary>
/// Calls that readers judged (tests/calls), scored: those written for the purpose (written-*.jsonl, answers-x.jsonl, answers-y.jsonl and, where the two differ,
/// answers-z.jsonl) and real ones, of which only the answers are ours (real-answers-x.jsonl, real-answers-y.jsonl). A question that nobody settled is left out.
/// </summary>
internal static class JudgedCalls
{
    private static readonly int[] Marks = [25, 50, 75, 100];

    /// <summary>Of real calls, what readers agree on (Krippendorff's alpha of 0.6 or more) and what is said often enough to be measured.</summary>
    private static readonly Score[] MeasuredOnReal = [Score.CancelIntent, Score.Frustration];

    /// <summary>Every score of the written calls at every mark that has an answer.</summary>
    /// <exception cref="IOException">A file is missing or cannot be read.</exception>
    public static IEnumerable<LabelledScore> Written(string folder, SignalReader reader)
    {
        var answers = new Answers(folder, "answers");
        var scorer = new TranscriptScorer(reader);
        foreach (string path in Directory.GetFiles(folder, "written-*.jsonl").Order(StringComparer.Ordinal))
        {
            string writer = Path.GetFileNameWithoutExtension(path)["written-".Length..];
            foreach (CallLine line in CallFile.Read(path))
            {
                if (line.Call is not { } call || answers.To(call.Id) is not { } settled) continue;
                foreach (LabelledScore one in Scores(call, writer, settled, scorer)) yield return one;
            }
        }
    }

    /// <summary>The scores of the real calls that can be measured.</summary>
    /// <param name="folder">The answers.</param>
    /// <param name="data">The folder of third-party sets, with the calls.</param>
    /// <param name="reader">Reads what is said.</param>
    /// <exception cref="IOException">A file is missing or cannot be read.</exception>
    public static IEnumerable<LabelledScore> Real(string folder, string data, SignalReader reader)
    {
        var answers = new Answers(folder, "real-answers");
        var scorer = new TranscriptScorer(reader);
        foreach (string part in new[] { "train", "dev" })
        {
            foreach (CallLine line in CallFile.Read(Path.Combine(data, "bt_oasis", part + ".jsonl")))
            {
                if (line.Call is not { } call || answers.To(call.Id) is not { } settled) continue;
                foreach (LabelledScore one in Scores(call, "", settled, scorer).Where(one => MeasuredOnReal.Contains(one.Score))) yield return one;
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

    /// <summary>The files of two readers and, if there is one, of a third.</summary>
    private sealed class Answers(string folder, string name)
    {
        private readonly Dictionary<string, JsonElement> x = Read(folder, $"{name}-x.jsonl"), y = Read(folder, $"{name}-y.jsonl");
        private readonly Dictionary<string, JsonElement> z = File.Exists(Path.Combine(folder, $"{name}-z.jsonl")) ? Read(folder, $"{name}-z.jsonl") : [];

        /// <summary>What was answered of a call; null when one of the two did not read it.</summary>
        public Settled? To(string call) => x.TryGetValue(call, out JsonElement one) && y.TryGetValue(call, out JsonElement other)
            ? new Settled(one, other, z.TryGetValue(call, out JsonElement third) ? third : null)
            : null;

        private static Dictionary<string, JsonElement> Read(string folder, string file) => File.ReadLines(Path.Combine(folder, file))
            .Select(line => JsonDocument.Parse(line).RootElement).ToDictionary(answer => answer.GetProperty("id").GetString()!, StringComparer.Ordinal);
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

        /// <summary>0 to 3; null where a reader found nothing to grade.</summary>
        public int? Conduct => Grade(x) is { } grade && grade == Grade(y) ? grade : Third("conduct")?.GetInt32();

        public bool? Of(string question) =>
            x.GetProperty(question).GetBoolean() is var answer && answer == y.GetProperty(question).GetBoolean() ? answer : Third(question)?.GetBoolean();

        public bool? At(string question, int mark) =>
            x.GetProperty(question)[mark].GetBoolean() is var answer && answer == y.GetProperty(question)[mark].GetBoolean()
                ? answer
                : Third($"{question}@{Marks[mark]}")?.GetBoolean();

        private static int? Grade(JsonElement answer) => answer.GetProperty("conduct") is { ValueKind: JsonValueKind.Number } grade ? grade.GetInt32() : null;

        private JsonElement? Third(string question) => z is { } third && third.GetProperty("answers").TryGetProperty(question, out JsonElement answer) ? answer : null;
    }
}
