using System.Diagnostics.Metrics;
using RetentionScore.Core.Calls;
using RetentionScore.Core.Dialogue;
using RetentionScore.Core.Policy;
using RetentionScore.Core.Risk;
using RetentionScore.Core.Signals;
using RetentionScore.Server.Calls;
using RetentionScore.Server.Scoring;
using RetentionScore.Server.Scoring.Wire;
using Catalogue = RetentionScore.Server.Metrics.MetricCatalogue;

namespace RetentionScore.Server.Metrics;

/// <summary>Where an utterance spends its time.</summary>
internal enum UtteranceStage
{
    /// <summary>From its arrival to the start of its scoring.</summary>
    Queue,
    /// <summary>Its scoring.</summary>
    Score,
}

/// <summary>What becomes of a recommendation.</summary>
internal enum PromptFate
{
    Raised,
    Fulfilled,
    Withdrawn,
    /// <summary>Its time ran out.</summary>
    Expired,
    /// <summary>Never raised: the attention budget was spent.</summary>
    HeldBack,
}

/// <summary>
/// Records what <see cref="MetricCatalogue"/> lists. What happens for every message is an addition to an array or an observation of a histogram; neither
/// allocates. Safe for any thread.
/// </summary>
internal sealed class ServerMetrics
{
    internal const string MeterName = "retentionscore";

    private static readonly KeyValuePair<string, object?>[] Stages = Tags(Catalogue.Stage), Kinds = Tags(Catalogue.Hypothesis), Speakers = Tags(Catalogue.Speaker),
        Scores = Tags(Catalogue.Score);

    private readonly LoadedVersions policies = new(), models = new();
    private readonly Histogram<double> utteranceSeconds, answerSeconds, staleness, asrConfidence, acknowledged, confirmed, callScore, journalCommit;
    private readonly LabelledCounts utterances, interims, interimsSuperseded, shed, corrections, duplicates, gaps, degraded;
    private readonly LabelledCounts opens, replayed, ended, streams, refusals, readingPaused;
    private readonly LabelledCounts cancelRequests, cancelSettled, saveLimitExceeded, recommendations, signals;
    private readonly LabelledCounts journalBytes, journalFailures, journalGaps, journalFenced, journalDamaged;

    public ServerMetrics(IMeterFactory factory)
    {
        Meter = factory.Create(MeterName);
        utteranceSeconds = Histogram(Catalogue.UtteranceSeconds);
        answerSeconds = Histogram(Catalogue.AnswerSeconds);
        staleness = Histogram(Catalogue.StalenessSeconds);
        asrConfidence = Histogram(Catalogue.AsrConfidence);
        acknowledged = Histogram(Catalogue.AcknowledgedSeconds);
        confirmed = Histogram(Catalogue.ConfirmedSeconds);
        callScore = Histogram(Catalogue.CallScore);
        journalCommit = Histogram(Catalogue.JournalCommitSeconds);
        utterances = Counts(Catalogue.Utterances);
        interims = Counts(Catalogue.Interims);
        interimsSuperseded = Counts(Catalogue.InterimsSuperseded);
        shed = Counts(Catalogue.Shed);
        corrections = Counts(Catalogue.Corrections);
        duplicates = Counts(Catalogue.Duplicates);
        gaps = Counts(Catalogue.Gaps);
        degraded = Counts(Catalogue.Degraded);
        Board = Counts(Catalogue.LiveCallsByRisk);
        opens = Counts(Catalogue.Opens);
        replayed = Counts(Catalogue.Replayed);
        ended = Counts(Catalogue.Ended);
        streams = Counts(Catalogue.Streams);
        refusals = Counts(Catalogue.Refusals);
        readingPaused = Counts(Catalogue.ReadingPaused);
        cancelRequests = Counts(Catalogue.CancelRequests);
        cancelSettled = Counts(Catalogue.CancelSettled);
        saveLimitExceeded = Counts(Catalogue.SaveLimitExceeded);
        recommendations = Counts(Catalogue.Recommendations);
        signals = new LabelledCounts(Meter, Catalogue.Signals, policies, models);
        journalBytes = Counts(Catalogue.JournalBytes);
        journalFailures = Counts(Catalogue.JournalFailures);
        journalGaps = Counts(Catalogue.JournalGaps);
        journalFenced = Counts(Catalogue.JournalFenced);
        journalDamaged = Counts(Catalogue.JournalDamaged);
    }

    internal Meter Meter { get; }

    /// <summary>Live calls by band and stage; <see cref="BoardCell"/> says where.</summary>
    internal LabelledCounts Board { get; }

    /// <summary>The place of a call on the board.</summary>
    internal static int BoardCell(V1.RiskBand band, CancelStage stage) =>
        Clamp((int)band, Catalogue.Band) * Catalogue.CancelStage.Count + Clamp((int)stage - 1, Catalogue.CancelStage);

    /// <summary>The place of a version of a policy among the values of its label.</summary>
    internal int PolicyPlace(string version) => policies.PlaceOf(version);

    /// <summary>The place of a model among the values of its label.</summary>
    internal int ModelPlace(string version) => models.PlaceOf(version);

    // What is asked for when it is looked at.

    /// <summary>Adds what others know.</summary>
    internal void Observe(Func<int> liveCalls, Func<int> openStreams, Func<int> shedLevel, Func<bool> isDraining)
    {
        Gauge(Catalogue.LiveCalls, liveCalls);
        Gauge(Catalogue.OpenStreams, openStreams);
        Gauge(Catalogue.ShedLevel, shedLevel);
        Gauge(Catalogue.Draining, () => isDraining() ? 1 : 0);
        ProcessMetrics.Observe(Meter);
    }

    /// <summary>Adds the policies that calls can ask for.</summary>
    internal void ObservePolicies(Func<IEnumerable<RetentionPolicy>> loaded)
    {
        MetricLabel[] labels = Catalogue.PolicyInfo.Labels;
        foreach (RetentionPolicy policy in loaded()) PolicyPlace(policy.Version);
        Meter.CreateObservableGauge(
            Catalogue.PolicyInfo.Name,
            () => loaded().Select(policy => new Measurement<int>(1, new(labels[0].Name, policy.Name), new KeyValuePair<string, object?>(labels[1].Name, policy.Version))),
            description: Catalogue.PolicyInfo.Help);
    }

    /// <summary>Adds the model that calls are opened with.</summary>
    internal void ObserveModel(Func<string> loaded, Func<bool> isRefused)
    {
        MetricLabel[] labels = Catalogue.BuildInfo.Labels;
        ModelPlace(loaded());
        Meter.CreateObservableGauge(
            Catalogue.BuildInfo.Name,
            () => Told(labels, loaded()),
            description: Catalogue.BuildInfo.Help);
        Gauge(Catalogue.ModelRefused, () => isRefused() ? 1 : 0);
    }

    /// <summary>1 for the model that is loaded, 0 for those before it: what was told once would stand for ever.</summary>
    private List<Measurement<int>> Told(MetricLabel[] labels, string loaded)
    {
        int now = ModelPlace(loaded);
        var told = new List<Measurement<int>>();
        for (int place = 0; place < labels[1].Count && models.Name(place) is { } name; place++)
            told.Add(new Measurement<int>(place == now ? 1 : 0, new(labels[0].Name, labels[0].Values[0]), new KeyValuePair<string, object?>(labels[1].Name, name)));
        return told;
    }

    /// <summary>With TLS: when the certificate in use ends, so that somebody is told before.</summary>
    internal void ObserveCertificate(Func<double> notAfter) => Gauge(Catalogue.CertificateNotAfter, notAfter);

    /// <summary>Adds what the journal's writer knows.</summary>
    internal void ObserveJournal(Func<bool> isFailing, Func<TimeSpan> lag, Func<long> pendingBytes, long queueBytes)
    {
        Gauge(Catalogue.JournalFailing, () => isFailing() ? 1 : 0);
        Gauge(Catalogue.JournalLag, () => lag().TotalSeconds);
        Gauge(Catalogue.JournalPending, pendingBytes);
        Gauge(Catalogue.JournalQueue, () => queueBytes);
    }

    // The journal

    internal void JournalCommitted(long bytes, TimeSpan took)
    {
        journalCommit.Record(took.TotalSeconds);
        journalBytes.Add(by: bytes);
    }

    internal void JournalFailed() => journalFailures.Add();

    internal void JournalDropped() => journalGaps.Add();

    internal void JournalFenced() => journalFenced.Add();

    internal void JournalDamaged() => journalDamaged.Add();

    internal void Replayed(long messages) => replayed.Add(by: messages);

    // Streams

    internal void InterimSuperseded() => interimsSuperseded.Add();

    internal void InterimShed() => shed.Add();

    internal void ReadingPaused() => readingPaused.Add();

    internal void Opened(OpeningKind how) => opens.Add((int)how);

    /// <summary>A stream ended by its client (null), or by us.</summary>
    /// <param name="refusal">By us: why.</param>
    /// <param name="callHasEnded">Its call had ended before; else it lives on without it.</param>
    /// <param name="clientLeft">Without a word, or with a cancel.</param>
    internal void StreamEnded(Refusal? refusal, bool callHasEnded, bool clientLeft)
    {
        if (refusal is null)
        {
            streams.Add(callHasEnded ? 0 : clientLeft ? 2 : 1);
            return;
        }

        streams.Add(3 + (int)refusal.Reason);
        Refused(refusal);
    }

    internal void Refused(Refusal refusal)
    {
        refusals.Add((int)refusal.Reason);
        if (refusal.Reason == RefusalReason.SequenceGap) gaps.Add();
    }

    /// <summary>Updates were flushed whose messages came together.</summary>
    internal void AnswersFlushed(TimeSpan took, int answers)
    {
        double seconds = took.TotalSeconds;
        for (; answers > 0; answers--) answerSeconds.Record(seconds);
    }

    // Calls

    /// <summary>A message of a call's order, or an interim, was answered.</summary>
    /// <param name="frame">The message.</param>
    /// <param name="answer">What it came to.</param>
    /// <param name="record">What it brought to its call, if it was counted.</param>
    /// <param name="receipt">How long it took.</param>
    /// <param name="watch">Of the call.</param>
    internal void Answered(CallFrame frame, in Answer answer, in SignalRecord record, in Receipt receipt, ref CallWatch watch)
    {
        if (answer.Kind == AnswerKind.Duplicate) duplicates.Add();
        if (answer.Update is not { } update || answer.Kind == AnswerKind.Duplicate) return;
        if (frame.Member == FrameMember.Utterance) Heard(frame, answer.Kind, record, receipt, watch);
        if (!update.Degraded.IsEmpty) Count(update.Degraded);
        if (answer.Kind == AnswerKind.Interim) return;
        watch.Saw(this, update.Score);
        Count(update.Score);
    }

    /// <summary>A call has ended here, said by its client or by the clock.</summary>
    internal void CallEnded(V1.CallSummary summary, ref CallWatch watch)
    {
        ended.Add(Clamp((int)summary.Disposition, Catalogue.Disposition));
        watch.Ended(this, summary);
        if (summary.Peak is not { } peak) return;
        KeyValuePair<string, object?> policy = new(Catalogue.Policy.Name, policies.Name(watch.Policy)), model = new(Catalogue.Model.Name, models.Name(watch.Model));
        callScore.Record(peak.Overall, Scores[(int)Score.Overall], policy, model);
        callScore.Record(peak.CancelIntent, Scores[(int)Score.CancelIntent], policy, model);
        callScore.Record(peak.Frustration, Scores[(int)Score.Frustration], policy, model);
        callScore.Record(peak.RetentionPressure, Scores[(int)Score.RetentionPressure], policy, model);
        callScore.Record(peak.Escalation, Scores[(int)Score.Escalation], policy, model);
        callScore.Record(peak.Exposure, Scores[(int)Score.Exposure], policy, model);
        callScore.Record(peak.SaveLikelihood, Scores[(int)Score.SaveLikelihood], policy, model);
    }

    // The right to leave; CallWatch says when.

    internal void CancelRequested() => cancelRequests.Add();

    internal void CancelAcknowledged(int afterMs) => acknowledged.Record(afterMs / 1000.0);

    internal void CancelConfirmed(int afterMs) => confirmed.Record(afterMs / 1000.0);

    internal void CancelSettled(CancelOutcome outcome) => cancelSettled.Add((int)outcome);

    internal void SaveLimitExceeded(int attempts) => saveLimitExceeded.Add(by: attempts);

    private void Heard(CallFrame frame, AnswerKind answer, in SignalRecord record, in Receipt receipt, in CallWatch watch)
    {
        bool isInterim = answer == AnswerKind.Interim;
        KeyValuePair<string, object?> kind = Kinds[isInterim ? 1 : 0];
        utteranceSeconds.Record(receipt.Queued.TotalSeconds, Stages[(int)UtteranceStage.Queue], kind);
        utteranceSeconds.Record(receipt.Scored.TotalSeconds, Stages[(int)UtteranceStage.Score], kind);
        if (receipt.StalenessMs is { } stale) staleness.Record(stale / 1000.0, kind);
        if (isInterim)
        {
            interims.Add();
            return;
        }

        int speaker = Clamp((int)frame.Speaker, Catalogue.Speaker);
        utterances.Add(speaker);
        if (frame.AsrConfidence is >= 0 and <= 1) asrConfidence.Record(frame.AsrConfidence.Value, Speakers[speaker]);
        if (answer == AnswerKind.Correction) corrections.Add();
        if (record.Kind is RecordKind.Utterance or RecordKind.Correction) Count(record.Entry, watch);
    }

    private void Count(in LogEntry entry, in CallWatch watch)
    {
        for (int i = 0; i < LogEntry.MostSignals; i++)
        {
            var (signal, sure) = entry.KeptAt(i);
            if (signal == Signal.None) break;
            if (sure && !SignalCatalogue.IsMark(signal)) signals.Add(watch.Policy, ((int)signal - 1) * Catalogue.Model.Count + watch.Model);
        }
    }

    private void Count(DegradationSet flags)
    {
        if (flags.Has(V1.Degradation.Shed)) shed.Add(1);
        foreach (V1.Degradation flag in flags) degraded.Add((int)flag - 1);
    }

    private void Count(ScoreUpdate score)
    {
        for (int i = 0; i < score.Recommendations.Count; i++)
        {
            Recommendation recommendation = score.Recommendations[i]; // their enumerator would be allocated
            PromptFate? fate = recommendation.State switch
            {
                RecommendationState.New => PromptFate.Raised,
                RecommendationState.Fulfilled => PromptFate.Fulfilled,
                RecommendationState.Withdrawn => PromptFate.Withdrawn,
                _ => null,
            };
            if (fate is { } known) recommendations.Add((int)recommendation.Action - 1, (int)known);
        }

        Count(score.ExpiredActions, PromptFate.Expired);
        Count(score.HeldBackActions, PromptFate.HeldBack);
    }

    private void Count(ActionSet actions, PromptFate fate)
    {
        if (actions.IsEmpty) return;
        for (int action = 1; action <= Catalogue.Action.Count; action++)
        {
            if (actions.Has((RecommendedAction)action)) recommendations.Add(action - 1, (int)fate);
        }
    }

    private LabelledCounts Counts(MetricDefinition definition) => new(Meter, definition);

    private Histogram<double> Histogram(MetricDefinition definition) => Meter.CreateHistogram(
        definition.Name, definition.Unit, definition.Help, tags: null, new InstrumentAdvice<double> { HistogramBucketBoundaries = definition.Buckets });

    private void Gauge<T>(MetricDefinition definition, Func<T> value)
        where T : struct => Meter.CreateObservableGauge(definition.Name, value, definition.Unit, definition.Help);

    private static KeyValuePair<string, object?>[] Tags(MetricLabel label) =>
        [.. label.Values.Select(value => new KeyValuePair<string, object?>(label.Name, value))];

    private static int Clamp(int value, MetricLabel label) => (uint)value < (uint)label.Count ? value : 0;
}
