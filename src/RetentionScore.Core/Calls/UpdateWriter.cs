using RetentionScore.Core.Dialogue;
using RetentionScore.Core.Policy;
using RetentionScore.Core.Risk;
using RetentionScore.Core.Signals;

namespace RetentionScore.Core.Calls;

/// <summary>Writes scores, evidence, signals and prompts of one message into the scratch's update.</summary>
internal static class UpdateWriter
{
    private static readonly Signal[] SignalOfFeature = [.. Enumerable.Range(0, Features.Count)
        .Select(f => SignalCatalogue.TryParse(Features.Name((Feature)f), out Signal signal) ? signal : Signal.None)];

    private static readonly Signal[] ByName = [.. Enumerable.Range(1, SignalCatalogue.Count - 1).Select(i => (Signal)i)
        .Where(s => !SignalCatalogue.IsMark(s)).OrderBy(SignalCatalogue.Name, StringComparer.Ordinal)];

    private static readonly string[] ScoreNames =
        ["overall", "cancel_intent", "frustration", "retention_pressure", "escalation", "exposure", "save_likelihood"];

    /// <summary>The contract's name of a score.</summary>
    public static string Name(Score score) => ScoreNames[(int)score];

    public static void Clear(ScoreUpdate update)
    {
        update.RecommendationList.Clear();
        update.EvidenceList.Clear();
        update.SignalList.Clear();
        update.Degraded = Degradations.None;
        update.RescoredFromSeq = 0;
        update.HeldBack = 0;
        update.HeldBackActions = update.ExpiredActions = default;
        update.Seq = 0;
        update.Interim = false;
    }

    /// <summary>All scores of a state.</summary>
    public static RiskScores Score(in DialogueState state, in PriorFeatures prior, RetentionPolicy policy, double doubt, double[] row)
    {
        FeatureRow.Fill(state, prior, row);
        double overall = LogOdds(Risk.Score.Overall, row, policy);
        // Nine numbers, and what makes whole fours of them.
        Span<double> p = stackalloc double[12];
        (p[0], p[1], p[2]) = (overall, overall - doubt, overall + doubt);
        p[3] = LogOdds(Risk.Score.CancelIntent, row, policy);
        p[4] = LogOdds(Risk.Score.Frustration, row, policy);
        p[5] = LogOdds(Risk.Score.RetentionPressure, row, policy);
        p[6] = LogOdds(Risk.Score.Escalation, row, policy);
        p[7] = LogOdds(Risk.Score.Exposure, row, policy);
        p[8] = LogOdds(Risk.Score.SaveLikelihood, row, policy);
        p[9..].Clear();
        Logistic.OfEach(p);
        return new RiskScores
        {
            Overall = (float)p[0],
            OverallLow = (float)p[1],
            OverallHigh = (float)p[2],
            CancelIntent = (float)p[3],
            Frustration = (float)p[4],
            RetentionPressure = (float)p[5],
            Escalation = (float)p[6],
            Exposure = (float)p[7],
            SaveLikelihood = (float)p[8],
        };
    }

    public static double LogOdds(Score score, double[] row, RetentionPolicy policy) =>
        RiskModel.LogOdds(RiskModel.All[(int)score], row, policy.Calibration[score], score == Risk.Score.Overall ? policy.PriorShift : 0);

    /// <summary>Every item of a score; they add up to its log-odds.</summary>
    public static void WriteEvidence(ScoreUpdate update, Score score, in DialogueState state, RetentionPolicy policy, double[] row, SignalReading? reading)
    {
        ScoreModel model = RiskModel.All[(int)score];
        double shift = score == Risk.Score.Overall ? policy.PriorShift : 0;
        Platt calibration = policy.Calibration[score];
        double bias = calibration.Scale * model.Bias + calibration.Offset + shift;
        update.EvidenceList.Add(new Evidence(score, Features.Name(Feature.Prior), 0, 0, 0, (float)bias, Features.Note(Feature.Prior, 0)));
        foreach (ref readonly var term in model.Terms.AsSpan())
        {
            double value = row[(int)term.Feature];
            double contribution = calibration.Scale * RiskModel.Contribution(term, value);
            if (contribution == 0) continue;
            uint seq = state.Seqs[(int)term.Feature];
            (int begin, int end) = reading is not null && seq == state.LastSeq ? reading.Span(SignalOfFeature[(int)term.Feature]) : (0, 0);
            update.EvidenceList.Add(new Evidence(score, Features.Name(term.Feature), seq, begin, end, (float)contribution, Features.Note(term.Feature, value)));
        }
    }

    /// <summary>What the words were read to say, as probable as it is: more than the dialogue keeps of them.</summary>
    public static void WriteSignals(ScoreUpdate update, SignalReading reading, double trust)
    {
        foreach (Signal signal in ByName)
        {
            double p = reading[signal] * trust;
            if (p >= 0.01) update.SignalList.Add(new SignalProbability(signal, (float)p));
        }
    }

    public static void WriteProgress(ScoreUpdate update, in DialogueState s, int saveLimit)
    {
        update.Stage = s.Stage;
        update.Progress = ProgressOf(s, saveLimit);
    }

    public static CancelProgress ProgressOf(in DialogueState s, int saveLimit) => new()
    {
        Requests = s.Requests,
        Repeats = s.Repeats,
        FirstRequestMs = s.FirstRequestMs,
        AcknowledgedMs = s.Stage == CancelStage.Confirmed || Advisor.IsInDeed(s) ? s.AcknowledgedMs : -1,
        ConfirmedMs = s.ConfirmedMs,
        UnacknowledgedMs = s.UnacknowledgedMs,
        ReasonAsked = s.ReasonAsked,
        ReasonAskedAfterDeclined = s.ReasonAskedAfterDeclined,
        ReasonAskedAfterAnswered = s.ReasonAskedAfterAnswered,
        SaveAttempts = s.SaveAttempts,
        SaveAttemptsLeft = s.SaveAttemptsLeft(saveLimit),
        AcknowledgedInWordsOnly = s.WordsOnly,
    };

    /// <summary>All prompts of the ledger's page, the most urgent first. True where one is new.</summary>
    public static bool WritePrompts(ScoreUpdate update, in PromptLedger ledger)
    {
        bool anyNew = false;
        for (int i = 0; i < ledger.ActiveCount; i++)
        {
            ref readonly Prompt prompt = ref ledger.Active[i];
            anyNew |= prompt.State == RecommendationState.New;
            var told = new Recommendation
            {
                Id = prompt.Id,
                Audience = prompt.Audience,
                Severity = prompt.Severity,
                Reason = Reasons.Name(prompt.Reason),
                Say = RetentionPolicy.Say(prompt.Reason),
                Evidence0 = prompt.Evidence0,
                Evidence1 = prompt.Evidence1,
                Evidence2 = prompt.Evidence2,
                RaisedAtMs = prompt.RaisedMs,
                ExpiresAtMs = prompt.ExpiresMs,
                State = prompt.State,
            };
            int at = 0;
            while (at < i && UrgencyAt(ledger, update, at) <= Order(prompt)) at++;
            update.RecommendationList.Insert(at, told);
        }

        return anyNew;
    }

    private static int Order(in Prompt prompt) => (prompt.InForce ? 0 : 1000) + prompt.Urgency;

    private static int UrgencyAt(in PromptLedger ledger, ScoreUpdate update, int at)
    {
        PromptId id = update.RecommendationList[at].Id;
        for (int i = 0; i < ledger.ActiveCount; i++)
        {
            if (ledger.Active[i].Id == id) return Order(ledger.Active[i]);
        }

        return int.MaxValue;
    }
}
