using RetentionScore.LoadTests.Calls;
using RetentionScore.LoadTests.Carriers;

namespace RetentionScore.LoadTests.Loop;

/// <summary>
/// Plays one call after another. When each message is due is fixed beforehand and owes nothing to the answers: what is sent late, because the
/// server or this program was slow, is late by the clock. Only the next call waits for the end of the one before, and its lateness counts, too.
/// For the loop's thread.
/// </summary>
internal sealed class Lane(int index, LoadClock clock, ICarrier carrier, CallScript[] scripts, Record record, Func<ReadOnlySpan<byte>, AnswerKind> kindOf)
{
    private const long RetryAfterNs = 200_000_000;

    private CallScript script = scripts[index % scripts.Length];
    private State state = State.Idle;
    private Sent[] sent = new Sent[4];
    private int sentFirst, sentCount, next, round;
    private long openedDue, endedDue;
    private ulong attempt;
    private bool isBlocked;

    private enum State
    {
        Idle,
        Opening,
        Attaching,
        Live,
        Ending,
    }

    private readonly record struct Sent(long Due, uint Seq, bool IsUtterance);

    internal int Index => index;

    /// <summary>When what it does next, or did last, was planned: with bursts, before it is due. The clock's.</summary>
    internal long Planned { get; set; }

    /// <summary>Its number on a trunk.</summary>
    internal uint Channel { get; init; }

    internal string CallId { get; private set; } = "";

    /// <summary>Whether a call is open.</summary>
    internal bool IsLive => state is State.Live or State.Ending;

    /// <summary>Whether nothing is to be reported of it: a client that does not read is expected to be thrown out.</summary>
    internal bool IsExpectedToFail { get; init; }

    /// <summary>Does what is due now. Schedules what is due after it.</summary>
    internal void Act(long due)
    {
        switch (state)
        {
            case State.Ending:
            case State.Attaching:
                isBlocked = true; // goes on when the summary, or `opened`, is here
                endedDue = Planned;
                break;
            case State.Idle:
                Start(due);
                break;
            default:
                SendNext(due);
                break;
        }
    }

    /// <summary>A ScoreCallResponse of this call, or its echo.</summary>
    internal void Received(ReadOnlySpan<byte> answer, long now)
    {
        switch (kindOf(answer))
        {
            case AnswerKind.Opened:
                Opened(answer, now);
                break;
            case AnswerKind.Update:
                ReadOnlySpan<byte> update = AnswerReader.Inner(answer);
                Updated(AnswerReader.Member(update, 1), AnswerReader.Member(update, 15) > 0, now);
                break;
            case AnswerKind.Summary:
                Finished(now);
                break;
            case AnswerKind.Draining:
                record.Fail("draining");
                break;
        }
    }

    /// <summary>The call's stream, channel or connection is gone.</summary>
    internal void Ended(int status, string why)
    {
        if (status == 0 && state == State.Idle) return; // behind the summary
        if (state == State.Idle) return;
        if (IsExpectedToFail) record.ThrownOut();
        else record.Fail(status < 0 ? why : $"status {status}: {why}", Math.Max(1, sentCount));
        Forget();
        state = State.Idle;
        clock.Schedule(this, LoadClock.Now + RetryAfterNs);
    }

    /// <summary>The connection was cut by the test: comes back as a client would, and goes on where the server says.</summary>
    internal void ComeBack(long due)
    {
        if (state == State.Idle) return;
        state = State.Attaching;
        Forget();
        openedDue = due;
        carrier.Start(this, script.Start(CallId, ++attempt));
    }

    /// <summary>What was not answered when the test was over.</summary>
    internal void GiveUp(long now)
    {
        for (; sentCount > 0 && !IsExpectedToFail; sentCount--)
        {
            record.Unanswered(sent[sentFirst].Due, now);
            sentFirst = (sentFirst + 1) % sent.Length;
        }
    }

    private void Start(long due)
    {
        script = scripts[(index + round) % scripts.Length];
        CallId = $"load-{record.RunId}-{index}-{round++}";
        next = 0;
        openedDue = due;
        state = State.Opening;
        attempt = 1;
        carrier.Start(this, script.Start(CallId, attempt));
        clock.ScheduleAfter(this, script.Messages[0].GapMs);
    }

    private void SendNext(long due)
    {
        // Who does not read says the same again and again and never ends: a call of ordinary length fits into the server's buffers.
        if (IsExpectedToFail && next == script.Messages.Length - 1) next--;
        ref readonly ScriptMessage message = ref script.Messages[next++];
        bool isLast = next == script.Messages.Length;
        Push(new Sent(due, message.Seq, message.IsUtterance));
        carrier.Send(this, message.Request, isLast);
        if (message.IsUtterance) record.UtteranceSent(due, LoadClock.Now);
        if (isLast) state = State.Ending;
        clock.ScheduleAfter(this, isLast ? CallScript.PauseMs : script.Messages[next].GapMs);
    }

    private void Opened(ReadOnlySpan<byte> answer, long now)
    {
        record.Opened(openedDue, now);
        if (state == State.Opening) state = State.Live;
        if (state != State.Attaching) return;
        // What was sent and not counted is sent again.
        next = Math.Max(0, (int)AnswerReader.Member(AnswerReader.Inner(answer), 2) - 1);
        state = next < script.Messages.Length ? State.Live : State.Idle;
        Unblock();
    }

    private void Updated(uint seq, bool isDegraded, long now)
    {
        if (sentCount == 0 || sent[sentFirst].Seq != seq)
        {
            record.Fail($"an answer out of order");
            return;
        }

        Sent answered = Pop();
        record.Answered(answered.Due, now, answered.IsUtterance, isDegraded);
    }

    private void Finished(long now)
    {
        if (sentCount != 1) record.Fail("a summary out of order");
        if (sentCount > 0) record.Finished(Pop().Due, now);
        Forget();
        state = State.Idle;
        Unblock();
    }

    private void Unblock()
    {
        if (!isBlocked) return;
        isBlocked = false;
        clock.Schedule(this, endedDue);
    }

    private void Forget() => sentFirst = sentCount = 0;

    private void Push(Sent message)
    {
        if (sentCount == sent.Length)
        {
            var larger = new Sent[sent.Length * 2];
            for (int i = 0; i < sentCount; i++) larger[i] = sent[(sentFirst + i) % sent.Length];
            sent = larger;
            sentFirst = 0;
        }

        sent[(sentFirst + sentCount++) % sent.Length] = message;
    }

    private Sent Pop()
    {
        Sent first = sent[sentFirst];
        sentFirst = (sentFirst + 1) % sent.Length;
        sentCount--;
        return first;
    }
}
