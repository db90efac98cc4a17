using System.Globalization;
using RetentionScore.Core.Calls;
using RetentionScore.Core.Dialogue;
using RetentionScore.Core.Policy;
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
    private readonly RecentIds recentIds = new();
    private CallSession? session;
    private DegradationSet always;
    private bool failureLogged;

    internal CallScoring(V1.CallStart start, RetentionPolicy policy, CallContext context, ICallClock clock, CallFactory factory)
    {
        CallId = start.CallId;
        PolicyVersion = policy.Version;
        this.clock = clock;
        this.factory = factory;
        session = new CallSession(policy, context, StartCheck.IsEvaluated(start.Language), start.Explain);
    }

    internal string CallId { get; }

    internal string PolicyVersion { get; }

    /// <summary>The seq of the next message that counts.</summary>
    internal uint NextSeq { get; private set; } = 1;

    /// <summary>Where a source that crashed goes on.</summary>
    internal string LastUtteranceId => recentIds.Last;

    /// <summary>What the call came to; null while it lives.</summary>
    internal V1.CallSummary? Summary { get; private set; }

    /// <summary>Prompts that the attention budget held back at the message before.</summary>
    internal int HeldBack { get; private set; }

    /// <summary>Opens the call at a seq whose history is elsewhere or lost; every update says so from now on.</summary>
    internal void LoseHistory(uint nextSeq)
    {
        NextSeq = nextSeq;
        always |= V1.Degradation.HistoryLost;
    }

    /// <summary>Whether updates explain themselves; whoever attaches chooses.</summary>
    internal void Explain(bool explain)
    {
        if (session is not null) session.Explain = explain;
    }

    /// <summary>The score as it stands.</summary>
    internal void WriteCurrent(V1.ScoreUpdate into, ScoringWorkspace workspace)
    {
        if (session is null) ScoreMessages.Copy(Summary!.Last, into);
        else ScoreMessages.Fill(into, session.Current(workspace.Scratch), always);
        into.Seq = 0;
    }

    /// <summary>Answers an utterance, an event or an end; anything else is no message of a call's order.</summary>
    /// <param name="request">The message.</param>
    /// <param name="workspace">Of this thread.</param>
    /// <param name="into">The message that an update is written into.</param>
    internal Answer Take(V1.ScoreCallRequest request, ScoringWorkspace workspace, V1.ScoreUpdate into)
    {
        HeldBack = 0;
        factory.BeforeAnswer?.Invoke();
        return request.MessageCase switch
        {
            V1.ScoreCallRequest.MessageOneofCase.Utterance when request.Utterance.Interim => Preview(request.Utterance, workspace, into),
            V1.ScoreCallRequest.MessageOneofCase.Utterance => Observe(request.Utterance, workspace, into),
            V1.ScoreCallRequest.MessageOneofCase.Event => Observe(request.Event, workspace, into),
            V1.ScoreCallRequest.MessageOneofCase.End => End(request.End, workspace, into),
            _ => Answer.Nothing,
        };
    }

    /// <summary>Ends a call that nobody ended.</summary>
    internal void EndUnattended(ScoringWorkspace workspace)
    {
        if (Summary is null) Finish(Disposition.Unspecified, clock.At(session!.NowMs), DegradationSet.None, workspace);
    }

    private Answer Observe(V1.Utterance utterance, ScoringWorkspace workspace, V1.ScoreUpdate into)
    {
        DegradationSet flags = DegradationSet.None;
        uint seq = utterance.Seq, corrects = utterance.CorrectsSeq;
        string id = SpokenContent.ReadId(utterance, ref flags);
        if (OutOfOrder("utterance", seq, corrects == 0 && recentIds.Contains(id), workspace, into) is { } answer)
        {
            into.UtteranceId = utterance.UtteranceId;
            return answer;
        }

        var content = SpokenContent.Read(utterance, clock, session!.NowMs, factory.MaxTextChars, flags);
        ScoreUpdate score;
        try
        {
            factory.BeforeScoring?.Invoke(seq);
            score = session.Observe(content.ToCore(seq, corrects, workspace), workspace.Scratch);
        }
        catch (Exception exception)
        {
            score = KeepPlace(seq, content.Times.EndMs, workspace, exception);
        }

        NextSeq = seq + 1;
        // A correction keeps the time, and mostly the id, of what it corrects.
        if (corrects == 0) clock.Seen(content.Times.EndMs);
        if (!recentIds.Contains(id)) recentIds.Add(id);
        Write(score, content.Flags, into);
        into.UtteranceId = utterance.UtteranceId;
        if (content.TimesAreFilled && corrects == 0) (into.StartMs, into.EndMs) = content.Times;
        return Answer.With(corrects == 0 ? AnswerKind.Counted : AnswerKind.Correction, into);
    }

    private Answer Preview(V1.Utterance interim, ScoringWorkspace workspace, V1.ScoreUpdate into)
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
            score = session.Preview(content.ToCore(0, 0, workspace), workspace.Scratch);
        }
        catch (Exception exception)
        {
            LogOnce(exception);
            flags |= V1.Degradation.NotEvaluated;
            score = session.Current(workspace.Scratch);
        }

        Write(score, flags, into);
        into.Seq = 0;
        into.Interim = true;
        into.Recommendations.Clear();
        into.UtteranceId = interim.UtteranceId;
        if (content.TimesAreFilled) (into.StartMs, into.EndMs) = content.Times;
        return Answer.With(AnswerKind.Interim, into);
    }

    private Answer Observe(V1.CallEvent callEvent, ScoringWorkspace workspace, V1.ScoreUpdate into)
    {
        if (OutOfOrder("event", callEvent.Seq, isKnownId: false, workspace, into) is { } answer) return answer;
        DegradationSet flags = DegradationSet.None;
        int at = CallTimes.Read(callEvent.HasAtMs ? callEvent.AtMs : null, clock, session!.NowMs, ref flags, out bool isFilled);
        if (!CallMessages.TryRead(callEvent.Kind, out CallEventKind kind)) flags |= V1.Degradation.InputIgnored;
        PromptId prompt = default;
        if (kind is CallEventKind.PromptShown or CallEventKind.PromptAccepted or CallEventKind.PromptDismissed
            && !CallMessages.TryReadPrompt(callEvent.RecommendationId, out prompt)) flags |= V1.Degradation.InputIgnored;
        CallContext? context = null;
        if (kind == CallEventKind.ContextChanged)
        {
            context = CallMessages.Read(callEvent.Context, out string? tooLong);
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
        Write(score, flags, into);
        if (isFilled) (into.StartMs, into.EndMs) = (at, at);
        return Answer.With(AnswerKind.Counted, into);
    }

    private Answer End(V1.CallEnd end, ScoringWorkspace workspace, V1.ScoreUpdate into)
    {
        // Whoever ends a call again asks for its summary, whatever ended it before.
        if (Summary is not null && end.Seq != 0) return Answer.With(AnswerKind.EndedBefore, Summary);
        if (OutOfOrder("end", end.Seq, isKnownId: false, workspace, into) is { } answer) return answer;
        DegradationSet flags = DegradationSet.None;
        int at = CallTimes.Read(end.HasAtMs ? end.AtMs : null, clock, session!.NowMs, ref flags, out _);
        if (!CallMessages.TryRead(end.Disposition, out Disposition disposition)) flags |= V1.Degradation.InputIgnored;
        return Answer.With(AnswerKind.Ended, Finish(disposition, at, flags, workspace));
    }

    private V1.CallSummary Finish(Disposition disposition, int atMs, DegradationSet flags, ScoringWorkspace workspace)
    {
        uint seq = NextSeq;
        var last = new V1.ScoreUpdate();
        try
        {
            factory.BeforeScoring?.Invoke(seq);
            CallSummary summary = session!.End(new CallEnd(seq, atMs, disposition), workspace.Scratch);
            Write(workspace.Scratch.Update, flags, last);
            Summary = ScoreMessages.Of(CallId, summary, last);
        }
        catch (Exception exception)
        {
            Write(KeepPlace(seq, atMs, workspace, exception), flags, last);
            Summary = new V1.CallSummary { CallId = CallId, Disposition = (V1.Disposition)disposition, Last = last, CancelStage = last.CancelStage };
        }

        NextSeq = seq + 1;
        session = null; // what is left to say is in the summary
        return Summary;
    }

    /// <summary>The answer to a message whose turn it is not; null where it is.</summary>
    private Answer? OutOfOrder(string field, uint seq, bool isKnownId, ScoringWorkspace workspace, V1.ScoreUpdate into)
    {
        if (seq == 0) return Answer.Refuse(Refusal.Invalid($"{field}.seq", "0", "1 or more on a final message"));
        if (seq < NextSeq || isKnownId && session is not null)
        {
            WriteCurrent(into, workspace);
            into.Seq = seq;
            into.Duplicate = true;
            return Answer.With(AnswerKind.Duplicate, into);
        }

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

    private Refusal Ended(string field, string value) => new(RefusalReason.CallEnded, $"{field} is {value}, the call ended at seq {NextSeq - 1}")
    {
        Field = field,
        Value = value,
        Limit = (NextSeq - 1).ToString(CultureInfo.InvariantCulture),
    };

    private void Write(ScoreUpdate score, DegradationSet flags, V1.ScoreUpdate into)
    {
        HeldBack = score.HeldBack;
        ScoreMessages.Fill(into, score, flags | always);
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
