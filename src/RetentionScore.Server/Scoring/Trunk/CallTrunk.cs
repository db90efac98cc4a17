using System.Globalization;
using Grpc.Core;
using Microsoft.AspNetCore.Connections.Features;
using RetentionScore.Server.Calls;
using RetentionScore.Server.Overload;
using RetentionScore.Server.Scoring.Wire;
using RetentionScore.Server.Security;

namespace RetentionScore.Server.Scoring.Trunk;

/// <summary>
/// Many calls on one stream, in one loop, which alone touches the calls and the stream. Start reading here; <see cref="CallStream"/> is the same for one
/// call, and both open and answer through <see cref="CallAttachment"/>:
/// <list type="number">
/// <item>the loop waits for a request, or for a call that is to be looked at (<see cref="TrunkInbox"/>): what takes time, which is opening a call, a flush
/// and the end's wait for the journal, goes on elsewhere and posts its call when it is done, so that no call waits for another's;</item>
/// <item>all requests that are there are read ahead, up to a bound, and their messages wait with their calls (<see cref="FrameQueue"/>);</item>
/// <item>calls with messages are answered in turn, one message each, until a batch is full (<see cref="TrunkReplies"/>) or nothing waits; then it is
/// written and flushed;</item>
/// <item>while a write waits for the client nothing is read; calls that are taken over meanwhile are let go of all the same;</item>
/// <item>what is wrong with one call is its error: it is let go of, and its messages are dropped until its next start;</item>
/// <item>half-close, once all is answered, cancel, a broken connection or a refusal of the trunk let go of all calls, which live on.</item>
/// </list>
/// </summary>
internal sealed class CallTrunk
{
    /// <summary>Of a call that is not open yet, or waits for its end to be durable.</summary>
    internal const int MostWaitingOfACall = 256;

    /// <summary>Messages read ahead of those that are answered: enough that a call with few has its turn before a call with many, few enough not to wait.</summary>
    private const int MostReady = 256;

    /// <summary>Requests read ahead: of messages that are dropped there may be any number.</summary>
    private const int MostReads = 256;

    /// <summary>With those of calls that wait. A trunk on which so much waits for the journal is read no further until some of it is there.</summary>
    private const int MostWaiting = 16 * 1024;

    private const int QuietLooksPerTimeout = 8;

    private static readonly Task Never = new TaskCompletionSource().Task;
    private static readonly Task<Refusal?> Written = Task.FromResult<Refusal?>(null);

    private readonly CallStreamServices services;
    private readonly MessageReads<TrunkRequest> reads;
    private readonly IServerStreamWriter<CallAnswer> responses;
    private readonly Caller caller;
    private readonly ServerCallContext context;
    private readonly Action<Exception> failed;
    private readonly StreamControl control;
    private readonly SlowReader reader;
    private readonly TrunkInbox inbox;
    private readonly ChannelTable channels;
    private readonly Queue<V1.CallReply> said = new();
    private readonly TurnLine turns = new();
    private readonly TrunkReplies replies = new();
    private readonly AnswerTimer timer;
    private readonly CallAnswer answer = new();
    private readonly TimeSpan quietLook;
    private string payer;
    private ReadingBudget budget;
    private int unpaidMessages;
    private long unpaidBytes;
    private int calls, unsettled, ready, waiting;
    private long lastQuietLook;

    /// <param name="services">What every stream works with.</param>
    /// <param name="requests">The client's messages.</param>
    /// <param name="responses">Ours.</param>
    /// <param name="caller">Whose trunk it is.</param>
    /// <param name="context">Of the gRPC call.</param>
    /// <param name="failed">Logs what one call threw.</param>
    internal CallTrunk(
        CallStreamServices services,
        IAsyncStreamReader<TrunkRequest> requests,
        IServerStreamWriter<CallAnswer> responses,
        Caller caller,
        ServerCallContext context,
        Action<Exception> failed)
    {
        this.services = services;
        this.responses = responses;
        this.caller = caller;
        this.context = context;
        this.failed = failed;
        reads = new MessageReads<TrunkRequest>(requests, context);
        lastQuietLook = services.Time.GetTimestamp();
        control = new StreamControl(lastQuietLook);
        reader = new SlowReader(services.Options.Calls.SlowConsumer, services.Options.Calls.RetryAfter, services.Time);
        inbox = new TrunkInbox(control);
        timer = new AnswerTimer(services.Metrics, services.Time);
        channels = new ChannelTable(services.Options.Limits.MaxCallsPerTrunk);
        payer = caller.Tenant;
        budget = services.Admission.Reading(payer);
        quietLook = services.Options.Calls.IdleTimeout / QuietLooksPerTimeout;
    }

    /// <summary>Whether the trunk left no call that lives on.</summary>
    internal bool CallsHaveEnded { get; private set; }

    /// <summary>Runs the trunk to its end: null where the client ended it.</summary>
    internal async Task<Refusal?> RunAsync()
    {
        if (services.Admission.OpenStream() is { } tooMany) return tooMany;
        services.Streams.Add(control);
        try
        {
            await context.WriteResponseHeadersAsync([]).ConfigureAwait(false);
            return await ServeAsync().ConfigureAwait(false);
        }
        finally
        {
            LeaveAll();
            await reads.EndAsync().ConfigureAwait(false);
            services.Streams.Remove(control);
            services.Admission.StreamClosed();
        }
    }

    /// <summary>The calls are let go of: sees to it that nothing is kept for a client that does not read.</summary>
    internal Task LeaveAsync() => reader.LeaveAsync(context);

    private async Task<Refusal?> ServeAsync()
    {
        Task<bool> read = reads.NextAsync();
        Task<Refusal?> writing = Written;
        Task pause = Task.CompletedTask;
        bool isHalfClosed = false;
        while (true)
        {
            Task awaited = !writing.IsCompleted ? writing
                : !turns.IsEmpty || said.Count > 0 ? Task.CompletedTask
                : isHalfClosed || waiting >= MostWaiting ? Never
                : !pause.IsCompleted ? pause
                : read;
            if (!awaited.IsCompleted) await control.WaitAsync(awaited).ConfigureAwait(false);
            if (services.Stopped(control) is { } stopped) return stopped;
            if (control.TakeFlushNotice()) LookAtPosted();
            if (!writing.IsCompleted) continue;
            if (await writing.ConfigureAwait(false) is { } slow) return slow;
            timer.Flushed();

            for (int i = 0; i < MostReads && !isHalfClosed && pause.IsCompleted && read.IsCompleted && HasRoom; i++)
            {
                isHalfClosed = !await read.ConfigureAwait(false);
                if (isHalfClosed) break;
                if (Receive(reads.Current, ref pause) is { } wrong) return wrong;
                read = reads.NextAsync();
            }

            LookForQuietCalls();
            writing = AnswerABatch();
            bool isAllSaid = turns.IsEmpty && said.Count == 0 && unsettled == 0;
            if (isHalfClosed && isAllSaid) return await writing.ConfigureAwait(false);
        }
    }

    /// <summary>Whether more may be read before what is there is answered.</summary>
    private bool HasRoom => ready < MostReady && said.Count < MostReady && waiting < MostWaiting;

    // What comes in

    /// <summary>Hands the messages of a request to their calls.</summary>
    private Refusal? Receive(TrunkRequest request, ref Task pause)
    {
        int most = services.Options.Limits.MaxBatch;
        if (request.Count > most)
        {
            string count = request.Count.ToString(CultureInfo.InvariantCulture);
            request.Return();
            return Refusal.Invalid("requests", count, $"{most} or fewer (max_batch)", count);
        }

        long now = services.Time.GetTimestamp();
        control.LastActivity = now;
        control.HasCall = true;
        while (request.Take() is { } frame)
        {
            TrunkCall? call = channels[frame.Channel];
            Bill(call, frame);
            frame.Arrival = now;
            Receive(frame, call);
        }

        request.Return();
        Pay();
        if (budget.Debt is { Ticks: > 0 } debt) pause = services.PauseAsync(control, debt);
        return null;
    }

    private void Receive(CallFrame frame, TrunkCall? call)
    {
        switch (call?.State)
        {
            case ChannelState.Open:
                call.Control.LastActivity = frame.Arrival;
                Wait(call, frame);
                turns.Add(call);
                ready++;
                return;
            case ChannelState.Opening or ChannelState.Ending:
                call.Control.LastActivity = frame.Arrival;
                if (call.Waiting.Count < MostWaitingOfACall)
                {
                    Wait(call, frame);
                    return;
                }

                Refuse(call, TooManyWaiting());
                frame.Return();
                return;
            default:
                ReceiveWithoutACall(frame, call);
                return;
        }
    }

    private void ReceiveWithoutACall(CallFrame frame, TrunkCall? former)
    {
        uint channel = frame.Channel;
        FrameMember member = frame.Member;
        V1.CallStart? start = frame.Start;
        long arrival = frame.Arrival;
        frame.Return();
        if (start is not null) Open(channel, start, arrival);
        else if (former is null) Refuse(channel, Refusal.Invalid("message", member.ToString().ToLowerInvariant(), "start on a channel without a call"));
        else if (former.State == ChannelState.Ended && member is not (FrameMember.Heartbeat or FrameMember.None)) Refuse(channel, HasEnded(member));
    }

    private void Wait(TrunkCall call, CallFrame frame)
    {
        call.Waiting.Add(frame);
        waiting++;
    }

    private CallFrame? TakeWaiting(TrunkCall call)
    {
        CallFrame? frame = call.Waiting.Take();
        if (frame is not null) waiting--;
        return frame;
    }

    /// <summary>What is read is paid by its call's tenant; mostly all calls of a trunk are one tenant's.</summary>
    private void Bill(TrunkCall? call, CallFrame frame)
    {
        if (call is { HasCall: true } && !string.Equals(payer, call.Attachment.Tenant, StringComparison.Ordinal))
        {
            Pay();
            (payer, budget) = (call.Attachment.Tenant, call.Attachment.Budget);
        }

        unpaidMessages++;
        unpaidBytes += frame.Bytes;
    }

    private void Pay()
    {
        if (unpaidMessages > 0) budget.Spend(unpaidMessages, unpaidBytes);
        (unpaidMessages, unpaidBytes) = (0, 0);
    }

    // Opening and leaving

    private void Open(uint channel, V1.CallStart start, long now)
    {
        int most = services.Options.Limits.MaxCallsPerTrunk;
        if (calls >= most)
        {
            Refuse(channel, TooMany("calls_per_trunk", calls, most));
            return;
        }

        var call = new TrunkCall(channel, services, inbox, now);
        channels[channel] = call;
        calls++;
        Settle(call, OpenAsync(call, start));
    }

    private async Task<Refusal?> OpenAsync(TrunkCall call, V1.CallStart start)
    {
        try
        {
            return await call.Attachment.OpenAsync(start, caller, routedId: null).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            return Failed(exception);
        }
    }

    private void Settle(TrunkCall call, Task<Refusal?> opening)
    {
        call.Opening = opening;
        if (opening.IsCompleted)
        {
            HasOpened(call);
            return;
        }

        unsettled++;
        opening.ConfigureAwait(false).GetAwaiter().UnsafeOnCompleted(call.Look);
    }

    private void HasOpened(TrunkCall call)
    {
        Refusal? refusal = call.Opening!.Result;
        call.Opening = null;
        call.State = ChannelState.Open;
        ready += call.Waiting.Count;
        if (refusal is not null)
        {
            Refuse(call, refusal);
            return;
        }

        Say(call.Channel, call.Attachment.Opened());
        if (call.Waiting.Count > 0) turns.Add(call);
    }

    private void LookAtPosted()
    {
        while (inbox.TryTake(out TrunkCall? posted))
        {
            TrunkCall call = posted!;
            if (call is { State: ChannelState.Opening, Opening.IsCompleted: true })
            {
                unsettled--;
                HasOpened(call);
            }
            else if (call is { State: ChannelState.Ending, Ending.IsCompleted: true })
            {
                unsettled--;
                HasEnded(call, call.Ending.Result);
            }

            if (call.State != ChannelState.Open) continue;
            if (services.Stopped(call.Control) is { } stopped) Refuse(call, stopped);
            else if (call.Control.TakeFlushNotice())
                for (int left = call.Attachment.TakeFlushed(); left > 0; left--) Say(call.Channel, call.Attachment.Heartbeat());
        }
    }

    /// <summary>A call whose client forgot it would live as long as its trunk.</summary>
    private void LookForQuietCalls()
    {
        long now = services.Time.GetTimestamp();
        if (services.Time.GetElapsedTime(lastQuietLook, now) < quietLook) return;
        lastQuietLook = now;
        foreach (TrunkCall call in channels.All.Where(call => call.State == ChannelState.Open).ToList())
        {
            if (services.Time.GetElapsedTime(call.Control.LastActivity, now) >= services.Options.Calls.IdleTimeout) call.Control.RequestStop(StopReason.Idle);
        }
    }

    /// <summary>The error of one call, which is let go of.</summary>
    private void Refuse(TrunkCall call, Refusal refusal)
    {
        Refuse(call.Channel, refusal);
        Leave(call, TrunkCall.Refused);
    }

    private void Refuse(uint channel, Refusal refusal)
    {
        services.Metrics.Refused(refusal);
        said.Enqueue(new V1.CallReply { Channel = channel, Error = refusal.ToCallError() });
        // A call that is open there is left by whoever refuses it.
        if (channels[channel] is not { HasCall: true }) channels[channel] = TrunkCall.Refused;
    }

    private void Leave(TrunkCall call, TrunkCall next)
    {
        LetGo(call);
        channels[call.Channel] = next;
        while (TakeWaiting(call) is { } frame) Receive(frame, channels[call.Channel]);
    }

    private void LetGo(TrunkCall call)
    {
        calls--;
        if (call.State is ChannelState.Opening or ChannelState.Ending) unsettled--;
        if (call.State == ChannelState.Open) ready -= call.Waiting.Count;
        // What is still being opened is held only then.
        if (call is { State: ChannelState.Opening, Opening: { } opening })
            _ = opening.ContinueWith(static (_, held) => ((CallAttachment)held!).Release(), call.Attachment, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        else
            call.Attachment.Release();
        call.State = ChannelState.Left;
    }

    private void LeaveAll()
    {
        CallsHaveEnded = calls == 0;
        foreach (TrunkCall call in channels.All)
        {
            if (!call.HasCall) continue;
            LetGo(call);
            while (TakeWaiting(call) is { } frame) frame.Return();
        }
    }

    // What goes out

    private void Say(uint channel, V1.ScoreCallResponse response) => said.Enqueue(new V1.CallReply { Channel = channel, Response = response });

    /// <summary>Answers one message of each call in turn, and writes what that came to.</summary>
    /// <returns>Ends when it is written: with null, or with why the trunk ends.</returns>
    private Task<Refusal?> AnswerABatch()
    {
        replies.Begin(ScoringWorkspace.Current.Output);
        if (control.TakeDrainNotice())
        {
            // GOAWAY: what is open on this connection goes on, what is new goes elsewhere.
            context.GetHttpContext().Features.Get<IConnectionLifetimeNotificationFeature>()?.RequestClose();
            replies.Say(services.DrainNotice.Say());
        }

        while (!replies.IsFull)
        {
            // What was said before a message is answered before it.
            if (said.TryDequeue(out V1.CallReply? reply)) replies.Add(reply);
            else if (turns.Take() is { } call) AnswerOne(call);
            else break;
        }

        if (replies.IsEmpty) return Written;
        answer.Set(replies.Written);
        Task writing = responses.WriteAsync(answer);
        if (!writing.IsCompletedSuccessfully) return reader.WaitAsync(writing, control.Stopped).AsTask();
        timer.Flushed();
        return Written;
    }

    private void AnswerOne(TrunkCall call)
    {
        if (call.State != ChannelState.Open) return; // left while it waited for its turn
        if (services.Stopped(call.Control) is { } stopped)
        {
            Refuse(call, stopped);
            return;
        }

        if (TakeWaiting(call) is not { } frame) return;
        ready--;
        Refusal? refusal;
        try
        {
            refusal = Answer(call, frame);
        }
        catch (Exception exception)
        {
            refusal = Failed(exception);
        }

        frame.Return();
        if (refusal is not null) Refuse(call, refusal);
        else if (call is { State: ChannelState.Open, Waiting.Count: > 0 }) turns.Add(call);
    }

    private Refusal? Answer(TrunkCall call, CallFrame frame)
    {
        switch (frame.Member)
        {
            case FrameMember.Utterance when call.Waiting.Supersedes(frame):
                services.Metrics.InterimSuperseded();
                return null;
            case FrameMember.Utterance when call.Attachment.Sheds(frame, frame.Arrival):
                return null;
            case FrameMember.Utterance:
            case FrameMember.Event:
            case FrameMember.End:
                return Score(call, frame);
            case FrameMember.Heartbeat:
                // What is not flushed yet is answered when it is.
                if (call.Attachment.IsFlushed(frame)) Say(call.Channel, call.Attachment.Heartbeat());
                return null;
            case FrameMember.Start:
                return Refusal.Invalid("message", "start", "utterance, event, end or heartbeat once the call is open");
            default:
                return null; // a member of a later minor version without a seq
        }
    }

    private Refusal? Score(TrunkCall call, CallFrame frame)
    {
        Answer answered = call.Attachment.Take(frame, frame.Arrival);
        switch (answered.Kind)
        {
            case AnswerKind.Refused:
                return answered.Refusal;
            case AnswerKind.Ended or AnswerKind.EndedBefore:
                End(call, answered.Summary!);
                return null;
            case AnswerKind.Duplicate when answered.Told is { } told:
                Say(call.Channel, new V1.ScoreCallResponse { Update = told });
                return null;
            default:
                replies.Add(call.Channel, answered.Update!);
                timer.Written(frame.Arrival);
                return null;
        }
    }

    private void End(TrunkCall call, V1.CallSummary summary)
    {
        call.Summary = summary;
        Task<bool> ending = call.Attachment.WhenEndIsDurableAsync().AsTask();
        if (ending.IsCompleted)
        {
            HasEnded(call, ending.Result);
            return;
        }

        ready -= call.Waiting.Count; // they wait again
        call.State = ChannelState.Ending;
        call.Ending = ending;
        unsettled++;
        ending.ConfigureAwait(false).GetAwaiter().UnsafeOnCompleted(call.Look);
    }

    private void HasEnded(TrunkCall call, bool isDurable)
    {
        call.Ending = null;
        if (call.State == ChannelState.Ending) ready += call.Waiting.Count;
        call.State = ChannelState.Open;
        Say(call.Channel, call.Attachment.Said(call.Summary!, isDurable));
        Leave(call, TrunkCall.Ended);
    }

    private Refusal Failed(Exception exception)
    {
        failed(exception);
        return new Refusal(RefusalReason.Internal, "internal error");
    }

    private Refusal TooManyWaiting() => TooMany("waiting_messages", MostWaitingOfACall + 1, MostWaitingOfACall);

    private Refusal TooMany(string field, int value, int limit) =>
        new(RefusalReason.TooMany, string.Create(CultureInfo.InvariantCulture, $"{field} is {value}, the limit is {limit}"))
        {
            Field = field,
            Value = value.ToString(CultureInfo.InvariantCulture),
            Limit = limit.ToString(CultureInfo.InvariantCulture),
            RetryAfter = services.Options.Calls.RetryAfter,
        };

    private static Refusal HasEnded(FrameMember member)
    {
        string name = member.ToString().ToLowerInvariant();
        return new Refusal(RefusalReason.CallEnded, $"message is '{name}', the call of the channel has ended: must be start") { Field = "message", Value = name, Limit = "start" };
    }
}
