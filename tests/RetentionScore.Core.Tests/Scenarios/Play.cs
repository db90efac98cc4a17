using System.Globalization;
using System.Text;
using RetentionScore.Core.Calls;
using RetentionScore.Core.Dialogue;
using RetentionScore.Core.Policy;
using RetentionScore.Core.Risk;
using RetentionScore.Core.Signals;

namespace RetentionScore.Core.Tests.Scenarios;

/// <summary>Plays a scenario through a session, compares it with what is expected, and writes what was scored.</summary>
public sealed class Play
{
    private readonly ScenarioFile _file;
    private readonly List<string> _broken = [];
    private readonly StringBuilder _golden = new();
    private readonly HashSet<int> _metDeadlines = [];
    private readonly List<int> _hintsAtMs = [];

    private Play(ScenarioFile file) => _file = file;

    /// <summary>What did not hold, one line each.</summary>
    public IReadOnlyList<string> Broken => _broken;

    /// <summary>"Score term" of all evidence told.</summary>
    public HashSet<string> MovedTerms { get; } = [];

    /// <summary>Reasons of all prompts raised.</summary>
    public HashSet<string> RaisedReasons { get; } = [];

    /// <summary>The most hints (INFO or COACHING) to the agent in any minute of the call.</summary>
    public int MostHintsInAMinute => _hintsAtMs.Select(from => _hintsAtMs.Count(at => at >= from && at < from + 60_000)).DefaultIfEmpty(0).Max();

    /// <summary>Signals over the line.</summary>
    public HashSet<Signal> HeardSignals { get; } = [];

    /// <summary>A line a message: the scores as they were.</summary>
    public string Golden => _golden.ToString();

    public static Play Of(ScenarioFile file)
    {
        var play = new Play(file);
        play.Run();
        return play;
    }

    /// <summary>A session for a scenario, before anyone speaks.</summary>
    public static CallSession Open(ScenarioFile file, bool explain) => new(RetentionPolicy.Default, ContextOf(file.Context) ?? CallContext.Empty, explain: explain);

    /// <summary>The messages of a scenario, to be observed in order, by any session opened for it.</summary>
    public static IEnumerable<(ScenarioFile.Turn Turn, string Who, Func<CallSession, ScoringScratch, ScoreUpdate> Take)> Messages(ScenarioFile file)
    {
        var clock = new EstimatedClock();
        bool estimated = file.Timings == "estimated";
        uint at = 0;
        foreach (var turn in file.Turns)
        {
            uint seq = ++at;
            if (turn.Event is not null)
            {
                int ms = turn.At is null ? clock.NowMs : Times(turn.At).Start;
                clock.Seen(ms);
                var callEvent = new CallEvent { Seq = seq, AtMs = ms, Kind = Parse<CallEventKind>(turn.Event), Context = ContextOf(turn.Context) };
                yield return (turn, turn.Event.ToLowerInvariant(), (session, scratch) => session.Observe(callEvent, scratch));
                continue;
            }

            var (speaker, text) = turn.Said;
            var (start, end) = estimated ? clock.Next(text.Split(' ').Length) : Times(turn.At!);
            byte[] utf8 = Encoding.UTF8.GetBytes(text);
            yield return (turn, speaker.ToString().ToLowerInvariant(), (session, scratch) => session.Observe(new Utterance
            {
                Seq = seq,
                Speaker = speaker,
                Text = utf8,
                StartMs = start,
                EndMs = end,
                TimingsEstimated = estimated,
                AsrConfidence = turn.Confidence,
                CorrectsSeq = turn.Corrects,
            }, scratch));
        }
    }

    private void Run()
    {
        CallSession session = Open(_file, explain: true);
        var scratch = new ScoringScratch();
        uint seq = 0;
        foreach (var (turn, who, take) in Messages(_file))
        {
            seq++;
            ScoreUpdate update = take(session, scratch);
            Write(seq, who, update);
            Compare($"{seq} {who} \"{turn.Customer ?? turn.Agent ?? turn.Supervisor ?? turn.Bot}\"", turn.Expect, update, scratch.Reading);
            CompareAlways($"{seq} {who}", update, session.NowMs);
        }

        var disposition = _file.End?.Disposition is { } d ? Parse<Disposition>(d) : Disposition.Unspecified;
        var summary = session.End(new CallEnd(seq + 1, session.NowMs, disposition), scratch);
        Write(seq + 1, "end", scratch.Update);
        CompareAlways("end", scratch.Update, session.NowMs);
        for (int i = 0; i < _file.By.Count; i++)
        {
            if (!_metDeadlines.Contains(i)) _broken.Add($"by {_file.By[i].At} s: {_file.By[i].Action ?? string.Join(" or ", _file.By[i].Any)} was not in force");
        }

        if (_file.End is { } expected) CompareEnd(expected, summary);
    }

    private void Compare(string where, ScenarioFile.ExpectPart? expect, ScoreUpdate u, SignalReading reading)
    {
        if (expect is null) return;
        if (expect.Stage is { } stage && u.Stage != Parse<CancelStage>(stage)) Break(where, $"stage {stage}", u.Stage);
        foreach (string wanted in expect.New)
        {
            if (!u.Recommendations.Any(r => r.State == RecommendationState.New && Matches(r, wanted))) Break(where, $"new {wanted}", Prompts(u));
        }

        foreach (string wanted in expect.Standing)
        {
            if (!u.Recommendations.Any(r => InForce(r) && Matches(r, wanted))) Break(where, $"standing {wanted}", Prompts(u));
        }

        foreach (string unwanted in expect.Absent.Concat(expect.Gone))
        {
            if (u.Recommendations.Any(r => InForce(r) && Matches(r, unwanted))) Break(where, $"no {unwanted}", Prompts(u));
        }

        foreach (string name in expect.Signals)
        {
            if (Probability(u, name) < 0.5f) Break(where, $"signal {name}", SignalsOf(u));
        }

        foreach (string name in expect.NoSignals)
        {
            // Neither said by a phrase nor by a model that is sure, nor nearly.
            if (reading.Evidence(SignalNamed(name)) >= 0.5f || Probability(u, name) >= 0.75f) Break(where, $"no signal {name}", SignalsOf(u));
        }

        if (expect.Band is { } band && u.Band != Parse<RiskBand>(band)) Break(where, $"band {band}", $"{u.Band} {u.Risk.Overall:0.00}");
        if (expect.BandAtLeast is { } least && u.Band < Parse<RiskBand>(least)) Break(where, $"band at least {least}", $"{u.Band} {u.Risk.Overall:0.00}");
        if (expect.BandAtMost is { } most && u.Band > Parse<RiskBand>(most)) Break(where, $"band at most {most}", $"{u.Band} {u.Risk.Overall:0.00}");
        foreach (var (score, bound) in expect.Risk) CompareRisk(where, score, bound, u);
        foreach (var (name, value) in expect.Progress)
        {
            string actual = ProgressOf(u.Progress, name);
            if (!string.Equals(actual, value, StringComparison.OrdinalIgnoreCase)) Break(where, $"progress {name} {value}", actual);
        }
    }

    private void CompareAlways(string where, ScoreUpdate u, int nowMs)
    {
        for (int i = 0; i < _file.By.Count; i++)
        {
            var by = _file.By[i];
            var actions = by.Action is null ? by.Any : [by.Action];
            if (nowMs <= by.At * 1000 && u.Recommendations.Any(r => InForce(r) && actions.Exists(a => Matches(r, a)))) _metDeadlines.Add(i);
        }

        if (_file.Always is not { } always) return;
        if (always.BandAtMost is { } most && u.Band > Parse<RiskBand>(most)) Break(where, $"always band at most {most}", $"{u.Band} {u.Risk.Overall:0.00}");
        foreach (string never in always.Never)
        {
            if (u.Recommendations.Any(r => InForce(r) && Matches(r, never))) Break(where, $"never {never}", Prompts(u));
        }

        foreach (var (score, bound) in always.Risk)
        {
            if (u.HasRisk) CompareRisk(where, score, bound, u);
        }
    }

    private void CompareEnd(ScenarioFile.EndPart expected, CallSummary summary)
    {
        const string Where = "end";
        if (expected.Stage is { } stage && summary.Stage != Parse<CancelStage>(stage)) Break(Where, $"stage {stage}", summary.Stage);
        if (expected.ReasonCode is { } code && summary.ReasonCode != code) Break(Where, $"reason code {code}", summary.ReasonCode);
        CompareCount("requests", expected.Requests, summary.Progress.Requests);
        CompareCount("reason_asked", expected.ReasonAsked, summary.Progress.ReasonAsked);
        CompareCount("reason_declined", expected.ReasonDeclined, summary.ReasonDeclined);
        CompareCount("reason_asked_after_declined", expected.ReasonAskedAfterDeclined, summary.Progress.ReasonAskedAfterDeclined);
        CompareCount("reason_asked_after_answered", expected.ReasonAskedAfterAnswered, summary.Progress.ReasonAskedAfterAnswered);
        CompareCount("save_attempts", expected.SaveAttempts, summary.Progress.SaveAttempts);
        CompareCount("interruptions", expected.Interruptions, summary.Interruptions);
        foreach (string step in expected.ExitSteps)
        {
            if (!summary.ExitSteps.Any(s => s.Step == step && s.Done)) Break(Where, $"exit step {step}", string.Join(" ", summary.ExitSteps.Where(s => s.Done).Select(s => s.Step)));
        }
    }

    private void CompareCount(string name, int? expected, int actual)
    {
        if (expected is { } n && n != actual) Break("end", $"{name} {n}", actual);
    }

    private void CompareRisk(string where, string score, string bound, ScoreUpdate u)
    {
        double value = Score(u.Risk, score);
        double line = double.Parse(bound.TrimStart('<', '>', '=', ' '), CultureInfo.InvariantCulture);
        bool holds = bound.StartsWith(">=", StringComparison.Ordinal) ? value >= line
            : bound.StartsWith("<=", StringComparison.Ordinal) ? value <= line
            : bound.StartsWith('>') ? value > line
            : bound.StartsWith('<') ? value < line
            : throw new FormatException($"'{bound}' is not a bound");
        if (!holds) Break(where, $"{score} {bound}", value.ToString("0.000", CultureInfo.InvariantCulture));
    }

    private void Break(string where, string wanted, object actual) => _broken.Add($"{where}: wanted {wanted}, got {actual}");

    private void Write(uint seq, string who, ScoreUpdate u)
    {
        MovedTerms.UnionWith(u.Evidence.Select(e => $"{e.Score} {e.Signal}"));
        RaisedReasons.UnionWith(u.Recommendations.Where(r => r.State == RecommendationState.New).Select(r => r.Reason));
        _hintsAtMs.AddRange(u.Recommendations.Where(r => r.State == RecommendationState.New && r.Audience == Audience.Agent && r.Severity <= Severity.Coaching).Select(r => r.RaisedAtMs));
        HeardSignals.UnionWith(u.Signals.Where(s => s.Probability >= 0.5f).Select(s => s.Signal));
        var r = u.Risk;
        _golden.Append(CultureInfo.InvariantCulture,
            $"{seq,3} {who,-10} {u.Stage,-12} {u.Band,-8} o {r.Overall:0.000} [{r.OverallLow:0.000} {r.OverallHigh:0.000}] c {r.CancelIntent:0.000} f {r.Frustration:0.000} p {r.RetentionPressure:0.000} e {r.Escalation:0.000} x {r.Exposure:0.000} s {r.SaveLikelihood:0.000}");
        _golden.Append(CultureInfo.InvariantCulture, $"  {Prompts(u)}").AppendLine();
    }

    private static string Prompts(ScoreUpdate u) =>
        string.Join(" ", u.Recommendations.Select(r => $"{Caps(r.Action)}/{r.Reason}@{r.Severity}:{r.State}"));

    private static string SignalsOf(ScoreUpdate u) => string.Join(" ", u.Signals.Select(s => string.Create(CultureInfo.InvariantCulture, $"{s.Name} {s.Probability:0.00}")));

    private static float Probability(ScoreUpdate u, string name)
    {
        Signal signal = SignalNamed(name);
        return u.Signals.FirstOrDefault(s => s.Signal == signal).Probability;
    }

    private static Signal SignalNamed(string name)
    {
        Assert.True(SignalCatalogue.TryParse(name, out Signal signal), $"unknown signal {name}");
        return signal;
    }

    private static bool InForce(Recommendation r) => r.State is RecommendationState.New or RecommendationState.Standing;

    private static bool Matches(Recommendation r, string pattern)
    {
        string[] severity = pattern.Split('@');
        string[] reason = severity[0].Split('/');
        return Caps(r.Action) == reason[0] && (reason.Length < 2 || r.Reason == reason[1])
            && (severity.Length < 2 || string.Equals(r.Severity.ToString(), severity[1], StringComparison.OrdinalIgnoreCase));
    }

    private static string Caps(RecommendedAction action)
    {
        var text = new StringBuilder();
        foreach (char c in action.ToString())
        {
            if (char.IsUpper(c) && text.Length > 0) text.Append('_');
            text.Append(char.ToUpperInvariant(c));
        }

        return text.ToString();
    }

    private static double Score(RiskScores r, string name) => name switch
    {
        "overall" => r.Overall,
        "overall_low" => r.OverallLow,
        "overall_high" => r.OverallHigh,
        "cancel_intent" => r.CancelIntent,
        "frustration" => r.Frustration,
        "retention_pressure" => r.RetentionPressure,
        "escalation" => r.Escalation,
        "exposure" => r.Exposure,
        "save_likelihood" => r.SaveLikelihood,
        _ => throw new FormatException($"unknown score {name}"),
    };

    private static string ProgressOf(CancelProgress p, string name) => name switch
    {
        "requests" => p.Requests.ToString(CultureInfo.InvariantCulture),
        "repeats" => p.Repeats.ToString(CultureInfo.InvariantCulture),
        "reason_asked" => p.ReasonAsked.ToString(CultureInfo.InvariantCulture),
        "reason_asked_after_declined" => p.ReasonAskedAfterDeclined.ToString(CultureInfo.InvariantCulture),
        "reason_asked_after_answered" => p.ReasonAskedAfterAnswered.ToString(CultureInfo.InvariantCulture),
        "save_attempts" => p.SaveAttempts.ToString(CultureInfo.InvariantCulture),
        "save_attempts_left" => p.SaveAttemptsLeft.ToString(CultureInfo.InvariantCulture),
        "unacknowledged_ms" => p.UnacknowledgedMs.ToString(CultureInfo.InvariantCulture),
        "acknowledged_in_words_only" => p.AcknowledgedInWordsOnly.ToString(),
        _ => throw new FormatException($"unknown progress {name}"),
    };

    private static (int Start, int End) Times(string at)
    {
        string[] parts = at.Split('-');
        int start = Ms(parts[0]);
        return (start, parts.Length > 1 ? Ms(parts[1]) : start);
    }

    private static int Ms(string seconds) => (int)Math.Round(double.Parse(seconds, CultureInfo.InvariantCulture) * 1000);

    private static T Parse<T>(string name)
        where T : struct, Enum => Enum.Parse<T>(name.Replace("_", "", StringComparison.Ordinal), ignoreCase: true);

    private static CallContext? ContextOf(ScenarioFile.ContextPart? c) => c is null ? null : new CallContext
    {
        AgentId = c.AgentId,
        Queue = c.Queue,
        Jurisdiction = c.Jurisdiction,
        CustomerId = c.CustomerId,
        TenureMonths = c.TenureMonths,
        ContactsLast30Days = c.ContactsLast30Days,
        Audience = c.Audience,
    };
}
