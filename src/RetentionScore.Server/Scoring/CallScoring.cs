using System.Globalization;
using System.Text;
using Google.Protobuf;
using RetentionScore.Core.Calls;
using RetentionScore.Core.Dialogue;
using RetentionScore.Core.Policy;
using RetentionScore.Core.Signals;
using RetentionScore.Server.Calls;
using RetentionScore.Server.Journal;
using RetentionScore.Server.Scoring.Wire;

namespace RetentionScore.Server.Scoring;

/// <summary>
/// One call and the order of what changes it: tells new messages from duplicates and gaps, reads content that is never fatal, has Core score
/// it, and says what is answered. The same for live calls and for transcripts. Not thread-safe: one owner at a time.
/// </summary>
internal sealed class CallScoring
{
    private readonly ICallClock clock;
    private readonly CallFactory factory;
    private CallMemory? memory; // until it ends
    private CallSession? session;
    private string lastUtteranceId = ""; // once it has ended
    private byte[]? ended; // the summary: a call that has ended is kept for a while, and one array is easier to keep than what it is made of
    private DegradationSet always;
    private bool failureLogged;
    private bool explains;
    private bool sheds;

    internal CallScoring(V1.CallStart start, RetentionPolicy policy, CallContext context, SignalReader reader, ICallClock clock, CallFactory factory, CallJournal journal)
    {
        Journal = journal;
        CallId = start.CallId;
        PolicyVersion = policy.Version;
        ModelVersion = reader.Version;
        this.clock = clock;
        this.factory = factory;
        explains = start.Explain;
        memory = factory.Idle.Take(policy, context, reader, StartCheck.IsEvaluated(start.Language), start.Explain);
        session = memory.Session;
    }

    /// <summary>A call that has ended, as it was kept.</summary>
    internal CallScoring(string callId, in EndedCall kept, ICallClock clock, CallFactory factory, CallJournal journal)
    {
        Journal = journal;
        CallId = callId;
        PolicyVersion = kept.PolicyVersion;
        ModelVersion = kept.ModelVersion;
        this.clock = clock;
        this.factory = factory;
        NextSeq = kept.NextSeq;
        ended = kept.Summary;
        lastUtteranceId = kept.LastUtteranceId;
    }

    internal string CallId { get; }

    internal string PolicyVersion { get; }

    /// <summary>The model that reads its words: the one that was loaded when it was opened or restored here.</summary>
    internal string ModelVersion { get; }

    /// <summary>How far the call has come in the journal.</summary>
    internal CallJournal Journal { get; }

    /// <summary>The seq of the next message that counts.</summary>
    internal uint NextSeq { get; private set; } = 1;

    /// <summary>Where a source that crashed goes on.</summary>
    internal string LastUtteranceId => memory?.RecentIds.Last ?? lastUtteranceId;

    /// <summary>Whether the call has come to an end.</summary>
    internal bool HasEnded => ended is not null;

    /// <summary>What the call came to, a message of the caller's own; null while it lives.</summary>
    internal V1.CallSummary? Summary => ended is null ? null : V1.CallSummary.Parser.ParseFrom(ended);

    /// <summary>Opens the call at a seq whose history is elsewhere or lost; every update says so from now on.</summary>
    internal void LoseHistory(uint nextSeq, ScoringWorkspace workspace)
    {
        NextSeq = nextSeq;
        always |= V1.Degradation.HistoryLost;
        if (!Journal.IsKept || session is null) return;
        var record = new JournalRecord { IsLostHistory = true, ZeroUnixMs = clock.ZeroUnixMs };
        record.Signals.Kind = RecordKind.Place;
        record.Signals.Entry.Seq = nextSeq - 1;
        Append(record, workspace);
    }

    /// <summary>
    /// Takes all records that follow each other from what the journal has: the same state, without words. What comes behind a damaged record is left
    /// out, until records written later go on where the damage began.
    /// </summary>
    /// <param name="stored">The call as the journal has it.</param>
    /// <param name="workspace">Of this thread.</param>
    /// <returns>Whether anything was damaged.</returns>
    internal bool Restore(StoredCall stored, ScoringWorkspace workspace)
    {
        bool isDamaged = false;
        long zeroUnixMs = clock.ZeroUnixMs;
        foreach (byte[] piece in stored.Records)
        {
            int at = 0;
            RecordRead read;
            while ((read = RecordFormat.Read(piece, ref at, Journal.CallNo, out JournalRecord record)) == RecordRead.Read)
            {
                if (session is null || record.Seq < NextSeq || record.Seq > NextSeq && !record.IsLostHistory) continue;
                Replay(record, workspace);
                zeroUnixMs = record.ZeroUnixMs;
            }

            isDamaged |= read == RecordRead.Damaged;
        }

        session?.SetLastWords(ofCustomer: true, stored.Words.Customer);
        session?.SetLastWords(ofCustomer: false, stored.Words.Agent);
        (clock as ArrivalClock)?.Restore(zeroUnixMs);
        if (stored.Summary is not null)
        {
            // As it was told, also where the records of its end cannot be read.
            V1.CallSummary summary = V1.CallSummary.Parser.ParseFrom(stored.Summary);
            NextSeq = Math.Max(NextSeq, summary.Last.Seq + 1);
            Close(summary);
        }

        Journal.Advance(NextSeq - 1);
        return isDamaged;
    }

    /// <summary>Whether updates explain themselves; whoever attaches chooses.</summary>
    internal void Explain(bool explain) => explains = explain;

    /// <summary>The score as it stands.</summary>
    internal V1.ScoreUpdate Current(ScoringWorkspace workspace)
    {
        sheds = false;
        if (session is not null) session.Explain = explains;
        return session is null ? SummaryMessage.Standing(Summary!.Last) : Begin(session.Current(workspace.Scratch), DegradationSet.None, workspace).ToMessage();
    }

    /// <summary>Core's score as it stands, the workspace's; null of a call that has ended.</summary>
    internal ScoreUpdate? Standing(ScoringWorkspace workspace) => session?.Current(workspace.Scratch);

    /// <summary>Answers an utterance, an event or an end; anything else is no message of a call's order.</summary>
    /// <param name="frame">The message; still the caller's.</param>
    /// <param name="workspace">Of this thread; it holds the update that is answered.</param>
    /// <param name="sheds">Leaves out what explains the answer, and says so; the score is the same.</param>
    internal Answer Take(CallFrame frame, ScoringWorkspace workspace, bool sheds = false)
    {
        this.sheds = sheds;
        if (session is not null) session.Explain = explains && !sheds;
        factory.BeforeAnswer?.Invoke();
        return frame.Member switch
        {
            FrameMember.Utterance when frame.Interim => Preview(frame, workspace),
            FrameMember.Utterance => ObserveUtterance(frame, workspace),
            FrameMember.Event => ObserveEvent(frame, workspace),
            FrameMember.End => End(frame, workspace),
            _ => Answer.Nothing,
        };
    }

    /// <summary>Ends a call that nobody ended; null where somebody did.</summary>
    internal V1.CallSummary? EndUnattended(ScoringWorkspace workspace)
    {
        sheds = false;
        return HasEnded ? null : Finish(Disposition.Unspecified, clock.At(session!.NowMs), DegradationSet.None, workspace);
    }

    /// <summary>What is to be kept of a call that has ended.</summary>
    internal EndedCall Ended(long quietSince) => new(ended!, NextSeq, Journal.DurableSeq, Journal.Epoch, quietSince, PolicyVersion, ModelVersion, lastUtteranceId);

    private Answer ObserveUtterance(CallFrame utterance, ScoringWorkspace workspace)
    {
        DegradationSet flags = DegradationSet.None;
        uint seq = utterance.Seq, corrects = utterance.CorrectsSeq;
        ReadOnlySpan<byte> id = SpokenContent.ReadId(utterance, ref flags);
        bool isKnownId = memory is not null && memory.RecentIds.Contains(id);
        if (OutOfOrder("utterance", utterance, isKnownId && corrects == 0, workspace) is { } answer) return answer;

        var content = SpokenContent.Read(utterance, clock, session!.NowMs, factory.MaxTextChars, flags);
        ScoreUpdate score;
        try
        {
            factory.BeforeScoring?.Invoke(seq);
            score = session.Observe(content.ToCore(seq, corrects), workspace.Scratch);
        }
        catch (Exception exception)
        {
            score = KeepPlace(seq, content.Times.EndMs, workspace, exception);
        }

        NextSeq = seq + 1;
        // A correction keeps the time, and mostly the id, of what it corrects.
        if (corrects == 0) clock.Seen(content.Times.EndMs);
        if (!isKnownId) memory!.RecentIds.Add(id);
        Keep(workspace, isKnownId || id.IsEmpty ? default : utterance.UtteranceId, content.Text);
        ScoredUpdate update = Begin(score, content.Flags, workspace);
        update.UtteranceId = utterance.UtteranceId;
        if (content.TimesAreFilled && corrects == 0) update.Filled = content.Times;
        return Answer.With(corrects == 0 ? AnswerKind.Counted : AnswerKind.Correction, update);
    }

    private Answer Preview(CallFrame interim, ScoringWorkspace workspace)
    {
        if (session is null) return Answer.Refuse(Ended("utterance.interim", "true"));
        DegradationSet flags = DegradationSet.None;
        SpokenContent.ReadId(interim, ref flags);
        var content = SpokenContent.Read(interim, clock, session.NowMs, factory.MaxTextChars, flags);
        flags = content.Flags;
        ScoreUpdate score;
        try
        {
            factory.BeforeScoring?.Invoke(0);
            score = session.Preview(content.ToCore(0, 0), workspace.Scratch);
        }
        catch (Exception exception)
        {
            LogOnce(exception);
            flags |= V1.Degradation.NotEvaluated;
            score = session.Current(workspace.Scratch);
        }

        ScoredUpdate update = Begin(score, flags, workspace);
        update.Seq = 0;
        update.Interim = true;
        update.UtteranceId = interim.UtteranceId;
        if (content.TimesAreFilled) update.Filled = content.Times;
        return Answer.With(AnswerKind.Interim, update);
    }

    private Answer ObserveEvent(CallFrame callEvent, ScoringWorkspace workspace)
    {
        if (OutOfOrder("event", callEvent, isKnownId: false, workspace) is { } answer) return answer;
        DegradationSet flags = DegradationSet.None;
        int at = CallTimes.Read(callEvent.AtMs, clock, session!.NowMs, ref flags, out bool isFilled);
        if (!CallMessages.TryRead(callEvent.Kind, out CallEventKind kind)) flags |= V1.Degradation.InputIgnored;
        PromptId prompt = default;
        if (kind is CallEventKind.PromptShown or CallEventKind.PromptAccepted or CallEventKind.PromptDismissed
            && !CallMessages.TryReadPrompt(callEvent.RecommendationId, out prompt)) flags |= V1.Degradation.InputIgnored;
        CallContext? context = null;
        if (kind == CallEventKind.ContextChanged)
        {
            context = CallMessages.Read(callEvent.Context, out ContextName? tooLong);
            if (tooLong is not null) flags |= V1.Degradation.InputIgnored;
        }

        ScoreUpdate score;
        try
        {
            factory.BeforeScoring?.Invoke(callEvent.Seq);
            score = session.Observe(
                new CallEvent { Seq = callEvent.Seq, AtMs = at, Kind = kind, Context = context, Prompt = prompt }, workspace.Scratch);
        }
        catch (Exception exception)
        {
            score = KeepPlace(callEvent.Seq, at, workspace, exception);
        }

        NextSeq = callEvent.Seq + 1;
        clock.Seen(at);
        Keep(workspace, default, default);
        ScoredUpdate update = Begin(score, flags, workspace);
        if (isFilled) update.Filled = new MessageTimes(at, at);
        return Answer.With(AnswerKind.Counted, update);
    }

    private Answer End(CallFrame end, ScoringWorkspace workspace)
    {
        // Whoever ends a call again asks for its summary, whatever ended it before.
        if (end.Seq != 0 && Summary is { } before) return Answer.EndedBefore(before);
        if (OutOfOrder("end", end, isKnownId: false, workspace) is { } answer) return answer;
        DegradationSet flags = DegradationSet.None;
        int at = CallTimes.Read(end.AtMs, clock, session!.NowMs, ref flags, out _);
        if (!CallMessages.TryRead(end.Disposition, out Disposition disposition)) flags |= V1.Degradation.InputIgnored;
        return Answer.End(Finish(disposition, at, flags, workspace), workspace.Update);
    }

    private V1.CallSummary Finish(Disposition disposition, int atMs, DegradationSet flags, ScoringWorkspace workspace)
    {
        uint seq = NextSeq;
        sheds = false; // a summary is asked for once, and kept
        session!.Explain = explains;
        V1.CallSummary told;
        try
        {
            factory.BeforeScoring?.Invoke(seq);
            CallSummary summary = session.End(new CallEnd(seq, atMs, disposition), workspace.Scratch);
            told = SummaryMessage.Of(CallId, summary, Begin(workspace.Scratch.Update, flags, workspace).ToMessage());
        }
        catch (Exception exception)
        {
            V1.ScoreUpdate last = Begin(KeepPlace(seq, atMs, workspace, exception), flags, workspace).ToMessage();
            told = new V1.CallSummary { CallId = CallId, Disposition = (V1.Disposition)disposition, Last = last, CancelStage = last.CancelStage };
        }

        NextSeq = seq + 1;
        // Kept as it is told once it is durable.
        told.Last.Degraded.Remove(V1.Degradation.NotDurable);
        byte[] summaryBytes = told.ToByteArray();
        Keep(workspace, default, default, summaryBytes);
        Close(summaryBytes);
        return told;
    }

    private void Replay(in JournalRecord record, ScoringWorkspace workspace)
    {
        if (record.IsLostHistory)
        {
            always |= V1.Degradation.HistoryLost;
        }
        else if (record.Signals.Kind == RecordKind.End)
        {
            CallSummary summary = session!.End(new CallEnd(record.Seq, record.Signals.Entry.StartMs, record.Signals.Disposition), workspace.Scratch);
            Close(SummaryMessage.Of(CallId, summary, workspace.Update.Begin(workspace.Scratch.Update, always, 0).ToMessage()));
        }
        else
        {
            session!.Replay(record.Signals, workspace.Scratch);
        }

        NextSeq = record.Seq + 1;
        if (!record.UtteranceId.IsEmpty) memory?.RecentIds.Add(record.UtteranceId.Span);
    }

    /// <summary>Hands what the message brought to the journal.</summary>
    private void Keep(ScoringWorkspace workspace, ReadOnlyMemory<byte> id, ReadOnlySpan<byte> text, byte[]? endsWith = null)
    {
        if (!Journal.IsKept) return;
        byte[]? kept = factory.StoresText && !text.IsEmpty ? Redaction.Of(text) : null;
        Append(new JournalRecord { Signals = workspace.Scratch.Record, UtteranceId = id, ZeroUnixMs = clock.ZeroUnixMs, Text = kept }, workspace, endsWith);
    }

    private void Append(in JournalRecord record, ScoringWorkspace workspace, byte[]? endsWith = null)
    {
        int length = RecordFormat.Write(workspace.Record, Journal.CallNo, record);
        Journal.Append(
            record.Seq, workspace.Record.AsSpan(0, length), session!.LastWords(ofCustomer: true), session.LastWords(ofCustomer: false),
            endsWith, record.Signals.Context?.CustomerId);
    }

    private void Close(V1.CallSummary summary) => Close(summary.ToByteArray());

    /// <summary>What is left to say is in the summary.</summary>
    private void Close(byte[] summary)
    {
        ended = summary;
        if (memory is null) return;
        lastUtteranceId = memory.RecentIds.Last;
        factory.Idle.Return(memory);
        (memory, session) = (null, null);
    }

    /// <summary>The answer to a message whose turn it is not; null where it is.</summary>
    private Answer? OutOfOrder(string field, CallFrame frame, bool isKnownId, ScoringWorkspace workspace)
    {
        uint seq = frame.Seq;
        if (seq == 0) return Answer.Refuse(Refusal.Invalid($"{field}.seq", "0", "1 or more on a final message"));
        if (seq < NextSeq || isKnownId && session is not null) return Repeat(frame, workspace);

        if (session is null) return Answer.Refuse(Ended($"{field}.seq", seq.ToString(CultureInfo.InvariantCulture)));
        if (seq == NextSeq) return null;
        string next = NextSeq.ToString(CultureInfo.InvariantCulture);
        return Answer.Refuse(new Refusal(RefusalReason.SequenceGap, $"{field}.seq is {seq}, the next is {next}")
        {
            NextSeq = NextSeq,
            Field = $"{field}.seq",
            Value = seq.ToString(CultureInfo.InvariantCulture),
            Limit = next,
        });
    }

    private Answer Repeat(CallFrame frame, ScoringWorkspace workspace)
    {
        if (session is null)
        {
            V1.ScoreUpdate told = Current(workspace);
            (told.Seq, told.Duplicate, told.UtteranceId) = (frame.Seq, true, Encoding.UTF8.GetString(frame.UtteranceId.Span));
            return Answer.Repeat(told);
        }

        ScoredUpdate update = Begin(session.Current(workspace.Scratch), DegradationSet.None, workspace);
        (update.Seq, update.Duplicate, update.UtteranceId) = (frame.Seq, true, frame.UtteranceId);
        return Answer.With(AnswerKind.Duplicate, update);
    }

    private Refusal Ended(string field, string value) => new(RefusalReason.CallEnded, $"{field} is {value}, the call ended at seq {NextSeq - 1}")
    {
        Field = field,
        Value = value,
        Limit = (NextSeq - 1).ToString(CultureInfo.InvariantCulture),
    };

    private ScoredUpdate Begin(ScoreUpdate score, DegradationSet flags, ScoringWorkspace workspace)
    {
        if (Journal.IsBehind) flags |= V1.Degradation.NotDurable;
        if (sheds) flags |= V1.Degradation.Shed;
        return workspace.Update.Begin(score, flags | always, Journal.DurableSeq);
    }

    private ScoreUpdate KeepPlace(uint seq, int atMs, ScoringWorkspace workspace, Exception exception)
    {
        LogOnce(exception);
        return session!.KeepPlace(seq, atMs, workspace.Scratch);
    }

    private void LogOnce(Exception exception)
    {
        if (failureLogged) return;
        failureLogged = true;
        factory.LogNotEvaluated(CallId, exception);
    }
}
