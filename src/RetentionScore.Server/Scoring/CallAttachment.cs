using System.Diagnostics;
using RetentionScore.Server.Calls;
using RetentionScore.Server.Draining;
using RetentionScore.Server.Journal;
using RetentionScore.Server.Overload;
using RetentionScore.Server.Scoring.Wire;
using RetentionScore.Server.Security;
using RetentionScore.Server.Telemetry;

namespace RetentionScore.Server.Scoring;

/// <summary>
/// A call and the stream, or the channel of a trunk, that holds it: how it is opened, what its messages come to, and what is said of it. For the loop
/// that owns it alone; nothing here writes or reads a stream.
/// </summary>
internal sealed class CallAttachment(CallStreamServices services, StreamControl control)
{
    private const int ProtocolMinor = 0;

    private FlushQueue? flushes;
    private LiveCall? call;
    private bool isResumed;
    private CallTrace trace;

    /// <summary>Whether the call has ended.</summary>
    internal bool HasEnded => call is { HasEnded: true };

    /// <summary>Whose call it is; empty before it was asked for.</summary>
    internal string Tenant { get; private set; } = "";

    /// <summary>What the tenant pays for what is read.</summary>
    internal ReadingBudget Budget { get; private set; }

    /// <summary>Creates the call, attaches to it, restores it or takes it over. Null where it is held now.</summary>
    /// <param name="start">The client's.</param>
    /// <param name="caller">Who sends it.</param>
    /// <param name="routedId">The call-id header that a proxy went by; null where there was none.</param>
    internal async ValueTask<Refusal?> OpenAsync(V1.CallStart start, Caller caller, string? routedId)
    {
        if (StartCheck.Check(start, caller, routedId) is { } wrong) return wrong;
        if (services.Phase.Now >= Phase.Draining) return services.DrainNotice.Refuse();
        if (services.Phase.Now == Phase.Starting) return services.NotReady();
        if (services.Admission.TakeStart(start.Tenant) is { } tooMany) return tooMany;
        Tenant = start.Tenant;
        Budget = services.Admission.Reading(start.Tenant);

        trace = services.Tracing.Of(start.Tenant, start.CallId);
        using Activity? opening = trace.Begin("open", start.CallId);
        OpenOutcome outcome = await services.Calls.OpenAsync(start, control, trace).ConfigureAwait(false);
        opening?.SetTag("retentionscore.how", outcome.Refusal?.Name ?? outcome.What);
        if (outcome.Refusal is not null) return outcome.Refusal;
        call = outcome.Call!;
        services.Metrics.Opened(outcome.How);
        isResumed = outcome.Resumed;
        control.HasCall = true;
        await services.Audit.WriteAsync(outcome.What, caller.Name, start.Tenant, start.CallId).ConfigureAwait(false);
        control.LastActivity = services.Time.GetTimestamp();
        return services.Stopped(control); // taken over while it waited to take over
    }

    /// <summary>Lets go of the call, which lives on.</summary>
    internal void Release()
    {
        if (call is not null) services.Calls.Release(call, control);
        control.SetReleased();
    }

    /// <summary>The answer to a start.</summary>
    internal V1.ScoreCallResponse Opened()
    {
        CallScoring scoring = call!.Scoring;
        var opened = new V1.CallOpened
        {
            CallId = scoring.CallId,
            NextSeq = scoring.NextSeq,
            DurableSeq = scoring.Journal.DurableSeq,
            Durability = scoring.Journal.Durability,
            Epoch = scoring.Journal.Epoch,
            Resumed = isResumed,
            Ended = scoring.HasEnded,
            PolicyVersion = scoring.PolicyVersion,
            ModelVersion = scoring.ModelVersion,
            Node = services.Options.Node,
            ServerTimeUnixMs = services.Time.GetUtcNow().ToUnixTimeMilliseconds(),
            LastUtteranceId = scoring.LastUtteranceId,
            TickIntervalMs = (uint)services.Options.Calls.TickInterval.TotalMilliseconds,
            ProtocolMinor = ProtocolMinor,
        };
        if (isResumed) opened.Current = scoring.Current(ScoringWorkspace.Current);
        return new V1.ScoreCallResponse { Opened = opened };
    }

    /// <summary>Whether an interim that came at this time is left out under load.</summary>
    internal bool Sheds(CallFrame interim, long arrival)
    {
        if (!interim.Interim || !services.Shedding.ShedsInterim(services.Time.GetElapsedTime(arrival))) return false;
        services.Metrics.InterimShed();
        return true;
    }

    /// <summary>Counts or previews an utterance, an event or an end. An update that is answered is the thread's workspace's, to be written at once.</summary>
    internal Answer Take(CallFrame frame, long arrival)
    {
        CallScoring scoring = call!.Scoring;
        call.Clock.Arrived(arrival);
        ScoringWorkspace workspace = ScoringWorkspace.Current;
        long from = services.Time.GetTimestamp();
        Answer answer = scoring.Take(frame, workspace, services.Shedding.ShedsExplanations);
        long to = services.Time.GetTimestamp();
        TimeSpan queued = services.Time.GetElapsedTime(arrival, from);
        var receipt = new Receipt(queued, services.Time.GetElapsedTime(from, to), StalenessMs(frame, queued));
        services.Metrics.Answered(frame, answer, workspace.Scratch.Record, receipt, ref call.Watch);
        if (trace.IsOn && frame.Member == FrameMember.Utterance) trace.Utterance(frame, receipt);
        if (answer.Kind == AnswerKind.Ended) services.Calls.HasEnded(call, answer.Summary);
        else if (answer.Update is { } update) update.Latency = receipt;
        return answer;
    }

    /// <summary>Whether a heartbeat is answered now; one with `flush` may wait, and the control is told when it has waited enough.</summary>
    internal bool IsFlushed(CallFrame heartbeat) =>
        !heartbeat.Flush || (flushes ??= new FlushQueue(call!.Journal, control)).IsFlushed(call!.Scoring.NextSeq - 1);

    /// <summary>How many of the heartbeats that waited are answered now.</summary>
    internal int TakeFlushed() => flushes!.TakeFlushed();

    /// <summary>The answer to a heartbeat.</summary>
    internal V1.ScoreCallResponse Heartbeat() => new()
    {
        Heartbeat = new V1.HeartbeatReply
        {
            NextSeq = call!.Scoring.NextSeq,
            DurableSeq = call.Journal.DurableSeq,
            ServerTimeUnixMs = services.Time.GetUtcNow().ToUnixTimeMilliseconds(),
        },
    };

    /// <summary>Waits for the journal to have the end of the call, and not for long: a summary is the one answer that does.</summary>
    /// <returns>Whether it has.</returns>
    internal ValueTask<bool> WhenEndIsDurableAsync() => call!.Journal.WhenDurableAsync(call.Scoring.NextSeq - 1, CallJournal.SummaryWait);

    /// <summary>The answer to an end.</summary>
    internal V1.ScoreCallResponse Said(V1.CallSummary summary, bool isDurable) =>
        new() { Summary = SummaryMessage.Said(summary, call!.Journal.DurableSeq, isDurable) };

    private int? StalenessMs(CallFrame frame, TimeSpan queued)
    {
        if (call!.StartedAtUnixMs is not { } startedAt || frame.EndMs is not { } endMs) return null;
        long staleness = services.Time.GetUtcNow().ToUnixTimeMilliseconds() - (long)queued.TotalMilliseconds - (startedAt + endMs);
        // Another clock than ours, or a call that is played again: it would say nothing.
        return staleness is >= 0 and < 3_600_000 ? (int)staleness : null;
    }
}
