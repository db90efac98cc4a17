using System.Globalization;
using System.Text;
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
    /// <summary>A later time of a call is impossible: seven days.</summary>
    internal const int MaxCallMs = 7 * 24 * 3600 * 1000;

    private const int MaxUtteranceIdBytes = 64;

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
        if (session is null) Copy(Summary!.Last, into);
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
        string id = ReadId(utterance.UtteranceId, ref flags);
        bool isKnown = utterance.CorrectsSeq == 0 && recentIds.Contains(id);
        if (OutOfOrder("utterance", utterance.Seq, isKnown, workspace, into) is { } answer)
        {
            into.UtteranceId = utterance.UtteranceId;
            return answer;
        }

        ReadOnlySpan<char> text = ReadText(utterance.Text, ref flags);
        MessageTimes times = ReadTimes(utterance, text, ref flags, out bool isImpossible);
        if (!CallMessages.TryRead(utterance.Speaker, out var speaker)) flags |= V1.Degradation.InputIgnored;
        if (!CallMessages.TryReadConfidence(utterance, out float? confidence)) flags |= V1.Degradation.InputIgnored;
        bool isFilled = !utterance.HasStartMs || !utterance.HasEndMs || isImpossible;
        ScoreUpdate score;
        try
        {
            factory.BeforeScoring?.Invoke(utterance.Seq);
            score = session!.Observe(
                new Utterance
                {
                    Seq = utterance.Seq,
                    Speaker = speaker,
                    Text = workspace.Utf8(text),
                    StartMs = times.StartMs,
                    EndMs = times.EndMs,
                    TimingsEstimated = utterance.CorrectsSeq == 0 && (isImpossible || isFilled && clock.IsEstimated),
                    AsrConfidence = confidence,
                    CorrectsSeq = utterance.CorrectsSeq,
                },
                workspace.Scratch);
        }
        catch (Exception exception)
        {
            score = KeepPlace(utterance.Seq, times.EndMs, workspace, exception);
        }

        NextSeq = utterance.Seq + 1;
        // A correction keeps the time and mostly the id of what it corrects.
        if (utterance.CorrectsSeq == 0) clock.Seen(times.EndMs);
        if (!recentIds.Contains(id)) recentIds.Add(id);
        Write(score, flags, into);
        into.UtteranceId = utterance.UtteranceId;
        if (isFilled && utterance.CorrectsSeq == 0) (into.StartMs, into.EndMs) = (times.StartMs, times.EndMs);
        return Answer.With(utterance.CorrectsSeq == 0 ? AnswerKind.Counted : AnswerKind.Correction, into);
    }

    private Answer Preview(V1.Utterance interim, ScoringWorkspace workspace, V1.ScoreUpdate into)
    {
        if (session is null) return Answer.Refuse(Ended("an interim"));
        DegradationSet flags = DegradationSet.None;
        ReadId(interim.UtteranceId, ref flags);
        ReadOnlySpan<char> text = ReadText(interim.Text, ref flags);
        MessageTimes times = ReadTimes(interim, text, ref flags, out bool isImpossible);
        if (!CallMessages.TryRead(interim.Speaker, out var speaker)) flags |= V1.Degradation.InputIgnored;
        if (!CallMessages.TryReadConfidence(interim, out float? confidence)) flags |= V1.Degradation.InputIgnored;
        bool isFilled = !interim.HasStartMs || !interim.HasEndMs || isImpossible;
        ScoreUpdate score;
        try
        {
            factory.BeforeScoring?.Invoke(0);
            score = session.Preview(
                new Utterance
                {
                    Speaker = speaker,
                    Text = workspace.Utf8(text),
                    StartMs = times.StartMs,
                    EndMs = times.EndMs,
                    TimingsEstimated = isImpossible || isFilled && clock.IsEstimated,
                    AsrConfidence = confidence,
                },
                workspace.Scratch);
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
        if (isFilled) (into.StartMs, into.EndMs) = (times.StartMs, times.EndMs);
        return Answer.With(AnswerKind.Interim, into);
    }

    private Answer Observe(V1.CallEvent callEvent, ScoringWorkspace workspace, V1.ScoreUpdate into)
    {
        if (OutOfOrder("event", callEvent.Seq, isKnownId: false, workspace, into) is { } answer) return answer;
        DegradationSet flags = DegradationSet.None;
        int at = ReadTime(callEvent.HasAtMs ? callEvent.AtMs : null, ref flags, out bool isFilled);
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
            score = session!.Observe(
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
        int at = ReadTime(end.HasAtMs ? end.AtMs : null, ref flags, out _);
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

        if (session is null) return Answer.Refuse(Ended($"{field}.seq {seq}"));
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

    private Refusal Ended(string what) => new(RefusalReason.CallEnded, $"{what} came after the end of the call at seq {NextSeq - 1}")
    {
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

    private ReadOnlySpan<char> ReadText(string text, ref DegradationSet flags)
    {
        int most = factory.MaxTextChars;
        if (text.Length <= most) return text;
        flags |= V1.Degradation.TextTruncated;
        return text.AsSpan(0, char.IsHighSurrogate(text[most - 1]) ? most - 1 : most);
    }

    private static string ReadId(string id, ref DegradationSet flags)
    {
        if (id.Length <= MaxUtteranceIdBytes && Encoding.UTF8.GetByteCount(id) <= MaxUtteranceIdBytes) return id;
        flags |= V1.Degradation.InputIgnored;
        return "";
    }

    private MessageTimes ReadTimes(V1.Utterance utterance, ReadOnlySpan<char> text, ref DegradationSet flags, out bool isImpossible)
    {
        int? start = utterance.HasStartMs ? utterance.StartMs : null;
        int? end = utterance.HasEndMs ? utterance.EndMs : null;
        isImpossible = start is < 0 or > MaxCallMs || end is < 0 or > MaxCallMs || start > end;
        if (isImpossible)
        {
            flags |= V1.Degradation.ClockSkew;
            start = end = null;
        }
        else if (start is not null && end is not null)
        {
            return new MessageTimes(start.Value, end.Value);
        }

        return clock.Fill(CountWords(text), start, end, session!.NowMs);
    }

    private int ReadTime(int? told, ref DegradationSet flags, out bool isFilled)
    {
        isFilled = told is null or < 0 or > MaxCallMs;
        if (!isFilled) return told!.Value;
        if (told is not null) flags |= V1.Degradation.ClockSkew;
        return clock.At(session!.NowMs);
    }

    private static int CountWords(ReadOnlySpan<char> text)
    {
        int words = 0;
        bool inWord = false;
        foreach (char c in text)
        {
            bool isSpace = char.IsWhiteSpace(c);
            if (!isSpace && !inWord) words++;
            inWord = !isSpace;
        }

        return words;
    }

    private static void Copy(V1.ScoreUpdate from, V1.ScoreUpdate into)
    {
        into.Risk = null;
        into.Progress = null;
        into.Latency = null;
        into.Recommendations.Clear();
        into.Evidence.Clear();
        into.Signals.Clear();
        into.Degraded.Clear();
        into.ClearStartMs();
        into.ClearEndMs();
        into.MergeFrom(from);
        (into.Seq, into.AsOfSeq, into.Interim, into.Duplicate, into.UtteranceId, into.RescoredFromSeq) = (0, from.AsOfSeq, false, false, "", 0);
    }
}
