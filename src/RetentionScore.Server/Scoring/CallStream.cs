using System.Globalization;
using Grpc.Core;
using Microsoft.AspNetCore.Connections.Features;
using RetentionScore.Server.Auditing;
using RetentionScore.Server.Calls;
using RetentionScore.Server.Draining;
using RetentionScore.Server.Journal;
using RetentionScore.Server.Metrics;
using RetentionScore.Server.Options;
using RetentionScore.Server.Overload;
using RetentionScore.Server.Scoring.Wire;
using RetentionScore.Server.Security;

namespace RetentionScore.Server.Scoring;

/// <summary>What every stream works with. Immutable.</summary>
internal sealed record CallStreamServices(
    ServerOptions Options,
    CallRegistry Calls,
    Admission Admission,
    Shedding Shedding,
    OpenStreams Streams,
    ServerPhase Phase,
    DrainNotice DrainNotice,
    ServerMetrics Metrics,
    AuditLog Audit,
    TimeProvider Time)
{
    internal Refusal NotReady() => new(RefusalReason.NotReady, "the server is starting") { RetryAfter = Options.Calls.RetryAfter };
}

/// <summary>
/// One call on one stream, in one loop. Start reading here:
/// <list type="number">
/// <item>response headers are written at once: some clients wait for them before they send;</item>
/// <item>the first message must be a start; the registry opens the call, attaches to it or takes it over;</item>
/// <item>`opened` is answered once the call is ours, that is, once a former holder has stopped;</item>
/// <item>the loop waits for messages, or for what others ask of the stream (<see cref="StreamControl"/>);</item>
/// <item>while its tenant or the server is in debt (<see cref="ReadingBudget"/>) nothing is read, and flow control tells the client;</item>
/// <item>all that is waiting is read ahead (<see cref="RequestBatch"/>), each message is counted or previewed (<see cref="CallScoring"/>) and its
/// answer written, all of them flushed together (<see cref="AnswerStream"/>);</item>
/// <item>half-close, cancel, a broken connection or a refusal let go of the call, which lives on.</item>
/// </list>
/// Between parse and answer there is no lock and no queue. What is refused is a value; exceptions are for bugs and for clients that left.
/// </summary>
internal sealed class CallStream
{
    private const int ProtocolMinor = 0;

    /// <summary>Somebody may ask for something, and debts may be paid by others' leaving.</summary>
    private const int LongestPauseMs = 1000;

    private readonly CallStreamServices services;
    private readonly IAsyncStreamReader<CallFrame> requests;
    private readonly Caller caller;
    private readonly ServerCallContext context;
    private readonly StreamControl control;
    private readonly SlowReader reader;
    private readonly AnswerStream answers;
    private readonly RequestBatch batch = new();
    private ReadingBudget budget;
    private FlushQueue? flushes;
    private LiveCall? call;
    private Task<bool>? reading;

    internal CallStream(
        CallStreamServices services,
        IAsyncStreamReader<CallFrame> requests,
        IServerStreamWriter<CallAnswer> responses,
        Caller caller,
        ServerCallContext context)
    {
        this.caller = caller;
        this.services = services;
        this.requests = requests;
        this.context = context;
        control = new StreamControl(services.Time.GetTimestamp());
        reader = new SlowReader(services.Options.Calls.SlowConsumer, services.Options.Calls.RetryAfter, services.Time);
        answers = new AnswerStream(responses, control, reader);
    }

    /// <summary>Whether the stream left a call that has ended.</summary>
    internal bool CallHasEnded => call is { HasEnded: true };

    /// <summary>Runs the stream to its end: null where the client ended it.</summary>
    internal async Task<Refusal?> RunAsync()
    {
        if (services.Admission.OpenStream() is { } tooMany) return tooMany;
        services.Streams.Add(control);
        try
        {
            await context.WriteResponseHeadersAsync([]).ConfigureAwait(false);
            Task<bool> read = NextAsync();
            while (!read.IsCompleted && control.Stop == StopReason.None)
            {
                await control.WaitAsync(read).ConfigureAwait(false);
                // Nothing to tell yet: its start will be refused.
                control.TakeDrainNotice();
            }

            if (Stopped() is { } stopped) return stopped;
            if (!await read.ConfigureAwait(false)) return NoStart(null);
            CallFrame first = requests.Current;
            if (await OpenAsync(first).ConfigureAwait(false) is { } refusal) return refusal;
            first.Return();
            return await ServeAsync().ConfigureAwait(false);
        }
        finally
        {
            batch.Clear();
            if (call is not null) services.Calls.Release(call, control);
            control.SetReleased();
            await EndReadingAsync().ConfigureAwait(false);
            services.Streams.Remove(control);
            services.Admission.StreamClosed();
        }
    }

    /// <summary>The call is let go of: sees to it that nothing is kept for a client that does not read.</summary>
    internal Task LeaveAsync() => reader.LeaveAsync(context);

    private Task<bool> NextAsync() => reading = requests.MoveNext(CancellationToken.None);

    /// <summary>A read left in the body's pipe would meet the next request of the connection, which uses the pipe again: it is woken and awaited.</summary>
    private async ValueTask EndReadingAsync()
    {
        if (reading is not { IsCompleted: false } left) return;
        context.GetHttpContext().Request.BodyReader.CancelPendingRead();
        await ((Task)left).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async ValueTask<Refusal?> OpenAsync(CallFrame first)
    {
        if (first.Start is not { } start) return NoStart(first.Member.ToString().ToLowerInvariant());
        if (StartCheck.Check(start, caller, context.RequestHeaders.GetValue("call-id")) is { } wrong) return wrong;
        if (services.Phase.Now >= Phase.Draining) return services.DrainNotice.Refuse();
        if (services.Phase.Now == Phase.Starting) return services.NotReady();
        if (services.Admission.TakeStart(start.Tenant) is { } tooMany) return tooMany;
        budget = services.Admission.Reading(start.Tenant);

        OpenOutcome outcome = await services.Calls.OpenAsync(start, control).ConfigureAwait(false);
        if (outcome.Refusal is not null) return outcome.Refusal;
        call = outcome.Call!;
        control.HasCall = true;
        await services.Audit.WriteAsync(outcome.What, caller.Name, start.Tenant, start.CallId).ConfigureAwait(false);
        control.LastActivity = services.Time.GetTimestamp();
        if (Stopped() is { } stopped) return stopped; // taken over while it waited to take over

        V1.CallOpened opened = Opened(call.Scoring, outcome.Resumed);
        return await answers.WriteAsync(new V1.ScoreCallResponse { Opened = opened }, moreFollows: false).ConfigureAwait(false);
    }

    private async Task<Refusal?> ServeAsync()
    {
        Task<bool> read = NextAsync();
        Task pause = Task.CompletedTask;
        while (true)
        {
            Task awaited = pause.IsCompleted ? read : pause;
            if (!awaited.IsCompleted) await control.WaitAsync(awaited).ConfigureAwait(false);
            if (Stopped() is { } stopped) return stopped;
            if (control.TakeDrainNotice() && await SayDrainingAsync().ConfigureAwait(false) is { } slow) return slow;
            if (control.TakeFlushNotice() && await SayFlushedAsync().ConfigureAwait(false) is { } unread) return unread;

            if (!pause.IsCompleted || !read.IsCompleted) continue;
            if (!await read.ConfigureAwait(false)) return null;
            if (budget.Debt is { Ticks: > 0 } debt)
            {
                pause = PauseAsync(debt);
                continue;
            }

            read = ReadAhead();
            for (int i = 0; i < batch.Count; i++)
            {
                if (Stopped() is { } late) return late;
                Refusal? refusal = await AnswerAsync(i).ConfigureAwait(false);
                if (refusal is not null) return refusal;
            }

            batch.Clear();
        }
    }

    /// <summary>One message was read and waits; what is behind it stays where flow control holds it.</summary>
    private Task PauseAsync(TimeSpan debt)
    {
        services.Metrics.ReadingPaused();
        control.LastActivity = services.Time.GetTimestamp(); // it is not the client that is quiet
        // Delays are whole milliseconds: a part of one would be none.
        return Task.Delay(TimeSpan.FromMilliseconds(Math.Min(Math.Ceiling(debt.TotalMilliseconds), LongestPauseMs)), services.Time, CancellationToken.None);
    }

    private ValueTask<Refusal?> SayDrainingAsync()
    {
        // GOAWAY: what is open on this connection goes on, what is new goes elsewhere.
        context.GetHttpContext().Features.Get<IConnectionLifetimeNotificationFeature>()?.RequestClose();
        return answers.WriteAsync(new V1.ScoreCallResponse { Draining = services.DrainNotice.Say() }, moreFollows: false);
    }

    /// <summary>Takes all that is waiting; returns the read of what is not.</summary>
    private Task<bool> ReadAhead()
    {
        Task<bool> read;
        long now = services.Time.GetTimestamp();
        do
        {
            batch.Add(requests.Current, now);
            read = NextAsync();
        }
        while (!batch.IsFull && read.IsCompletedSuccessfully && read.Result);
        batch.Close();
        budget.Spend(batch.Count, batch.Bytes);
        control.LastActivity = now;
        return read;
    }

    private ValueTask<Refusal?> AnswerAsync(int index)
    {
        CallFrame frame = batch[index];
        bool moreFollows = index < batch.LastAnswered;
        switch (frame.Member)
        {
            case FrameMember.Utterance when batch.IsSuperseded(index):
                services.Metrics.InterimSuperseded();
                return default;
            case FrameMember.Utterance when frame.Interim && services.Shedding.ShedsInterim(services.Time.GetElapsedTime(batch.Arrival(index))):
                services.Metrics.InterimShed();
                return default;
            case FrameMember.Utterance:
            case FrameMember.Event:
            case FrameMember.End:
                return Score(frame, batch.Arrival(index), moreFollows);
            case FrameMember.Heartbeat when frame.Flush && !(flushes ??= new FlushQueue(call!.Journal, control)).IsFlushed(call!.Scoring.NextSeq - 1):
                return default; // answered when it is
            case FrameMember.Heartbeat:
                return SayHeartbeatAsync(moreFollows);
            case FrameMember.Start:
                return new(Refusal.Invalid("message", "start", "utterance, event, end or heartbeat once the call is open"));
            default:
                return default; // a member of a later minor version without a seq
        }
    }

    private ValueTask<Refusal?> SayHeartbeatAsync(bool moreFollows)
    {
        var reply = new V1.HeartbeatReply
        {
            NextSeq = call!.Scoring.NextSeq,
            DurableSeq = call.Journal.DurableSeq,
            ServerTimeUnixMs = services.Time.GetUtcNow().ToUnixTimeMilliseconds(),
        };
        return answers.WriteAsync(new V1.ScoreCallResponse { Heartbeat = reply }, moreFollows);
    }

    private async ValueTask<Refusal?> SayFlushedAsync()
    {
        for (int left = flushes!.TakeFlushed(); left > 0; left--)
        {
            if (await SayHeartbeatAsync(moreFollows: left > 1).ConfigureAwait(false) is { } refusal) return refusal;
        }

        return null;
    }

    /// <summary>A summary is the one answer that waits for the journal, and not for long.</summary>
    private async ValueTask<Refusal?> SaySummaryAsync(V1.CallSummary summary, bool moreFollows)
    {
        CallJournal journal = call!.Journal;
        bool isDurable = await journal.WhenDurableAsync(call.Scoring.NextSeq - 1, CallJournal.SummaryWait).ConfigureAwait(false);
        return await answers.WriteAsync(new V1.ScoreCallResponse { Summary = SummaryMessage.Said(summary, journal.DurableSeq, isDurable) }, moreFollows).ConfigureAwait(false);
    }

    private ValueTask<Refusal?> Score(CallFrame frame, long arrival, bool moreFollows)
    {
        CallScoring scoring = call!.Scoring;
        call.Clock.Arrived(arrival);
        long from = services.Time.GetTimestamp();
        Answer answer = scoring.Take(frame, ScoringWorkspace.Current, services.Shedding.ShedsExplanations);
        long to = services.Time.GetTimestamp();
        TimeSpan queued = services.Time.GetElapsedTime(arrival, from), scored = services.Time.GetElapsedTime(from, to);
        services.Metrics.Answered(frame, answer, queued, scored, scoring.HeldBack);
        switch (answer.Kind)
        {
            case AnswerKind.Refused:
                return new(answer.Refusal);
            case AnswerKind.Ended:
                services.Calls.HasEnded(call);
                return SaySummaryAsync(answer.Summary!, moreFollows);
            case AnswerKind.EndedBefore:
                return SaySummaryAsync(answer.Summary!, moreFollows);
            case AnswerKind.Duplicate when answer.Told is { } told:
                return answers.WriteAsync(new V1.ScoreCallResponse { Update = told }, moreFollows);
            default:
                ScoredUpdate update = answer.Update!;
                update.Latency = new Receipt((uint)queued.TotalMicroseconds, (uint)scored.TotalMicroseconds, StalenessMs(frame, queued));
                return answers.WriteAsync(update, moreFollows);
        }
    }

    private int? StalenessMs(CallFrame frame, TimeSpan queued)
    {
        if (call!.StartedAtUnixMs is not { } startedAt || frame.EndMs is not { } endMs) return null;
        long staleness = services.Time.GetUtcNow().ToUnixTimeMilliseconds() - (long)queued.TotalMilliseconds - (startedAt + endMs);
        // Another clock than ours, or a call that is played again: it would say nothing.
        return staleness is >= 0 and < 3_600_000 ? (int)staleness : null;
    }

    private V1.CallOpened Opened(CallScoring scoring, bool resumed)
    {
        var opened = new V1.CallOpened
        {
            CallId = scoring.CallId,
            NextSeq = scoring.NextSeq,
            DurableSeq = scoring.Journal.DurableSeq,
            Durability = scoring.Journal.Durability,
            Epoch = scoring.Journal.Epoch,
            Resumed = resumed,
            Ended = scoring.Summary is not null,
            PolicyVersion = scoring.PolicyVersion,
            ModelVersion = Core.Risk.RiskModel.Version,
            Node = services.Options.Node,
            ServerTimeUnixMs = services.Time.GetUtcNow().ToUnixTimeMilliseconds(),
            LastUtteranceId = scoring.LastUtteranceId,
            TickIntervalMs = (uint)services.Options.Calls.TickInterval.TotalMilliseconds,
            ProtocolMinor = ProtocolMinor,
        };
        if (resumed) opened.Current = scoring.Current(ScoringWorkspace.Current);
        return opened;
    }

    private Refusal? Stopped() => control.Stop switch
    {
        StopReason.None => null,
        StopReason.Superseded => new Refusal(RefusalReason.Superseded, "another stream with a higher attempt took the call over"),
        StopReason.Draining => services.DrainNotice.Refuse(),
        _ when control.HasCall => Idle("idle_timeout_s", "message and no heartbeat", services.Options.Calls.IdleTimeout),
        _ => Idle("first_message_s", "start", services.Options.Calls.FirstMessage),
    };

    private static Refusal Idle(string field, string what, TimeSpan after)
    {
        string limit = after.TotalSeconds.ToString(CultureInfo.InvariantCulture);
        return new Refusal(RefusalReason.Idle, $"no {what} came for {limit} s, the limit is {limit} s") { Field = field, Value = limit, Limit = limit };
    }

    private static Refusal NoStart(string? was) => Refusal.Invalid("message", was, "start, the first message of a stream");
}
