using System.Diagnostics.Metrics;
using RetentionScore.Core.Policy;
using RetentionScore.Server.Scoring;
using RetentionScore.Server.Scoring.Wire;

namespace RetentionScore.Server.Metrics;

/// <summary>
/// The catalogue: everything that is measured. A metric's name is "retentionscore_" and the instrument's. Labels take few values, never a call,
/// a client or what was said. Recording allocates nothing. Safe for any thread.
/// </summary>
internal sealed class ServerMetrics
{
    internal const string MeterName = "retentionscore";

    /// <summary>From 25 µs upward: what scoring and its queue take.</summary>
    private static readonly InstrumentAdvice<double> Latency = new()
    {
        HistogramBucketBoundaries = [0.000025, 0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1],
    };

    private readonly Histogram<double> queue, score, answer;
    private readonly Counter<long> streams, utterances, recommendations, refusals, duplicates, gaps, corrections, superseded, heldBack, notEvaluated, shed, paused;
    private readonly Histogram<double> journalCommit;
    private readonly Counter<long> journalBytes, journalFailures, journalDropped, journalFenced, journalDamaged, restored;

    public ServerMetrics(IMeterFactory factory)
    {
        Meter = factory.Create(MeterName);
        queue = Meter.CreateHistogram("utterance_queue_seconds", "s", "From an utterance's arrival to the start of its scoring.", tags: null, Latency);
        score = Meter.CreateHistogram("utterance_score_seconds", "s", "Scoring of an utterance.", tags: null, Latency);
        answer = Meter.CreateHistogram("answer_seconds", "s", "From the arrival of a message to the flush of the update that answers it.", tags: null, Latency);
        streams = Meter.CreateCounter<long>("streams_total", description: "Call streams that ended, by how.");
        utterances = Meter.CreateCounter<long>("utterances_total", description: "Final utterances that were counted, by speaker.");
        recommendations = Meter.CreateCounter<long>("recommendations_total", description: "Recommendations raised, by action.");
        refusals = Meter.CreateCounter<long>("refusals_total", description: "Streams and requests that were refused or ended by the server, by reason.");
        duplicates = Meter.CreateCounter<long>("duplicates_total", description: "Messages that were counted before.");
        gaps = Meter.CreateCounter<long>("sequence_gaps_total", description: "Streams that ended with a gap in their messages.");
        corrections = Meter.CreateCounter<long>("corrections_total", description: "Corrections by the recogniser, those that came too late included.");
        superseded = Meter.CreateCounter<long>("interims_superseded_total", description: "Interims that a newer message took the place of before they were scored.");
        heldBack = Meter.CreateCounter<long>("prompts_held_back_total", description: "Prompts that the attention budget held back.");
        journalCommit = Meter.CreateHistogram("journal_commit_seconds", "s", "Commits of the journal that succeeded.", tags: null, Latency);
        journalBytes = Meter.CreateCounter<long>("journal_bytes_total", description: "Bytes of records that were committed.");
        journalFailures = Meter.CreateCounter<long>("journal_failures_total", description: "Tries of a commit that failed.");
        journalDropped = Meter.CreateCounter<long>("journal_gaps_total", description: "Calls whose records found the journal's queue full.");
        journalFenced = Meter.CreateCounter<long>("journal_fenced_total", description: "Calls that another owner had when they were to be written.");
        journalDamaged = Meter.CreateCounter<long>("journal_damaged_total", description: "Calls whose records were damaged when they were read.");
        restored = Meter.CreateCounter<long>("calls_restored_total", description: "Calls that were restored from the journal.");
        shed = Meter.CreateCounter<long>("shed_total", description: "Answers left out (interim) or not explained (explanation) under load.");
        paused = Meter.CreateCounter<long>("reading_paused_total", description: "Times that a stream was not read on because a limit a second was reached.");
        notEvaluated = Meter.CreateCounter<long>("not_evaluated_total", description: "Messages whose scoring failed.");
    }

    internal Meter Meter { get; }

    /// <summary>Adds what is asked for when it is looked at.</summary>
    internal void Observe(Func<int> liveCalls, Func<int> openStreams, Func<int> shedLevel, Func<bool> isDraining, string version, string model)
    {
        Meter.CreateObservableGauge("live_calls", liveCalls, description: "Calls that have not ended.");
        Meter.CreateObservableGauge("open_streams", openStreams, description: "Call streams that are open.");
        Meter.CreateObservableGauge("shed_level", shedLevel, description: "0: nothing is left out, 1: interims, 2: explanations, too.");
        Meter.CreateObservableGauge("draining", () => isDraining() ? 1 : 0, description: "1 from the lame duck phase on.");
        KeyValuePair<string, object?>[] build = [new("version", version), new("model", model)];
        ProcessMetrics.Observe(Meter);
        Meter.CreateObservableGauge("build_info", () => new Measurement<int>(1, build), description: "1, with the versions that run.");
    }

    /// <summary>With TLS: when the certificate in use ends, so that somebody is told before.</summary>
    internal void ObserveCertificate(Func<double> notAfter) => Meter.CreateObservableGauge(
        "tls_certificate_not_after_seconds", notAfter, unit: "s", description: "When the certificate in use ends, in unix seconds.");

    /// <summary>Every label there can be, at 0: an alert on something that never happened yet must not find nothing. After a listener is there.</summary>
    internal void Prime()
    {
        foreach (Counter<long> plain in (Counter<long>[])[duplicates, gaps, corrections, superseded, heldBack, notEvaluated, paused, journalBytes, journalFailures, journalDropped, journalFenced, journalDamaged, restored])
            plain.Add(0);
        foreach (V1.Speaker speaker in Enum.GetValues<V1.Speaker>()) utterances.Add(0, new KeyValuePair<string, object?>("speaker", NameOf(speaker)));
        foreach (string action in ActionNames.Skip(1)) recommendations.Add(0, new KeyValuePair<string, object?>("action", action));
        foreach (string end in (string[])["ended", "detached", "client_left"]) streams.Add(0, new KeyValuePair<string, object?>("end", end));
        foreach (string what in (string[])["interim", "explanation"]) shed.Add(0, new KeyValuePair<string, object?>("what", what));
        foreach (RefusalReason reason in Enum.GetValues<RefusalReason>())
        {
            streams.Add(0, new KeyValuePair<string, object?>("end", Refusal.NameOf(reason).ToLowerInvariant()));
            refusals.Add(0, new KeyValuePair<string, object?>("reason", Refusal.NameOf(reason)));
        }
    }

    /// <summary>Adds what the journal's writer knows.</summary>
    internal void ObserveJournal(Func<bool> isFailing, Func<long> pendingBytes)
    {
        Meter.CreateObservableGauge("journal_failing", () => isFailing() ? 1 : 0, description: "1 while the journal cannot be written; updates say NOT_DURABLE.");
        Meter.CreateObservableGauge("journal_pending_bytes", pendingBytes, description: "Bytes of records that wait to be written.");
    }

    internal void JournalCommitted(long bytes, TimeSpan took)
    {
        journalCommit.Record(took.TotalSeconds);
        journalBytes.Add(bytes);
    }

    internal void JournalFailed() => journalFailures.Add(1);

    internal void JournalDropped() => journalDropped.Add(1);

    internal void JournalFenced() => journalFenced.Add(1);

    internal void JournalDamaged() => journalDamaged.Add(1);

    internal void CallRestored() => restored.Add(1);

    internal void InterimSuperseded() => superseded.Add(1);

    internal void InterimShed() => shed.Add(1, new KeyValuePair<string, object?>("what", "interim"));

    internal void ReadingPaused() => paused.Add(1);

    /// <summary>A stream ended by its client (null), or by us.</summary>
    /// <param name="refusal">By us: why.</param>
    /// <param name="callHasEnded">Its call had ended before; else it lives on without it.</param>
    /// <param name="clientLeft">Without a word, or with a cancel.</param>
    internal void StreamEnded(Refusal? refusal, bool callHasEnded, bool clientLeft)
    {
        string end = refusal is not null ? refusal.Name.ToLowerInvariant() : callHasEnded ? "ended" : clientLeft ? "client_left" : "detached";
        streams.Add(1, new KeyValuePair<string, object?>("end", end));
        if (refusal is not null) Refused(refusal);
    }

    internal void Refused(Refusal refusal)
    {
        refusals.Add(1, new KeyValuePair<string, object?>("reason", refusal.Name));
        if (refusal.Reason == RefusalReason.SequenceGap) gaps.Add(1);
    }

    /// <summary>Updates were flushed whose messages came together.</summary>
    internal void AnswersFlushed(TimeSpan took, int answers)
    {
        double seconds = took.TotalSeconds;
        for (; answers > 0; answers--) answer.Record(seconds);
    }

    /// <summary>A message of a call's order was answered.</summary>
    internal void Answered(CallFrame frame, in Answer answer, TimeSpan queued, TimeSpan scored, int held)
    {
        if (answer.Kind == AnswerKind.Duplicate)
        {
            duplicates.Add(1);
            return;
        }

        if (frame.Member == FrameMember.Utterance && answer.Kind != AnswerKind.Refused)
        {
            var kind = new KeyValuePair<string, object?>("kind", answer.Kind == AnswerKind.Interim ? "interim" : "final");
            queue.Record(queued.TotalSeconds, kind);
            score.Record(scored.TotalSeconds, kind);
            if (answer.Kind != AnswerKind.Interim) utterances.Add(1, new KeyValuePair<string, object?>("speaker", NameOf(frame.Speaker)));
            if (answer.Kind == AnswerKind.Correction) corrections.Add(1);
        }

        if (held > 0) heldBack.Add(held);
        if (answer.Update is not { } update || answer.Kind == AnswerKind.Interim) return;
        if (update.Degraded.Has(V1.Degradation.NotEvaluated)) notEvaluated.Add(1);
        if (update.Degraded.Has(V1.Degradation.Shed)) shed.Add(1, new KeyValuePair<string, object?>("what", "explanation"));
        for (int i = 0; i < update.Score.Recommendations.Count; i++)
        {
            Recommendation recommendation = update.Score.Recommendations[i]; // their enumerator would be allocated
            if (recommendation.State == RecommendationState.New)
                recommendations.Add(1, new KeyValuePair<string, object?>("action", NameOf(recommendation.Action)));
        }
    }

    private static string NameOf(V1.Speaker speaker) => speaker switch
    {
        V1.Speaker.Customer => "customer",
        V1.Speaker.Agent => "agent",
        V1.Speaker.Supervisor => "supervisor",
        V1.Speaker.Bot => "bot",
        _ => "unknown",
    };

    private static string NameOf(RecommendedAction action) =>
        (int)action is >= 0 and <= 15 ? ActionNames[(int)action] : "unknown";

    private static readonly string[] ActionNames =
    [
        "unspecified", "listen", "acknowledge_request", "present_offer", "stop_asking_why", "stop_offering", "process_cancellation", "apologize",
        "stop_interrupting", "confirm_in_writing", "close_graciously", "supervisor_listen_in", "supervisor_take_over", "alert_public_care",
        "offer_callback", "give_agent_break",
    ];
}
