namespace RetentionScore.Core.Signals;

/// <summary>
/// The phrases begun while one utterance is read, each at the place of its next word. Reused; not thread-safe. Places are a ring: no phrase reaches
/// further ahead than a gap.
/// </summary>
internal sealed class PhraseWalk
{
    /// <summary>Phrases carried on to one word at most; past it the newest are not.</summary>
    internal const int MostAtAWord = 512;

    private const int Places = 16; // above a gap's end; a power of two
    private const int Slots = 2 * MostAtAWord;

    private readonly (int Node, int First)[] _due = new (int, int)[Places * MostAtAWord];
    private readonly (int Stamp, int At)[][] _slots = [.. Enumerable.Range(0, Places).Select(_ => new (int, int)[Slots])];
    private readonly int[] _counts = new int[Places];
    private readonly WordMask[] _words = new WordMask[Text.TokenBuffer.Capacity + TailWords.Length + PhraseAutomaton.MostGap + 2];
    private readonly WordMask[] _ahead = new WordMask[PhraseAutomaton.MostGap + 1];
    private int _at, _seenTo;
    private int _stamp;

    /// <summary>The phrases whose next word is the one at hand.</summary>
    public ReadOnlySpan<(int Node, int First)> Due => _due.AsSpan(PlaceOf(_at) * MostAtAWord, _counts[PlaceOf(_at)]);

    public void Begin(ReadOnlySpan<ushort> words)
    {
        Array.Clear(_counts);
        for (int i = 0; i < words.Length; i++) _words[i] = WordMask.Of(words[i]);
        _words.AsSpan(words.Length, PhraseAutomaton.MostGap + 2).Clear();
        // A stamp for each word of each utterance: what an earlier one left in the slots is nobody's.
        if (_stamp > int.MaxValue - _words.Length)
        {
            foreach (var slots in _slots) Array.Clear(slots);
            _stamp = 0;
        }

        _stamp += words.Length + 1;
    }

    /// <summary>Goes on to a word; what was due at the word before is gone.</summary>
    public void MoveTo(int at)
    {
        if (at > 0) _counts[PlaceOf(_at)] = 0;
        _at = at;
        _seenTo = -1;
    }

    /// <summary>The set of a word.</summary>
    public WordMask WordAt(int at) => _words[at];

    /// <summary>The words that stand behind this one within a gap.</summary>
    public WordMask Ahead(int gap)
    {
        while (_seenTo < gap)
        {
            WordMask next = _words[_at + 2 + _seenTo];
            _ahead[_seenTo + 1] = _seenTo < 0 ? next : _ahead[_seenTo] | next;
            _seenTo++;
        }

        return _ahead[gap];
    }

    /// <summary>Carries a phrase on to a word, at a place to which only one way leads: the word behind the place before.</summary>
    public void Add(int at, int node, int first)
    {
        ref int count = ref _counts[PlaceOf(at)];
        if (count == MostAtAWord) return;
        _due[PlaceOf(at) * MostAtAWord + count++] = (node, first);
    }

    /// <summary>Carries a phrase on to a word behind a gap. Of two that are at the same place, the one begun later has the shorter span: it replaces the other.</summary>
    public void AddOnce(int at, int node, int first)
    {
        int place = PlaceOf(at), stamp = _stamp - at;
        var slots = _slots[place];
        var due = _due.AsSpan(place * MostAtAWord, MostAtAWord);
        int slot = node & (Slots - 1);
        while (slots[slot].Stamp == stamp)
        {
            ref var known = ref due[slots[slot].At];
            if (known.Node == node)
            {
                known.First = Math.Max(known.First, first);
                return;
            }

            slot = (slot + 1) & (Slots - 1);
        }

        if (_counts[place] == MostAtAWord) return;
        slots[slot] = (stamp, _counts[place]);
        due[_counts[place]++] = (node, first);
    }

    private static int PlaceOf(int at) => at & (Places - 1);
}
