using System.Diagnostics.CodeAnalysis;
using RetentionScore.Core.Dialogue;
using RetentionScore.Core.Policy;
using RetentionScore.Core.Risk;
using RetentionScore.Core.Signals;
using RetentionScore.Core.Text;

namespace RetentionScore.Core.Calls;

/// <summary>
/// The state of one call, and the only way to change it. The steps of <see cref="Observe(in Utterance, ScoringScratch)"/> in order:
/// <list type="number">
/// <item>text → tokens → signals (<see cref="SignalReader"/>), rounded into one entry of the signal log;</item>
/// <item>the entry changes the dialogue's state (Dialogue.Fold): turns, the request to leave, counts, clocks, moods;</item>
/// <item>the state becomes features, the features become scores (<see cref="RiskModel"/>), the scores a band;</item>
/// <item>the rules (Policy.Advisor) settle what was recommended and raise what is due;</item>
/// <item>the update tells it (UpdateWriter).</item>
/// </list>
/// Bounded whatever the length of the call. Not thread-safe: one owner at a time. The returned update belongs to the scratch and holds until
/// its next use.
/// </summary>
public sealed class CallSession
{
    private SignalReader _reader;
    private readonly SignalLog _log;
    private bool _languageSupported;
    private BandLines _bands;
    private DialogueState _state;
    private PromptLedger _prompts;
    private ScoreTrack _track;
    private TailWords _customerTail, _agentTail;
    private Fold.Rules _rules;
    private PriorFeatures _prior;
    private bool _timingsEstimated;

    /// <summary>Opens a call under a policy.</summary>
    /// <param name="policy">Kept for the whole call.</param>
    /// <param name="context">What is known before anyone speaks.</param>
    /// <param name="languageSupported">False: words are not read, and every update says LanguageNotEvaluated.</param>
    /// <param name="explain">Evidence and signals in every update.</param>
    /// <param name="grows">Takes memory as messages come, which allocates now and then; otherwise all of it at once.</param>
    public CallSession(RetentionPolicy policy, CallContext context, bool languageSupported = true, bool explain = false, bool grows = false)
        : this(policy, context, SignalReader.BuiltIn, languageSupported, explain, grows)
    {
    }

    /// <summary>As the other, with another reader than the built-in one; kept for the whole call.</summary>
    public CallSession(RetentionPolicy policy, CallContext context, SignalReader reader, bool languageSupported = true, bool explain = false, bool grows = false)
    {
        _log = new SignalLog(grows);
        Reopen(policy, context, reader, languageSupported, explain);
    }

    /// <summary>The rules the call began with.</summary>
    public RetentionPolicy Policy { get; private set; }

    /// <summary>What is known now.</summary>
    public CallContext Context { get; private set; }

    /// <summary>Evidence and signals in every update. No part of the call's state: whoever attaches to it chooses.</summary>
    public bool Explain { get; set; }

    /// <summary>The highest seq observed.</summary>
    public uint LastSeq => _state.LastSeq;

    /// <summary>The call's clock: the latest time any message told, ms.</summary>
    public int NowMs => _state.NowMs;

    /// <summary>Where the request to leave stands.</summary>
    public CancelStage Stage => _state.Stage;

    /// <summary>Scores a final utterance, or with <see cref="Utterance.CorrectsSeq"/> a correction.</summary>
    public ScoreUpdate Observe(in Utterance utterance, ScoringScratch scratch)
    {
        if (utterance.CorrectsSeq != 0)
        {
            TailWords none = default;
            LogEntry words = Read(utterance, scratch, ref none);
            scratch.Record = new SignalRecord { Kind = RecordKind.Correction, Entry = words, CorrectsSeq = utterance.CorrectsSeq };
            return Correct(words, utterance.CorrectsSeq, scratch, scratch.Reading);
        }

        LogEntry entry = Read(utterance, scratch, ref TailOf(utterance.Speaker));
        scratch.Record = new SignalRecord { Kind = RecordKind.Utterance, Entry = entry };
        return Hear(entry, scratch, scratch.Reading);
    }

    /// <summary>
    /// Takes a message again from what it left, instead of from its words: all of a call's records in order, on a session opened as the call was,
    /// make the same state and the same scores; only spans and signals in explanations need the words. An end is for <see cref="End"/>.
    /// </summary>
    public ScoreUpdate Replay(in SignalRecord record, ScoringScratch scratch)
    {
        LogEntry entry = record.Entry;
        return record.Kind switch
        {
            RecordKind.Utterance => Hear(entry, scratch, reading: null),
            RecordKind.Correction => Correct(entry, record.CorrectsSeq, scratch, reading: null),
            RecordKind.Event => Observe(
                new CallEvent { Seq = entry.Seq, AtMs = entry.StartMs, Kind = entry.Event, Context = record.Context, Prompt = record.Prompt }, scratch),
            _ => KeepPlace(entry.Seq, entry.StartMs, scratch),
        };
    }

    /// <summary>The last words of the customer, or of the other side: what a sentence needs that goes on in the next piece.</summary>
    public TailWords LastWords(bool ofCustomer) => ofCustomer ? _customerTail : _agentTail;

    /// <summary>After a replay: puts the last words back. Ids that no phrase has are words that no phrase knows.</summary>
    public void SetLastWords(bool ofCustomer, TailWords words)
    {
        _reader.Sanitize(ref words);
        if (ofCustomer) _customerTail = words;
        else _agentTail = words;
    }

    /// <summary>Scores an event.</summary>
    public ScoreUpdate Observe(in CallEvent callEvent, ScoringScratch scratch)
    {
        var entry = new LogEntry
        {
            Seq = callEvent.Seq,
            Kind = EntryKind.Event,
            Event = callEvent.Kind,
            StartMs = callEvent.AtMs,
            EndMs = callEvent.AtMs,
        };
        scratch.Record = new SignalRecord { Kind = RecordKind.Event, Entry = entry, Prompt = callEvent.Prompt, Context = callEvent.Context };
        var ignored = Degradations.None;
        if (callEvent.Kind is CallEventKind.Unspecified or > CallEventKind.PromptDismissed)
        {
            entry.Kind = EntryKind.Place;
            ignored = Degradations.InputIgnored;
        }
        else if (callEvent.Kind is CallEventKind.PromptShown or CallEventKind.PromptAccepted or CallEventKind.PromptDismissed)
        {
            bool known = callEvent.Kind == CallEventKind.PromptDismissed ? _prompts.Dismiss(callEvent.Prompt) : _prompts.Knows(callEvent.Prompt);
            if (!known) ignored = Degradations.InputIgnored;
        }
        else if (callEvent is { Kind: CallEventKind.ContextChanged, Context: { } change })
        {
            if (change.AgentId is not null && Context.AgentId is not null && !string.Equals(change.AgentId, Context.AgentId, StringComparison.Ordinal))
                entry.Flags |= EntryFlags.NewAgent;
            Context = Context.Merge(change);
            TakeContext();
        }

        Commit(entry);
        ScoreUpdate update = Answer(entry, scratch, reading: null, dismissed: callEvent.Kind == CallEventKind.PromptDismissed);
        update.Degraded |= ignored;
        return update;
    }

    /// <summary>Scores a hypothesis on a copy: nothing is kept, raised or withdrawn.</summary>
    public ScoreUpdate Preview(in Utterance interim, ScoringScratch scratch)
    {
        TailWords tail = TailOf(interim.Speaker);
        LogEntry entry = Read(interim, scratch, ref tail);
        entry.Seq = _state.LastSeq;
        DialogueState state = _state;
        ScoreTrack track = _track;
        Fold.Apply(ref state, entry, _rules with { RequestLine = 0.9 });
        ScoreUpdate update = scratch.Update;
        UpdateWriter.Clear(update);
        WriteScores(update, state, ref track, scratch);
        update.Interim = true;
        update.AsOfSeq = _state.LastSeq;
        if (Explain) WriteExplanation(update, state, entry, scratch, scratch.Reading);
        if (interim.TimingsEstimated) update.Degraded |= Degradations.TimingsEstimated;
        return update;
    }

    /// <summary>The score as it stands: for duplicates and for a call that is attached again. Nothing changes.</summary>
    public ScoreUpdate Current(ScoringScratch scratch)
    {
        ScoreUpdate update = scratch.Update;
        ScoreTrack track = _track;
        PromptLedger page = _prompts;
        page.TurnPage();
        UpdateWriter.Clear(update);
        WriteScores(update, _state, ref track, scratch);
        UpdateWriter.WritePrompts(update, page);
        update.AsOfSeq = _state.LastSeq;
        return update;
    }

    /// <summary>A message whose scoring failed keeps its place: only seq and clock move.</summary>
    public ScoreUpdate KeepPlace(uint seq, int atMs, ScoringScratch scratch)
    {
        var entry = new LogEntry { Seq = seq, Kind = EntryKind.Place, StartMs = atMs, EndMs = atMs };
        scratch.Record = new SignalRecord { Kind = RecordKind.Place, Entry = entry };
        Commit(entry);
        ScoreUpdate update = Current(scratch);
        update.Seq = seq;
        update.Degraded |= Degradations.NotEvaluated;
        return update;
    }

    /// <summary>Ends the call. The scratch's update is the last score.</summary>
    public CallSummary End(in CallEnd end, ScoringScratch scratch)
    {
        var entry = new LogEntry { Seq = end.Seq, Kind = EntryKind.Place, StartMs = end.AtMs, EndMs = end.AtMs };
        scratch.Record = new SignalRecord { Kind = RecordKind.End, Entry = entry, Disposition = end.Disposition };
        Commit(entry);
        Answer(entry, scratch, reading: null, ends: true);
        return SummaryWriter.Write(_state, _track.Peak, _prompts, end.Disposition, _rules.SaveLimit, _timingsEstimated);
    }

    /// <summary>Makes the session another call's: nothing of the former is left but its memory. Whoever had the former must not use it any more.</summary>
    /// <param name="policy">Kept for the whole call.</param>
    /// <param name="context">What is known before anyone speaks.</param>
    /// <param name="reader">Kept for the whole call.</param>
    /// <param name="languageSupported">As in the constructor.</param>
    /// <param name="explain">Evidence and signals in every update.</param>
    [MemberNotNull(nameof(Policy), nameof(Context), nameof(_reader))]
    public void Reopen(RetentionPolicy policy, CallContext context, SignalReader reader, bool languageSupported = true, bool explain = false)
    {
        _reader = reader;
        Policy = policy;
        Context = context;
        _languageSupported = languageSupported;
        Explain = explain;
        _bands = new BandLines(policy.Elevated, policy.High, policy.Critical);
        _log.Clear();
        _state = DialogueState.Start();
        _prompts = PromptLedger.Start();
        _track = ScoreTrack.Start();
        _customerTail = _agentTail = default;
        _timingsEstimated = false;
        TakeContext();
    }

    /// <summary>The call is over: what its log took may be another call's.</summary>
    public void Release() => _log.Release();

    private ScoreUpdate Hear(in LogEntry entry, ScoringScratch scratch, SignalReading? reading)
    {
        _timingsEstimated |= entry.Is(EntryFlags.TimingsEstimated);
        double before = entry.Doubtful ? OverallLogOdds(scratch) : 0;
        Commit(entry);
        if (entry.Doubtful) _track.AddDoubt(_state.NowMs, 0.15 + Math.Abs(OverallLogOdds(scratch) - before));
        return Answer(entry, scratch, reading);
    }

    private ScoreUpdate Correct(in LogEntry words, uint correctsSeq, ScoringScratch scratch, SignalReading? reading)
    {
        _timingsEstimated |= words.Is(EntryFlags.TimingsEstimated);
        bool applied = _log.TryReplace(correctsSeq, words);
        var place = new LogEntry { Seq = words.Seq, Kind = EntryKind.Place, StartMs = _state.NowMs, EndMs = _state.NowMs };
        _log.Add(place, _rules);
        if (applied) _log.FoldInto(ref _state, _rules);
        else Fold.Apply(ref _state, place, _rules);
        ScoreUpdate update = Answer(place, scratch, reading: null);
        if (applied) update.RescoredFromSeq = correctsSeq;
        else update.Degraded |= Degradations.CorrectionTooOld;
        if (Explain && applied && reading is not null) UpdateWriter.WriteSignals(update, reading, words.Trust);
        return update;
    }

    private LogEntry Read(in Utterance utterance, ScoringScratch scratch, ref TailWords tail)
    {
        var entry = new LogEntry
        {
            Seq = utterance.Seq,
            Kind = EntryKind.Utterance,
            Speaker = utterance.Speaker,
            StartMs = utterance.StartMs,
            EndMs = Math.Max(utterance.StartMs, utterance.EndMs),
            Confidence = (byte)(Math.Clamp(utterance.AsrConfidence ?? Utterance.UnknownConfidence, 0f, 1f) * 255 + 0.5f),
            Flags = utterance.TimingsEstimated ? EntryFlags.TimingsEstimated : EntryFlags.None,
        };
        if (!_languageSupported)
        {
            scratch.Reading.Clear();
            return entry;
        }

        int lastEndMs = utterance.Speaker == Speaker.Customer ? _state.CustomerEndMs : _state.AgentEndMs;
        bool goesOn = lastEndMs >= 0 && utterance.StartMs - lastEndMs <= 1500;
        Tokenizer.Read(utterance.Text, scratch.Reader.Tokens);
        _reader.Read(utterance.Speaker, ref tail, goesOn, ActsBefore(utterance.Speaker), scratch.Reader, scratch.Reading);
        Dialogue.Context.Apply(_state, utterance.Speaker, scratch.Reading);
        entry.Take(scratch.Reading);
        return entry;
    }

    /// <summary>What was done before the next words of a speaker: what the reader is told of the dialogue.</summary>
    internal PriorActs ActsBefore(Speaker speaker) => Dialogue.Context.Before(_state, speaker);

    private ref TailWords TailOf(Speaker speaker) => ref speaker == Speaker.Customer ? ref _customerTail : ref _agentTail;

    private void Commit(in LogEntry entry)
    {
        _log.Add(entry, _rules);
        Fold.Apply(ref _state, entry, _rules);
    }

    private ScoreUpdate Answer(in LogEntry entry, ScoringScratch scratch, SignalReading? reading, bool ends = false, bool dismissed = false)
    {
        ScoreUpdate update = scratch.Update;
        UpdateWriter.Clear(update);
        WriteScores(update, _state, ref _track, scratch);
        update.Seq = update.AsOfSeq = entry.Seq;
        if (!dismissed) _prompts.TurnPage();
        if (update.HasRisk)
        {
            _track.See(update.Risk);
            RiskScores risk = update.Risk;
            var sight = new Advisor.Sight(_state, entry, risk, update.Band, Policy, _rules.SaveLimit);
            update.HeldBack = Advisor.Advise(ref _prompts, sight);
            (update.HeldBackActions, update.ExpiredActions) = (_prompts.HeldBackNow, _prompts.ExpiredNow);
            if (ends) Advisor.AdviseAtEnd(ref _prompts, sight);
        }

        bool anyNew = UpdateWriter.WritePrompts(update, _prompts);
        if (Explain) WriteExplanation(update, _state, entry, scratch, reading);
        else if (anyNew) UpdateWriter.WriteEvidence(update, Score.Overall, _state, Policy, scratch.Features, reading);
        if (entry.Is(EntryFlags.TimingsEstimated)) update.Degraded |= Degradations.TimingsEstimated;
        return update;
    }

    private void WriteScores(ScoreUpdate update, in DialogueState state, ref ScoreTrack track, ScoringScratch scratch)
    {
        UpdateWriter.WriteProgress(update, state, _rules.SaveLimit);
        update.HasRisk = _languageSupported && state.Utterances > 0;
        if (!_languageSupported) update.Degraded |= Degradations.LanguageNotEvaluated;
        update.Risk = default;
        update.Band = RiskBand.Unspecified;
        update.Trend = 0;
        if (!update.HasRisk) return;
        RiskScores risk = UpdateWriter.Score(state, _prior, Policy, track.Doubt(state.NowMs), scratch.Features);
        track.Move(risk.Overall, state, _bands);
        update.Risk = risk;
        update.Band = track.Band;
        update.Trend = (float)track.Trend(state.NowMs, risk.Overall);
    }

    private void WriteExplanation(ScoreUpdate update, in DialogueState state, in LogEntry entry, ScoringScratch scratch, SignalReading? reading)
    {
        if (!update.HasRisk) return;
        foreach (ScoreModel model in RiskModel.All) UpdateWriter.WriteEvidence(update, model.Score, state, Policy, scratch.Features, reading);
        if (reading is not null) UpdateWriter.WriteSignals(update, reading, entry.Trust);
    }

    private double OverallLogOdds(ScoringScratch scratch)
    {
        FeatureRow.Fill(_state, _prior, scratch.Features);
        return UpdateWriter.LogOdds(Score.Overall, scratch.Features, Policy);
    }

    private void TakeContext()
    {
        _rules = new Fold.Rules(Policy.SaveLimit(Context.Jurisdiction));
        _prior = PriorFeatures.Of(Context.TenureMonths, Context.ContactsLast30Days, Context.Audience);
    }
}
