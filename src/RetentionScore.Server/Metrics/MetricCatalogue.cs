using System.Text;
using RetentionScore.Core.Signals;
using RetentionScore.Server.Scoring;
using RetentionScore.Server.Scoring.Wire;
using Kind = RetentionScore.Server.Metrics.MetricKind;
using Label = RetentionScore.Server.Metrics.MetricLabel;
using Metric = RetentionScore.Server.Metrics.MetricDefinition;

namespace RetentionScore.Server.Metrics;

/// <summary>
/// Everything that is measured: names, units, buckets, and labels with all their values, none of which a client can choose. docs/metrics.md is written
/// from this file. <see cref="ServerMetrics"/> records it.
/// </summary>
internal static class MetricCatalogue
{
    internal const string Prefix = "retentionscore_";

    /// <summary>From 25 µs upward: what scoring and its queue take.</summary>
    private static readonly double[] Latency = [0.000025, 0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1];
    private static readonly double[] Staleness = [0.1, 0.25, 0.5, 1, 1.5, 2, 3, 5, 10, 30, 60, 300];
    private static readonly double[] Patience = [5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 300, 600, 1200];
    private static readonly double[] Share = [0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95];
    private static readonly double[] Confidence = [0.2, 0.4, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 0.99];
    private static readonly double[] Connection = [0.01, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 1800, 7200];

    // Labels. Where an enum is behind one, its values are in the enum's order.
    internal static readonly Label Stage = new("stage", Names<UtteranceStage>());
    internal static readonly Label Hypothesis = new("kind", ["final", "interim"]);
    internal static readonly Label Speaker = new("speaker", ["unknown", .. Names<V1.Speaker>()[1..]]);
    internal static readonly Label ShedWhat = new("what", ["interim", "explanation"]);
    internal static readonly Label Reason = new("reason", [.. Enum.GetValues<RefusalReason>().Select(Refusal.NameOf)]);
    internal static readonly Label StreamEnd = new("end", ["ended", "detached", "client_left", .. Reason.Values.Select(reason => reason.ToLowerInvariant())]);
    internal static readonly Label Degradation = new("reason", Names<V1.Degradation>()[1..]);
    internal static readonly Label Band = new("band", ["unknown", .. Names<V1.RiskBand>()[1..]]);
    internal static readonly Label CancelStage = new("stage", Names<V1.CancelStage>()[1..]);
    internal static readonly Label Opening = new("how", Names<Calls.OpeningKind>());
    internal static readonly Label Disposition = new("disposition", Names<V1.Disposition>());
    internal static readonly Label Outcome = new("outcome", Names<CancelOutcome>());
    internal static readonly Label Action = new("action", Names<V1.RecommendedAction>()[1..]);
    internal static readonly Label Fate = new("state", Names<PromptFate>());
    internal static readonly Label Score = new("score", UpdateMessage.ScoreNames);
    internal static readonly Label Signal = new("signal", [.. Enumerable.Range(1, (int)Core.Signals.Signal.AsksIfCancel - 1).Select(signal => SignalCatalogue.Name((Signal)signal))]);
    internal static readonly Label Policy = new("policy", [], $"versions of the policies the server has, at most {Label.Most}; what is beyond is `{Label.Other}`");
    internal static readonly Label Model = new("model", [], $"names of the models the server has had, at most {Label.Most}; what is beyond is `{Label.Other}`");
    private static readonly Label PolicyName = new("policy", [], "names of the policies the server has");
    private static readonly Label PolicyVersion = new("version", [], "as in `policy` of other metrics");
    private static readonly Label Version = new("version", [ScoringServiceEndpoint.Version]);
    private static readonly Label Generation = new("generation", ["0", "1", "2"]);
    private static readonly Label HeapGeneration = new("generation", ["gen0", "gen1", "gen2", "loh", "poh"]);

    // Utterances
    internal static readonly Metric UtteranceSeconds = Histogram(
        "utterance_seconds", "s", "Time of an utterance until it is scored: waiting (queue) and being scored (score)", Latency, Stage, Hypothesis);
    internal static readonly Metric AnswerSeconds = Histogram(
        "answer_seconds", "s", "From the arrival of a message to the flush of the update that answers it; interims and events are answered, too", Latency);
    internal static readonly Metric StalenessSeconds = Histogram(
        "utterance_staleness_seconds", "s", "From the end of what was said to its arrival here; of calls whose start tells the platform's clock", Staleness, Hypothesis);
    internal static readonly Metric AsrConfidence = Histogram("asr_confidence", "", "The recogniser's confidence in final utterances, where it tells it", Confidence, Speaker);
    internal static readonly Metric Utterances = Counter("utterances_total", "Final utterances that were counted", Speaker);
    internal static readonly Metric Interims = Counter("interims_total", "Interim hypotheses that were scored");
    internal static readonly Metric InterimsSuperseded = Counter("interims_superseded_total", "Interims that a newer message took the place of before they were scored");
    internal static readonly Metric Shed = Counter("shed_total", "Answers left out (interim) or not explained (explanation) under load", ShedWhat);
    internal static readonly Metric Corrections = Counter("corrections_total", "Corrections by the recogniser, those that came too late included");
    internal static readonly Metric Duplicates = Counter("duplicates_total", "Messages that were counted before");
    internal static readonly Metric Gaps = Counter("sequence_gaps_total", "Streams that ended with a gap in their messages");
    internal static readonly Metric Degraded = Counter("degraded_total", "Answers that say that something was left out, by what", Degradation);

    // Calls
    internal static readonly Metric LiveCalls = Gauge("live_calls", "Calls that have not ended");
    internal static readonly Metric LiveCallsByRisk = Gauge("live_calls_by_risk", "Calls that have not ended, by band of the overall score and stage of the request to leave", Band, CancelStage);
    internal static readonly Metric OpenStreams = Gauge("open_streams", "Call streams that are open; a trunk is one");
    internal static readonly Metric Opens = Counter("opens_total", "Calls that a stream got hold of: new, attached to, taken over from another stream, restored from the journal", Opening);
    internal static readonly Metric Replayed = Counter("replayed_messages_total", "Messages that were taken from the journal when calls were restored");
    internal static readonly Metric Ended = Counter("calls_ended_total", "Calls that ended, by what their platform said; unspecified where nobody ended them", Disposition);
    internal static readonly Metric Streams = Counter("streams_total", "Call streams that ended, by how", StreamEnd);
    internal static readonly Metric Refusals = Counter("refusals_total", "Streams, calls of trunks and requests that were refused or ended by the server, by reason", Reason);
    internal static readonly Metric ReadingPaused = Counter("reading_paused_total", "Times that a stream was not read on because a limit a second was reached");

    // The right to leave
    internal static readonly Metric CancelRequests = Counter("cancel_requests_total", "Calls in which the customer asked to leave");
    internal static readonly Metric AcknowledgedSeconds = Histogram(
        "cancel_acknowledged_seconds", "s", "Call time from the first request to leave to an acknowledgement in deed; once a call", Patience);
    internal static readonly Metric ConfirmedSeconds = Histogram("cancel_confirmed_seconds", "s", "Call time from the first request to leave to its confirmation; once a call", Patience);
    internal static readonly Metric CancelSettled = Counter(
        "cancel_settled_total",
        "Calls with a request to leave, once each: acknowledged within 60 s (in_time), not within 60 s (late, counted then), taken back before (withdrawn), ended before (unanswered)",
        Outcome);
    internal static readonly Metric SaveLimitExceeded = Counter("save_limit_exceeded_total", "Attempts to save a customer beyond the limit of the call's policy");

    // Recommendations
    internal static readonly Metric Recommendations = Counter(
        "recommendations_total", "Recommendations raised, and what became of them; held_back: not raised because people's attention has a budget", Action, Fate);

    // Scores
    internal static readonly Metric CallScore = Histogram("call_score", "", "The highest value of each score in a call, when the call ends", Share, Score, Policy, Model);
    internal static readonly Metric Signals = Counter("signals_total", "Final utterances that carried a signal with a probability of 0.5 or more", Policy, Signal, Model);

    // Journal
    internal static readonly Metric JournalCommitSeconds = Histogram("journal_commit_seconds", "s", "Commits of the journal that succeeded", Latency);
    internal static readonly Metric JournalLag = Gauge("journal_lag_seconds", "Age of the oldest record that waits to be written, at most; 0 when none does", "s");
    internal static readonly Metric JournalPending = Gauge("journal_pending_bytes", "Bytes of records that wait to be written", "By");
    internal static readonly Metric JournalQueue = Gauge("journal_queue_bytes", "How many bytes may wait before calls have gaps", "By");
    internal static readonly Metric JournalFailing = Gauge("journal_failing", "1 while the journal cannot be written; updates say NOT_DURABLE");
    internal static readonly Metric JournalBytes = Counter("journal_bytes_total", "Bytes of records that were committed", "By");
    internal static readonly Metric JournalFailures = Counter("journal_failures_total", "Tries of a commit that failed");
    internal static readonly Metric JournalGaps = Counter("journal_gaps_total", "Calls whose records found the journal's queue full");
    internal static readonly Metric JournalFenced = Counter("journal_fenced_total", "Calls that another owner had when they were to be written");
    internal static readonly Metric JournalDamaged = Counter("journal_damaged_total", "Calls whose records were damaged when they were read");

    // The server
    internal static readonly Metric Draining = Gauge("draining", "1 from the lame duck phase on");
    internal static readonly Metric ShedLevel = Gauge("shed_level", "0: nothing is left out, 1: interims, 2: explanations, too");
    internal static readonly Metric CertificateNotAfter = Gauge("tls_certificate_not_after_seconds", "When the certificate in use ends, in unix seconds; only with TLS", "s");
    internal static readonly Metric BuildInfo = Gauge("build_info", "1, with the versions that run; 0 for a model that was there before", Version, Model);
    internal static readonly Metric ModelRefused = Gauge("model_refused", "1 while the file at Scoring:ModelPath cannot be used and the model before it stays");
    internal static readonly Metric PolicyInfo = Gauge("policy_info", "1 for each policy that calls can ask for", PolicyName, PolicyVersion);

    // The process
    internal static readonly Metric CpuSeconds = Counter("cpu_seconds_total", "Processor time of the process", "s");
    internal static readonly Metric ResidentMemory = Gauge("resident_memory_bytes", "Memory of the process that is in RAM", "By");
    internal static readonly Metric GcAllocated = Counter("gc_allocated_bytes_total", "Bytes allocated on the managed heap", "By");
    internal static readonly Metric GcPause = Counter("gc_pause_seconds_total", "Time for which the collector stopped the process", "s");
    internal static readonly Metric GcLastPause = Gauge("gc_last_pause_seconds", "How long the last collection stopped the process", "s");
    internal static readonly Metric GcCollections = Counter("gc_collections_total", "Collections, by the oldest generation that was collected", Generation);
    internal static readonly Metric GcHeap = Gauge("gc_heap_bytes", "Managed heap in use, garbage included", "By");

    private const string Runtime = "System.Runtime", Kestrel = "Microsoft.AspNetCore.Server.Kestrel";

    /// <summary>By section of docs/metrics.md.</summary>
    internal static readonly (string Title, Metric[] Metrics)[] Sections =
    [
        ("Utterances",
        [
            AnswerSeconds, UtteranceSeconds, StalenessSeconds, AsrConfidence, Utterances, Interims, InterimsSuperseded, Shed, Corrections, Duplicates, Gaps, Degraded,
        ]),
        ("Calls", [LiveCalls, LiveCallsByRisk, OpenStreams, Opens, Replayed, Ended, Streams, Refusals, ReadingPaused]),
        ("The right to leave", [CancelRequests, AcknowledgedSeconds, ConfirmedSeconds, CancelSettled, SaveLimitExceeded]),
        ("Recommendations", [Recommendations]),
        ("Scores", [CallScore, Signals]),
        ("Journal",
        [
            JournalCommitSeconds, JournalLag, JournalPending, JournalQueue, JournalFailing, JournalBytes, JournalFailures, JournalGaps, JournalFenced, JournalDamaged,
        ]),
        ("Server", [Draining, ShedLevel, CertificateNotAfter, BuildInfo, ModelRefused, PolicyInfo]),
        ("Process", [CpuSeconds, ResidentMemory, GcAllocated, GcPause, GcLastPause, GcCollections, GcHeap]),
        (".NET runtime",
        [
            Foreign("dotnet_thread_pool_threads", Kind.Gauge, "", "Threads of the pool", new(Runtime, "dotnet.thread_pool.thread.count")),
            Foreign("dotnet_thread_pool_queue_length", Kind.Gauge, "", "Work that waits for a thread of the pool", new(Runtime, "dotnet.thread_pool.queue.length")),
            Foreign("dotnet_thread_pool_work_items_total", Kind.Counter, "", "Work that the pool has done", new(Runtime, "dotnet.thread_pool.work_item.count")),
            Foreign("dotnet_monitor_lock_contentions_total", Kind.Counter, "", "Times that a thread waited for a lock", new(Runtime, "dotnet.monitor.lock_contentions")),
            Foreign("dotnet_exceptions_total", Kind.Counter, "", "Exceptions that were thrown", new(Runtime, "dotnet.exceptions")),
            Foreign("dotnet_timers", Kind.Gauge, "", "Timers that are active", new(Runtime, "dotnet.timer.count")),
            Foreign("dotnet_gc_committed_bytes", Kind.Gauge, "By", "Memory the collector had committed at its last run", new(Runtime, "dotnet.gc.last_collection.memory.committed_size")),
            Foreign("dotnet_gc_heap_size_bytes", Kind.Gauge, "By", "Size of a generation after the last collection", new(Runtime, "dotnet.gc.last_collection.heap.size", "gc.heap.generation"), HeapGeneration),
            Foreign("dotnet_jit_compiled_methods_total", Kind.Counter, "", "Methods compiled", new(Runtime, "dotnet.jit.compiled_methods")),
        ]),
        ("Kestrel",
        [
            Foreign("kestrel_active_connections", Kind.Gauge, "", "Connections that are open, of both ports", new(Kestrel, "kestrel.active_connections")),
            Foreign("kestrel_queued_connections", Kind.Gauge, "", "Connections that wait to be served", new(Kestrel, "kestrel.queued_connections")),
            Foreign("kestrel_queued_requests", Kind.Gauge, "", "Requests that wait to be served", new(Kestrel, "kestrel.queued_requests")),
            Foreign("kestrel_rejected_connections_total", Kind.Counter, "", "Connections refused because there were too many", new(Kestrel, "kestrel.rejected_connections")),
            Foreign("kestrel_active_tls_handshakes", Kind.Gauge, "", "TLS handshakes that go on", new(Kestrel, "kestrel.active_tls_handshakes")),
            Foreign("kestrel_connection_duration_seconds", Kind.Histogram, "s", "How long connections were open, when they end", new(Kestrel, "kestrel.connection.duration")) with { Buckets = Connection },
            Foreign("kestrel_tls_handshake_duration_seconds", Kind.Histogram, "s", "How long TLS handshakes took", new(Kestrel, "kestrel.tls_handshake.duration")) with { Buckets = Latency },
        ]),
    ];

    private static readonly Dictionary<string, Metric> ByName = Sections.SelectMany(section => section.Metrics).ToDictionary(metric => metric.Name, StringComparer.Ordinal);

    private static readonly Dictionary<(string Meter, string Name), Metric> BySource =
        ByName.Values.Where(metric => metric.Source is not null).ToDictionary(metric => (metric.Source!.Meter, metric.Source.Name));

    /// <summary>All of it.</summary>
    internal static IReadOnlyCollection<Metric> All => ByName.Values;

    /// <summary>Meters of the platform that some of it comes from.</summary>
    internal static IReadOnlyList<string> ForeignMeters { get; } = [Runtime, Kestrel];

    /// <summary>The metric that an instrument of ours records.</summary>
    internal static Metric Of(string name) => ByName[name];

    /// <summary>The metric that an instrument of the platform records; null where it is not in the catalogue.</summary>
    internal static Metric? Of(string meter, string instrument) => BySource.GetValueOrDefault((meter, instrument));

    /// <summary>not_durable of NotDurable.</summary>
    internal static string Snake(string name)
    {
        var text = new StringBuilder();
        foreach (char c in name)
        {
            if (char.IsAsciiLetterUpper(c) && text.Length > 0) text.Append('_');
            text.Append(char.ToLowerInvariant(c));
        }

        return text.ToString();
    }

    private static string[] Names<T>()
        where T : struct, Enum => [.. Enum.GetNames<T>().Select(Snake)];

    private static Metric Counter(string name, string help, params Label[] labels) => new(Prefix + name, Kind.Counter, "", help, labels);

    private static Metric Counter(string name, string help, string unit) => new(Prefix + name, Kind.Counter, unit, help, []);

    private static Metric Gauge(string name, string help, params Label[] labels) => new(Prefix + name, Kind.Gauge, "", help, labels);

    private static Metric Gauge(string name, string help, string unit) => new(Prefix + name, Kind.Gauge, unit, help, []);

    private static Metric Histogram(string name, string unit, string help, double[] buckets, params Label[] labels) =>
        new(Prefix + name, Kind.Histogram, unit, help, labels) { Buckets = buckets };

    private static Metric Foreign(string name, Kind kind, string unit, string help, ForeignInstrument source, params Label[] labels) =>
        new(name, kind, unit, help, labels) { Source = source };
}
