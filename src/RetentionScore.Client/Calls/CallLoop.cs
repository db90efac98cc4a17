using RetentionScore.V1;

namespace RetentionScore.Client;

/// <summary>
/// A call's life in one loop. It is woken by whatever may have changed (a message to send, an answer, a write that is done, a timer, a wish to stop) and
/// then looks at all of it, in this order:
/// <list type="number">
/// <item>a stream that was left is read to its end: answers to what it counted last;</item>
/// <item>answers of the stream that is open: updates, summary, draining, or its end;</item>
/// <item>a stream that has been opened takes the place of the one before, and goes on from <c>next_seq</c>;</item>
/// <item>where there is none, or the node drains, one is opened (<see cref="Connector"/>), beside the one that is still there;</item>
/// <item>what is due is sent: messages in their order, interims, ticks, heartbeats;</item>
/// <item>the timer is set to what is due next.</item>
/// </list>
/// Nobody else touches a stream or the state here; senders touch the <see cref="Outbox"/> only.
/// </summary>
internal sealed class CallLoop : IDisposable
{
    private const int LapseGraceMs = 1_000;
    private static readonly TimeSpan FormerLimit = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan FlushDelay = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan AskAgainAfter = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan StampAfter = TimeSpan.FromMilliseconds(250);

    private readonly ScoringClientOptions options;
    private readonly TimeProvider time;
    private readonly Signal signal = new();
    private readonly Outbox outbox;
    private readonly Connector connector;
    private readonly CallClock clock; // of what was sent
    private readonly CallClock answeredClock; // of what was answered: what is on its way may give a recommendation a new life
    private readonly StandingRecommendations standing = new();
    private readonly UpdateQueue updates;
    private readonly TaskCompletionSource firstAnswer = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource over = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource stopConnecting = new();
    private readonly ITimer timer;

    private IAttachment? current;
    private IAttachment? former;
    private long formerUntil;
    private Task<OpenOutcome>? connecting;
    private StreamTimes times;
    private long? moveAt;
    private int idleStreams;
    private uint asOfSeq;
    private ScoreCallRequest? endAgain;
    private CallStatus status = new();
    private long? summaryUntil; // a summary that is not durable came, and is asked for again until then
    private int breaks;
    private volatile bool isStopping;

    internal CallLoop(CallStart start, ICarrier carrier, Shares shares, ScoringClientOptions options)
    {
        CallId = start.CallId;
        this.options = options;
        time = options.TimeProvider;
        outbox = new Outbox(options.MaxKeptMessages, options.MaxKeptBytes, shares.KeptBytes);
        connector = new Connector(start, carrier, outbox, signal, SetBroken, options);
        clock = new CallClock(time);
        answeredClock = new CallClock(time);
        updates = new UpdateQueue(options.MaxWaitingUpdates, shares.WaitingUpdates);
        timer = time.CreateTimer(static signal => ((Signal)signal!).Set(), signal, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    internal string CallId { get; }

    /// <summary>Raised beside the loop.</summary>
    internal CallEvents Events { get; private set; } = null!;

    /// <summary>Ends when the server has answered for the first time, for good or for bad.</summary>
    internal Task FirstAnswer => firstAnswer.Task;

    /// <summary>Ends when the call has ended, was given up, or is let go.</summary>
    internal Task Over => over.Task;

    internal UpdateQueue Updates => updates;

    internal CallStatus Status => Volatile.Read(ref status) with
    {
        AnsweredSeq = outbox.AnsweredSeq,
        Kept = outbox.Kept,
        Breaks = Volatile.Read(ref breaks),
        UnreadUpdates = updates.Unread,
    };

    internal void Start(object sender)
    {
        Events = new CallEvents(sender);
        _ = Task.Run(Events.RunAsync);
        _ = Task.Run(RunAsync);
    }

    /// <summary>Takes a message with a seq; null where it is a duplicate or the call is over.</summary>
    internal KeptMessage? Send(ScoreCallRequest request, TaskCompletionSource<ScoreUpdate?>? answer, out bool isDuplicate)
    {
        KeptMessage? message = outbox.Add(request, time.GetTimestamp(), answer, out isDuplicate);
        signal.Set();
        return message;
    }

    internal SendOutcome SendInterim(ScoreCallRequest request)
    {
        CallState state = Volatile.Read(ref status).State;
        if (state != CallState.Attached) return Volatile.Read(ref status).IsOver ? SendOutcome.Over : SendOutcome.Skipped;
        if (!outbox.AddInterim(request)) return SendOutcome.Over;
        signal.Set();
        return SendOutcome.Sent;
    }

    internal (uint Seq, bool WasWritten, bool IsAnswered) Look(KeptMessage message) => outbox.Look(message);

    /// <summary>Lets go of the call.</summary>
    internal void Stop()
    {
        isStopping = true;
        signal.Set();
    }

    /// <summary>At the end of the loop; ends nothing that still runs.</summary>
    public void Dispose()
    {
        timer.Dispose();
        stopConnecting.Dispose();
    }

    private async Task RunAsync()
    {
        try
        {
            while (!isStopping && !status.IsOver)
            {
                Step(time.GetTimestamp());
                if (status.IsOver) break;
                await signal.WaitAsync().ConfigureAwait(false);
            }
        }
        catch (Exception bug)
        {
            // The platform must be told, and nobody may wait for ever.
            GiveUp(new CallRefusal(Grpc.Core.StatusCode.Internal, "INTERNAL", $"the client failed: {bug}"));
        }

        await CloseAsync().ConfigureAwait(false);
    }

    private void Step(long now)
    {
        if (former is not null) ReadFormer(now);
        if (current is not null && former is null) ReadCurrent(now);
        TakeConnected(now);
        if (summaryUntil <= now && !status.IsOver) SetStatus(status with { State = CallState.Ended });
        if (status.IsOver) return;
        Connect(now);
        if (current is not null) Write(now);
        if (standing.Lapse(AnsweredMs(now))) Events.Tell(standing);
        TellDropped();
        SetTimer(now);
    }

    private void ReadFormer(long now)
    {
        while (former!.TryRead(out ScoreCallResponse? response, out CallRefusal? end) || end is not null)
        {
            if (end is not null)
            {
                formerUntil = now;
                break;
            }

            if (response!.Update is { } update) OnUpdate(update, now);
        }

        if (now < formerUntil) return;
        former.Dispose();
        former = null;
    }

    private void ReadCurrent(long now)
    {
        while (current is not null && !status.IsOver)
        {
            if (current.TryRead(out ScoreCallResponse? response, out CallRefusal? end)) OnResponse(response!, now);
            else if (end is not null) OnEnd(end);
            else break;
        }

        if (current is null || status.IsOver || !times.IsDead(now)) return;
        current.HasGoneSilent(options.AnswerLimit);
        OnEnd(CallRefusal.Own($"no answer for {options.AnswerLimit.TotalSeconds} s"));
    }

    private void OnResponse(ScoreCallResponse response, long now)
    {
        idleStreams = 0;
        switch (response.MessageCase)
        {
            case ScoreCallResponse.MessageOneofCase.Update:
                if (response.Update.Seq > 0) times.Answered(response.Update.Seq, now);
                OnUpdate(response.Update, now);
                break;
            case ScoreCallResponse.MessageOneofCase.Heartbeat:
                times.Beaten(response.Heartbeat.DurableSeq, now);
                SetDurable(response.Heartbeat.DurableSeq);
                break;
            case ScoreCallResponse.MessageOneofCase.Draining:
                Events.Tell(new CallNoticeEventArgs { Notice = CallNotice.Draining });
                moveAt ??= now + times.Ticks(TimeSpan.FromMilliseconds(response.Draining.ReconnectAfterMs));
                break;
            case ScoreCallResponse.MessageOneofCase.Summary:
                OnSummary(response.Summary, now);
                break;
            default:
                break; // of a later minor version
        }
    }

    private void OnUpdate(ScoreUpdate update, long now)
    {
        if (update.HasEndMs) clock.Told(update.EndMs, now);
        if (update.Interim)
        {
            SetDurable(update.DurableSeq);
            updates.Write(update);
            return;
        }

        bool isNew = true;
        if (update.Duplicate && update.AsOfSeq < update.Seq) outbox.RemoveUncounted(update);
        else if (update.Seq > 0)
        {
            isNew = outbox.Answered(update, out int? timeMs);
            if (timeMs is { } ms) answeredClock.Told(ms, now);
        }

        SetDurable(update.DurableSeq);

        // What is scored again after a server lost it says what stood then.
        if (update.AsOfSeq >= asOfSeq)
        {
            asOfSeq = update.AsOfSeq;
            standing.Update(update.Recommendations);
            Events.Tell(standing);
        }

        if (isNew) updates.Write(update);
    }

    /// <summary>
    /// One that is not durable may be another tomorrow: what is kept stays kept, and the end is sent again on a new stream until the journal has it, or
    /// the time for that is up.
    /// </summary>
    private void OnSummary(CallSummary summary, long now)
    {
        outbox.Seal();
        SetDurable(summary.Last?.DurableSeq ?? 0);
        // After a loss the first one says more.
        if (status.Summary is { } told && HasLost(summary) && !HasLost(told)) summary = told;
        bool isFinal = status.Opened is not { Durability: Durability.Node or Durability.Shared } || EndResult.IsKept(summary) || options.DurableSummaryLimit == TimeSpan.Zero;
        if (!isFinal && summaryUntil is null)
        {
            summaryUntil = now + times.Ticks(options.DurableSummaryLimit);
            Events.Tell(new CallNoticeEventArgs { Notice = CallNotice.SummaryNotDurable });
        }

        SetStatus(status with { State = isFinal || summaryUntil <= now ? CallState.Ended : CallState.Connecting, Summary = summary });
        if (status.IsOver) return;
        current!.HalfClose();
        current.Dispose();
        current = null;
        if (connecting is null) Connect(CallRefusal.Own("the summary is not durable yet") with { RetryAfter = AskAgainAfter });
    }

    private static bool HasLost(CallSummary summary) => summary.Last is { } last && last.Degraded.Contains(Degradation.HistoryLost);

    /// <summary>The stream that was open has ended.</summary>
    private void OnEnd(CallRefusal refusal)
    {
        current!.Dispose();
        current = null;
        outbox.StopWaiting();
        // A stream that takes the call over ends this one; so does a node that we are about to leave.
        if (connecting is not null && (refusal.NextStep != NextStep.Superseded || connector.Starts > 0))
        {
            SetStatus(status with { State = CallState.Connecting });
            return;
        }

        SetBroken(refusal);
        if (refusal.NextStep is NextStep.GiveUp or NextStep.Superseded)
        {
            GiveUp(refusal);
            return;
        }

        SetStatus(status with { Refusal = refusal, State = refusal.NextStep == NextStep.ReopenWhenNeeded ? CallState.Quiet : CallState.Connecting });
        if (refusal.NextStep != NextStep.ReopenWhenNeeded) Connect(refusal);
    }

    private void TakeConnected(long now)
    {
        if (connecting is not { IsCompleted: true } done) return;
        connecting = null;
        if (!done.IsCompletedSuccessfully)
        {
            if (!isStopping) GiveUp(new CallRefusal(Grpc.Core.StatusCode.Internal, "INTERNAL", $"connecting failed: {done.Exception?.InnerException}"));
            return;
        }

        if (done.Result.Refusal is { } refusal)
        {
            GiveUp(refusal);
            return;
        }

        Attach(done.Result.Attachment!, done.Result.LostBefore, now);
    }

    private void Attach(IAttachment attachment, uint lostBefore, long now)
    {
        CallOpened opened = attachment.Opened;
        former?.Dispose();
        (former, formerUntil) = (current, now + times.Ticks(FormerLimit));
        current = attachment;
        moveAt = null;
        idleStreams++;
        times = new StreamTimes(time, options.AnswerLimit, now);
        bool isKept = outbox.Open(opened.NextSeq);
        if (lostBefore > 0) Events.Tell(new CallNoticeEventArgs { Notice = CallNotice.HistoryLost, FromSeq = 1, ToSeq = lostBefore - 1 });
        SetStatus(status with { State = CallState.Attached, Opened = opened, HistoryLost = status.HistoryLost || lostBefore > 0 });
        SetDurable(opened.DurableSeq);
        Events.Tell(new CallNoticeEventArgs { Notice = CallNotice.Opened });
        firstAnswer.TrySetResult();
        if (opened.Current is { } standsNow && (standsNow.AsOfSeq > asOfSeq || asOfSeq == 0)) OnUpdate(standsNow, now);
        endAgain = null;
        if (opened.Ended)
        {
            // Whatever ended it: its summary is what is left to have.
            outbox.Seal();
            endAgain = new ScoreCallRequest { End = new CallEnd { Seq = Math.Max(1, opened.NextSeq - 1) } };
        }
        else if (!isKept)
        {
            OnEnd(CallRefusal.Own($"seq {opened.NextSeq} is not kept any more"));
        }
    }

    private void Connect(long now)
    {
        if (connecting is not null || status.IsOver || isStopping) return;
        if (current is null)
        {
            if (status.State != CallState.Quiet || outbox.HasUnwritten) Connect(null);
        }
        else if (moveAt <= now)
        {
            moveAt = null;
            connector.LeaveNode();
            Connect(null);
        }
    }

    private void Connect(CallRefusal? broken)
    {
        if (status.State == CallState.Quiet) SetStatus(status with { State = CallState.Connecting });
        connecting = connector.OpenAsync(broken, idleStreams, stopConnecting.Token);
        if (!connecting.IsCompleted) connecting.GetAwaiter().UnsafeOnCompleted(signal.SetAction);
        else signal.Set();
    }

    private void Write(long now)
    {
        bool isOpen = endAgain is null && !outbox.IsSealed;
        if (isOpen && times.IsTickDue(now, TickInterval)) outbox.AddTick(Tick(now), now);
        while (current!.CanWrite && NextToWrite(now) is { } request) current.Write(request);
    }

    private ScoreCallRequest? NextToWrite(long now)
    {
        if (endAgain is not null)
        {
            if (times.IsEndSent) return null;
            times.EndSent(now);
            return endAgain;
        }

        if (outbox.TakeNext(out KeptMessage? message) is { } request)
        {
            if (message is null)
            {
                times.Sent(now);
                return request;
            }

            times.Sent(message.Seq, now);
            // Sent late and without a time, it would seem to be said now.
            if (!message.HasTime && time.GetElapsedTime(message.GivenAt, now) > StampAfter && (clock.IsTold || status.Opened is { Resumed: false }))
                request = outbox.Stamp(message, clock.At(message.GivenAt));
            if (message.TimeMs is { } ms) clock.Told(ms, message.GivenAt);
            return request;
        }

        bool flush = IsFlushDue(now);
        if (!flush && !times.IsHeartbeatDue(now, options.HeartbeatInterval)) return null;
        times.HeartbeatSent(flush ? outbox.AnsweredSeq : 0, now);
        return new ScoreCallRequest { Heartbeat = new Heartbeat { Flush = flush } };
    }

    /// <summary>Messages that are answered but not durable, and nothing else is said: the server is asked to tell when they are.</summary>
    private bool IsFlushDue(long now) =>
        status.Opened is { Durability: Durability.Node or Durability.Shared } && outbox.AnsweredSeq > status.DurableSeq && times.IsFlushDue(now, FlushDelay);

    private ScoreCallRequest Tick(long now)
    {
        var tick = new CallEvent { Kind = CallEventKind.Tick };
        if (clock.IsTold) tick.AtMs = clock.At(now);
        return new ScoreCallRequest { Event = tick };
    }

    /// <summary>For what lapses: one more tick goes first, so that a server that is there has the word.</summary>
    private int AnsweredMs(long now) => answeredClock.At(now) - (int)TickInterval.TotalMilliseconds - LapseGraceMs;

    private TimeSpan TickInterval => TimeSpan.FromMilliseconds(status.Opened?.TickIntervalMs ?? 0);

    private void SetTimer(long now)
    {
        long next = long.MaxValue;
        if (former is not null) next = formerUntil;
        if (current is not null)
        {
            next = Math.Min(next, times.NextDue(outbox.IsSealed ? TimeSpan.Zero : TickInterval, options.HeartbeatInterval));
            if (status.Opened is { Durability: Durability.Node or Durability.Shared } && outbox.AnsweredSeq > status.DurableSeq)
                next = Math.Min(next, times.NextFlush(FlushDelay));
            if (moveAt is { } move && connecting is null) next = Math.Min(next, move);
        }

        if (summaryUntil is { } until) next = Math.Min(next, until);
        if (standing.NextExpiryMs is { } expiry) next = Math.Min(next, now + times.Ticks(TimeSpan.FromMilliseconds(Math.Max(0, expiry - AnsweredMs(now)) + 1)));
        TimeSpan wait = next == long.MaxValue ? Timeout.InfiniteTimeSpan
            : next <= now ? TimeSpan.FromMilliseconds(1)
            : TimeSpan.FromMilliseconds(Math.Ceiling(time.GetElapsedTime(now, next).TotalMilliseconds));
        timer.Change(wait, Timeout.InfiniteTimeSpan);
    }

    private void SetDurable(uint durableSeq)
    {
        if (status.Opened is not { Durability: Durability.Node or Durability.Shared } || durableSeq <= status.DurableSeq) return;
        outbox.Durable(durableSeq);
        SetStatus(status with { DurableSeq = durableSeq });
    }

    private void TellDropped()
    {
        if (outbox.TakeDropped() is not { ToSeq: > 0 } dropped) return;
        SetStatus(status with { Lost = status.Lost + dropped.Uncounted });
        Events.Tell(new CallNoticeEventArgs { Notice = CallNotice.Dropped, FromSeq = dropped.FromSeq, ToSeq = dropped.ToSeq });
    }

    private void SetStatus(CallStatus next) => Volatile.Write(ref status, next);

    /// <summary>Of the connecting, too: on any thread.</summary>
    private void SetBroken(CallRefusal refusal)
    {
        Interlocked.Increment(ref breaks);
        Events.Tell(new CallNoticeEventArgs { Notice = CallNotice.Broken, Refusal = refusal });
    }

    private void GiveUp(CallRefusal refusal)
    {
        if (status.Summary is not null)
        {
            // It will not become durable, and it is all the same what there is.
            SetStatus(status with { State = CallState.Ended, Refusal = refusal });
            return;
        }

        SetStatus(status with { State = CallState.GivenUp, Refusal = refusal });
        Events.Tell(new CallNoticeEventArgs { Notice = CallNotice.GivenUp, Refusal = refusal });
    }

    private async Task CloseAsync()
    {
        outbox.Close();
        if (!status.IsOver) SetStatus(status with { State = CallState.Detached });
        await stopConnecting.CancelAsync().ConfigureAwait(false);
        current?.HalfClose();
        current?.Dispose();
        former?.Dispose();
        if (connecting is not null)
        {
            await ((Task)connecting).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (connecting.IsCompletedSuccessfully) connecting.Result.Attachment?.Dispose();
        }

        Dispose();
        updates.Complete();
        standing.Clear();
        Events.Tell(standing);
        Events.Close();
        firstAnswer.TrySetResult();
        over.TrySetResult();
    }
}
