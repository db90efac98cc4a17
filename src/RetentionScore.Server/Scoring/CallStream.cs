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
using RetentionScore.Server.Telemetry;

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
    CallTracing Tracing,
    AuditLog Audit,
    TimeProvider Time)
{
    /// <summary>Somebody may ask for something, and debts may be paid by others' leaving.</summary>
    private const int LongestPauseMs = 1000;

    internal Refusal NotReady() => new(RefusalReason.NotReady, "the server is starting") { RetryAfter = Options.Calls.RetryAfter };

    /// <summary>What others asked of a stream or a channel as the end of it; null where nobody did.</summary>
    internal Refusal? Stopped(StreamControl control) => control.Stop switch
    {
        StopReason.None => null,
        StopReason.Superseded => new Refusal(RefusalReason.Superseded, "another stream with a higher attempt took the call over"),
        StopReason.Draining => DrainNotice.Refuse(),
        StopReason.Rejoin => new Refusal(RefusalReason.NotReady, "the journal is back and lacks messages of the call: open it again and send from next_seq")
        {
            RetryAfter = Options.Calls.RetryAfter,
        },
        _ when control.HasCall => Idle("idle_timeout_s", "message and no heartbeat", Options.Calls.IdleTimeout),
        _ => Idle("first_message_s", "start", Options.Calls.FirstMessage),
    };

    /// <summary>Ends when a stream may read on.</summary>
    internal Task PauseAsync(StreamControl control, TimeSpan debt)
    {
        Metrics.ReadingPaused();
        control.LastActivity = Time.GetTimestamp(); // it is not the client that is quiet
        // Delays are whole milliseconds: a part of one would be none.
        return Task.Delay(TimeSpan.FromMilliseconds(Math.Min(Math.Ceiling(debt.TotalMilliseconds), LongestPauseMs)), Time, CancellationToken.None);
    }

    private static Refusal Idle(string field, string what, TimeSpan after)
    {
        string limit = after.TotalSeconds.ToString(CultureInfo.InvariantCulture);
        return new Refusal(RefusalReason.Idle, $"no {what} came for {limit} s, the limit is {limit} s") { Field = field, Value = limit, Limit = limit };
    }
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
    private readonly CallStreamServices services;
    private readonly MessageReads<CallFrame> reads;
    private readonly Caller caller;
    private readonly ServerCallContext context;
    private readonly StreamControl control;
    private readonly CallAttachment attachment;
    private readonly SlowReader reader;
    private readonly AnswerStream answers;
    private readonly RequestBatch batch = new();

    internal CallStream(
        CallStreamServices services,
        IAsyncStreamReader<CallFrame> requests,
        IServerStreamWriter<CallAnswer> responses,
        Caller caller,
        ServerCallContext context)
    {
        this.caller = caller;
        this.services = services;
        this.context = context;
        reads = new MessageReads<CallFrame>(requests, context);
        control = new StreamControl(services.Time.GetTimestamp());
        attachment = new CallAttachment(services, control);
        reader = new SlowReader(services.Options.Calls.SlowConsumer, services.Options.Calls.RetryAfter, services.Time);
        answers = new AnswerStream(responses, control, reader, new AnswerTimer(services.Metrics, services.Time));
    }

    /// <summary>Whether the stream left a call that has ended.</summary>
    internal bool CallHasEnded => attachment.HasEnded;

    /// <summary>Runs the stream to its end: null where the client ended it.</summary>
    internal async Task<Refusal?> RunAsync()
    {
        if (services.Admission.OpenStream() is { } tooMany) return tooMany;
        services.Streams.Add(control);
        try
        {
            await context.WriteResponseHeadersAsync([]).ConfigureAwait(false);
            Task<bool> read = reads.NextAsync();
            while (!read.IsCompleted && control.Stop == StopReason.None)
            {
                await control.WaitAsync(read).ConfigureAwait(false);
                // Nothing to tell yet: its start will be refused.
                control.TakeDrainNotice();
            }

            if (services.Stopped(control) is { } stopped) return stopped;
            if (!await read.ConfigureAwait(false)) return NoStart(null);
            CallFrame first = reads.Current;
            if (await OpenAsync(first).ConfigureAwait(false) is { } refusal) return refusal;
            first.Return();
            return await ServeAsync().ConfigureAwait(false);
        }
        finally
        {
            batch.Clear();
            attachment.Release();
            await reads.EndAsync().ConfigureAwait(false);
            services.Streams.Remove(control);
            services.Admission.StreamClosed();
        }
    }

    /// <summary>The call is let go of: sees to it that nothing is kept for a client that does not read.</summary>
    internal Task LeaveAsync() => reader.LeaveAsync(context);

    private async ValueTask<Refusal?> OpenAsync(CallFrame first)
    {
        if (first.Start is not { } start) return NoStart(first.Member.ToString().ToLowerInvariant());
        if (await attachment.OpenAsync(start, caller, CallIdHeader()).ConfigureAwait(false) is { } refusal) return refusal;
        return await answers.WriteAsync(attachment.Opened(), moreFollows: false).ConfigureAwait(false);
    }

    /// <summary>Of HTTP's headers: gRPC's would be made, all of them, and kept as long as the stream.</summary>
    private string? CallIdHeader() => context.GetHttpContext().Request.Headers.TryGetValue("call-id", out var routed) ? routed.ToString() : null;

    private async Task<Refusal?> ServeAsync()
    {
        Task<bool> read = reads.NextAsync();
        Task pause = Task.CompletedTask;
        while (true)
        {
            Task awaited = pause.IsCompleted ? read : pause;
            if (!awaited.IsCompleted) await control.WaitAsync(awaited).ConfigureAwait(false);
            if (services.Stopped(control) is { } stopped) return stopped;
            if (control.TakeDrainNotice() && await SayDrainingAsync().ConfigureAwait(false) is { } slow) return slow;
            if (control.TakeFlushNotice() && await SayFlushedAsync().ConfigureAwait(false) is { } unread) return unread;

            if (!pause.IsCompleted || !read.IsCompleted) continue;
            if (!await read.ConfigureAwait(false)) return null;
            if (attachment.Budget.Debt is { Ticks: > 0 } debt)
            {
                pause = services.PauseAsync(control, debt); // one message was read and waits; the rest is where flow control holds it
                continue;
            }

            read = ReadAhead();
            for (int i = 0; i < batch.Count; i++)
            {
                if (services.Stopped(control) is { } late) return late;
                Refusal? refusal = await AnswerAsync(i).ConfigureAwait(false);
                if (refusal is not null) return refusal;
            }

            batch.Clear();
        }
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
            batch.Add(reads.Current, now);
            read = reads.NextAsync();
        }
        while (!batch.IsFull && read.IsCompletedSuccessfully && read.Result);
        batch.Close();
        attachment.Budget.Spend(batch.Count, batch.Bytes);
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
            // Not the one that answers before it wait for: they are flushed with its own.
            case FrameMember.Utterance when (moreFollows || !answers.AreBuffered) && attachment.Sheds(frame, batch.Arrival(index)):
                return default;
            case FrameMember.Utterance:
            case FrameMember.Event:
            case FrameMember.End:
                return Score(frame, batch.Arrival(index), moreFollows);
            case FrameMember.Heartbeat:
                // What is not flushed yet is answered when it is.
                return attachment.IsFlushed(frame) ? answers.WriteAsync(attachment.Heartbeat(), moreFollows) : default;
            case FrameMember.Start:
                return new(Refusal.Invalid("message", "start", "utterance, event, end or heartbeat once the call is open"));
            default:
                return default; // a member of a later minor version without a seq
        }
    }

    private async ValueTask<Refusal?> SayFlushedAsync()
    {
        for (int left = attachment.TakeFlushed(); left > 0; left--)
        {
            if (await answers.WriteAsync(attachment.Heartbeat(), moreFollows: left > 1).ConfigureAwait(false) is { } refusal) return refusal;
        }

        return null;
    }

    private async ValueTask<Refusal?> SaySummaryAsync(V1.CallSummary summary, bool moreFollows)
    {
        bool isDurable = await attachment.WhenEndIsDurableAsync().ConfigureAwait(false);
        return await answers.WriteAsync(attachment.Said(summary, isDurable), moreFollows).ConfigureAwait(false);
    }

    private ValueTask<Refusal?> Score(CallFrame frame, long arrival, bool moreFollows)
    {
        Answer answer = attachment.Take(frame, arrival);
        return answer.Kind switch
        {
            AnswerKind.Refused => new(answer.Refusal),
            AnswerKind.Ended or AnswerKind.EndedBefore => SaySummaryAsync(answer.Summary!, moreFollows),
            AnswerKind.Duplicate when answer.Told is { } told => answers.WriteAsync(new V1.ScoreCallResponse { Update = told }, moreFollows),
            _ => answers.WriteAsync(answer.Update!, arrival, moreFollows),
        };
    }

    private static Refusal NoStart(string? was) => Refusal.Invalid("message", was, "start, the first message of a stream");
}
