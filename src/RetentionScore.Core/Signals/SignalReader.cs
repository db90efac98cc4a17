using RetentionScore.Core.Signals.Linear;
using RetentionScore.Core.Text;

namespace RetentionScore.Core.Signals;

/// <summary>
/// Reads the signals of one utterance: phrases with negation and vetoes, then the learned model, to which what
/// phrases found is one thing among others (<see cref="LearnedEvidence"/>). Immutable, shared by all calls.
/// </summary>
public sealed class SignalReader
{
    private const int NegationReach = 4;
    private const int LongestBackchannel = 3;

    private readonly PhraseAutomaton _phrases;
    private readonly WordKinds[] _kinds;

    /// <param name="phrases">The phrases.</param>
    /// <param name="model">The learned model; null for none.</param>
    internal SignalReader(PhraseAutomaton phrases, LinearModel? model = null)
    {
        _phrases = phrases;
        Model = model;
        _kinds = phrases.KindsOfWords;
    }

    /// <summary>The reader with the phrases that are built in.</summary>
    public static SignalReader BuiltIn { get; } = new(PhraseAutomaton.Build(BuiltInPatterns.Load()), LinearModel.BuiltIn);

    /// <summary>The name of the learned model: what is told to clients, kept in journals and a label of metrics.</summary>
    public string Version => Model?.Name ?? "phrases";

    /// <summary>Bytes of a file of weights, at most.</summary>
    public static int MostModelBytes => LinearFile.MostBytes;

    /// <summary>The built-in phrases with the learned model of a file.</summary>
    /// <param name="file">All of its bytes.</param>
    /// <returns>A reader, or what is wrong with the file.</returns>
    public static (SignalReader? Reader, string? Problem) WithModel(ReadOnlySpan<byte> file)
    {
        var (model, problem) = LinearFile.Read(file);
        return model is null ? (null, problem) : (BuiltIn.With(model), null);
    }

    /// <summary>The learned model; null where only phrases are read.</summary>
    internal LinearModel? Model { get; }

    /// <summary>The same phrases with another model.</summary>
    internal SignalReader With(LinearModel? model) => new(_phrases, model);

    /// <summary>Reads one utterance by itself, for tools and tests.</summary>
    public SignalReading Read(string text, Speaker speaker)
    {
        var work = new ReaderScratch();
        var reading = new SignalReading();
        Tokenizer.Read(System.Text.Encoding.UTF8.GetBytes(text), work.Tokens);
        TailWords tail = default;
        Read(speaker, ref tail, goesOn: false, PriorActs.None, work, reading);
        return reading;
    }

    /// <summary>What moved each signal of one utterance by itself, the most probable signal first; empty without a model. For tools and tests.</summary>
    public IReadOnlyList<SignalExplanation> Explain(string text, Speaker speaker) => Explain(text, speaker, PriorActs.None);

    /// <summary>The same after what was done before.</summary>
    internal IReadOnlyList<SignalExplanation> Explain(string text, Speaker speaker, PriorActs before)
    {
        var (work, found, all) = (new ReaderScratch(), new SignalReading(), new SignalReading());
        Tokenizer.Read(System.Text.Encoding.UTF8.GetBytes(text), work.Tokens);
        var tokens = work.Tokens.Tokens;
        if (Model?.SideOf(speaker) is not { } side || tokens.Length == 0) return [];
        TailWords tail = default;
        Read(speaker, ref tail, goesOn: false, before, work, all);
        tail = default;
        With(null).Read(speaker, ref tail, goesOn: false, before, work, found);
        // What the model read is still in the scratch: the phrases alone do not touch it.
        var explained = new List<SignalExplanation>();
        for (int h = 0; h < side.Heads.Length; h++)
        {
            Signal signal = side.Heads[h].Signal;
            explained.Add(new SignalExplanation(signal, work.Linear.LogOdds[h], all[signal], LinearExplanation.Of(side, h, tokens, before, found, work.Linear)));
        }

        return [.. explained.OrderByDescending(one => one.Probability).ThenByDescending(one => one.LogOdds)];
    }

    /// <summary>Reads the utterance whose words are in the scratch.</summary>
    /// <param name="speaker">Whose signals to look for; an unknown speaker has none.</param>
    /// <param name="tail">The speaker's last words; replaced by the new last words.</param>
    /// <param name="goesOn">Whether the utterance continues the speaker's last sentence: <paramref name="tail"/> is put before it.</param>
    /// <param name="before">What was done before it.</param>
    /// <param name="work">Scratch with the words.</param>
    /// <param name="into">The reading.</param>
    internal void Read(Speaker speaker, ref TailWords tail, bool goesOn, PriorActs before, ReaderScratch work, SignalReading into)
    {
        var tokens = work.Tokens.Tokens;
        into.Clear();
        into.Words = tokens.Length;
        int tailWords = goesOn ? CopyTail(tail, work.Words) : 0;
        for (int i = 0; i < tokens.Length; i++) work.Words[tailWords + i] = _phrases.WordOf(tokens[i]);
        ReadOnlySpan<ushort> words = work.Words.AsSpan(0, tailWords + tokens.Length);

        into.Backchannel = IsBackchannel(words[tailWords..]);
        into.ContentBits = ContentBits(tokens, words[tailWords..]);
        MarkNegated(words, tokens, tailWords, work.Negated);
        int found = _phrases.Find(words, SidesOf(speaker), work.Walk, work.Matches);
        Weigh(work.Matches.AsSpan(0, found), tokens, words, speaker, work.Negated, into);
        if (Model?.SideOf(speaker) is { Heads.Length: > 0 } side && tokens.Length > 0)
        {
            side.Read(work.Tokens, work.Negated.AsSpan(tailWords, tokens.Length), before, into, work.Linear);
            LearnedEvidence.Add(side, work, into);
        }

        KeepTail(words, ref tail);
    }

    private void Weigh(
        Span<PhraseAutomaton.Match> matches, ReadOnlySpan<Token> tokens, ReadOnlySpan<ushort> words, Speaker speaker, bool[] negated, SignalReading into)
    {
        int before = words.Length - tokens.Length;
        var patterns = _phrases.Patterns;
        bool customer = speaker == Speaker.Customer;
        bool agent = speaker is Speaker.Agent or Speaker.Supervisor or Speaker.Bot;
        ulong vetoed = 0; // signals for which a veto was found, a bit each by number
        foreach (ref readonly var match in matches)
        {
            ref readonly var pattern = ref patterns[match.Pattern];
            if (pattern.Veto) vetoed |= 1UL << (int)pattern.Signal;
        }

        foreach (ref readonly var match in matches)
        {
            ref readonly var pattern = ref patterns[match.Pattern];
            bool ofSpeaker = (customer && SignalCatalogue.OfCustomer(pattern.Signal)) || (agent && SignalCatalogue.OfAgent(pattern.Signal));
            if (pattern.Veto || !ofSpeaker || match.Last < before || (pattern.AtEnd && match.Last != before + tokens.Length - 1)) continue;
            if (!pattern.Immune && negated[match.First]) continue;
            if (pattern.Probability <= into.Evidence(pattern.Signal)) continue; // it would change nothing
            if ((vetoed & (1UL << (int)pattern.Signal)) != 0 && IsVetoed(match, pattern.Signal, matches, words)) continue;
            int begin = tokens[Math.Max(match.First - before, 0)].BeginChar;
            into.Raise(pattern.Signal, pattern.Probability, begin, tokens[match.Last - before].EndChar);
        }
    }

    /// <summary>An unknown speaker is neither side.</summary>
    private static PhraseAutomaton.Sides SidesOf(Speaker speaker) => speaker switch
    {
        Speaker.Customer => PhraseAutomaton.Sides.Customer,
        Speaker.Agent or Speaker.Supervisor or Speaker.Bot => PhraseAutomaton.Sides.Agent,
        _ => PhraseAutomaton.Sides.None,
    };

    private bool IsVetoed(in PhraseAutomaton.Match match, Signal signal, Span<PhraseAutomaton.Match> matches, ReadOnlySpan<ushort> words)
    {
        foreach (ref readonly var other in matches)
        {
            ref readonly var pattern = ref _phrases.Patterns[other.Pattern];
            bool overlaps = pattern.Veto && pattern.Signal == signal && other.First <= match.Last && match.First <= other.Last;
            if (overlaps && (!pattern.AtEnd || other.Last == words.Length - 1) && !IsBroken(words, other)) return true;
        }

        return false;
    }

    private bool IsBroken(ReadOnlySpan<ushort> words, in PhraseAutomaton.Match veto)
    {
        for (int i = veto.First + 1; i < veto.Last; i++)
        {
            if ((_kinds[words[i]] & WordKinds.VetoBreak) != 0) return true;
        }

        return false;
    }

    /// <summary>"I don't want to cancel": four words after a negation, up to the end of the clause. "Why don't you" and "can't I" ask;
    /// "not bad, I'd like to cancel" begins anew, "I don't think I'd like to" does not.</summary>
    private void MarkNegated(ReadOnlySpan<ushort> words, ReadOnlySpan<Token> tokens, int before, bool[] negated)
    {
        int reach = 0;
        WordKinds last = WordKinds.NegationCarrier, kinds = words.IsEmpty ? WordKinds.None : _kinds[words[0]];
        for (int i = 0; i < words.Length; i++)
        {
            WordKinds next = i + 1 < words.Length ? _kinds[words[i + 1]] : WordKinds.None;
            bool newSubject = (kinds & WordKinds.ClauseSubject) != 0 && (last & WordKinds.NegationCarrier) == 0;
            if ((kinds & WordKinds.ClauseBreak) != 0 || newSubject || (i >= before && tokens[i - before].AfterBreak)) reach = 0;
            negated[i] = reach > 0;
            if (reach > 0) reach--;
            if ((kinds & WordKinds.Negator) != 0 && (next & WordKinds.NegatorOfQuestion) == 0) reach = NegationReach;
            (last, kinds) = (kinds, next);
        }
    }

    private bool IsBackchannel(ReadOnlySpan<ushort> words)
    {
        if (words.Length > LongestBackchannel) return false;
        foreach (ushort word in words)
        {
            if ((_kinds[word] & WordKinds.Backchannel) == 0) return false;
        }

        return true;
    }

    private ulong ContentBits(ReadOnlySpan<Token> tokens, ReadOnlySpan<ushort> words)
    {
        ulong bits = 0;
        for (int i = 0; i < tokens.Length; i++)
        {
            ulong isContent = (_kinds[words[i]] & WordKinds.Stopword) == 0 ? 1UL : 0UL;
            bits |= isContent << (int)((tokens[i].Hash ^ (tokens[i].Hash >> 29)) & 63);
        }

        return bits;
    }

    private static int CopyTail(in TailWords tail, ushort[] words)
    {
        ReadOnlySpan<ushort> kept = tail;
        int at = 0;
        foreach (ushort word in kept)
        {
            if (word != Absent) words[at++] = word == Unknown ? (ushort)0 : word;
        }

        return at;
    }

    // 0 says "no word here", so a word that no phrase knows is kept as the highest id.
    private const ushort Absent = 0, Unknown = ushort.MaxValue;

    /// <summary>Last words that were kept elsewhere: ids of other phrases than these are words that no phrase knows.</summary>
    internal void Sanitize(ref TailWords tail)
    {
        Span<ushort> kept = tail;
        foreach (ref ushort word in kept)
        {
            if (word >= _kinds.Length) word = Unknown;
        }
    }

    private static void KeepTail(ReadOnlySpan<ushort> words, ref TailWords tail)
    {
        Span<ushort> kept = tail;
        kept.Clear();
        var last = words.Length > TailWords.Length ? words[^TailWords.Length..] : words;
        for (int i = 0; i < last.Length; i++) kept[i] = last[i] == 0 ? Unknown : last[i];
    }
}
