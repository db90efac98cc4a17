using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

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
    private const int PlaceLength = MostAtAWord + 8; // places that lie a whole page apart would drive each other out of the cache
    private const int Slots = 2 * MostAtAWord;
    private const int MostLookedThrough = 16;
    private const int MostWords = Text.TokenBuffer.Capacity + TailWords.Length;

    // Behind the last word there is room for what is looked at together.
    private const int Behind = PhraseAutomaton.MostGap + 1 + 4;

    private readonly (int Node, int First)[] _due = new (int, int)[Places * PlaceLength];
    private readonly (int Stamp, int At)[][] _slots = [.. Enumerable.Range(0, Places).Select(_ => new (int, int)[Slots])];
    private readonly int[] _counts = new int[Places];
    private readonly ushort[] _words = new ushort[MostWords];
    private readonly ulong[] _low = new ulong[MostWords + Behind], _high = new ulong[MostWords + Behind];
    private int _stamp;

    /// <summary>Where the word at hand stands.</summary>
    public int At { get; private set; }

    /// <summary>Whose phrases are looked for.</summary>
    public PhraseAutomaton.Sides Sides { get; private set; }

    /// <summary>Matches written.</summary>
    public int Found { get; set; }

    /// <summary>The phrases whose next word is the one at hand.</summary>
    public ReadOnlySpan<(int Node, int First)> Due => _due.AsSpan(PlaceOf(At) * PlaceLength, _counts[PlaceOf(At)]);

    public void Begin(ReadOnlySpan<ushort> words, PhraseAutomaton.Sides sides)
    {
        Array.Clear(_counts);
        (Sides, Found) = (sides, 0);
        words.CopyTo(_words);
        for (int i = 0; i < words.Length; i++)
        {
            WordMask mask = WordMask.Of(words[i]);
            (_low[i], _high[i]) = (mask.Low, mask.High);
        }

        _low.AsSpan(words.Length, Behind).Clear();
        _high.AsSpan(words.Length, Behind).Clear();
        // A stamp for each word of each utterance: what an earlier one left in the slots is nobody's.
        if (_stamp > int.MaxValue - MostWords - Behind)
        {
            foreach (var slots in _slots) Array.Clear(slots);
            _stamp = 0;
        }

        _stamp += words.Length + 1;
    }

    /// <summary>Goes on to a word; what was due at the word before is gone.</summary>
    public void MoveTo(int at)
    {
        if (at > 0) _counts[PlaceOf(At)] = 0;
        At = at;
    }

    /// <summary>A word.</summary>
    public ushort WordAt(int at) => _words[at];

    /// <summary>Whether the next word may be one of these; behind the last there is none.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool MeetsNext(in WordMask words) => ((_low[At + 1] & words.Low) | (_high[At + 1] & words.High)) != 0;

    /// <summary>Which words within a gap may be one of these: bit 0 is the next.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public uint Ahead(in WordMask words, int gap)
    {
        ref ulong lows = ref MemoryMarshal.GetArrayDataReference(_low);
        ref ulong highs = ref MemoryMarshal.GetArrayDataReference(_high);
        Vector256<ulong> low = Vector256.Create(words.Low), high = Vector256.Create(words.High);
        uint met = 0;
        for (int i = 0; i <= gap; i += Vector256<ulong>.Count)
        {
            nuint from = (nuint)(At + 1 + i);
            var both = (Vector256.LoadUnsafe(ref lows, from) & low) | (Vector256.LoadUnsafe(ref highs, from) & high);
            met |= (~Vector256.Equals(both, Vector256<ulong>.Zero).ExtractMostSignificantBits() & 0xF) << i;
        }

        return met & ((2u << gap) - 1);
    }

    /// <summary>Carries a phrase on to a word, at a place to which only one way leads: the word behind the place before.</summary>
    public void Add(int at, int node, int first)
    {
        if (_counts[PlaceOf(at)] < MostAtAWord) Put(at, node, first);
    }

    /// <summary>Carries a phrase on to a word behind a gap. Of two that are at the same place, the one begun later has the shorter span: it replaces the other.</summary>
    public void AddOnce(int at, int node, int first)
    {
        int place = PlaceOf(at);
        int known = IndexOf(at, node);
        if (known >= 0)
        {
            ref int begun = ref _due[(place * PlaceLength) + known].First;
            begun = Math.Max(begun, first);
        }
        else if (_counts[place] < MostAtAWord)
        {
            Put(at, node, first);
        }
    }

    /// <summary>Few are looked through, many are hashed.</summary>
    private int IndexOf(int at, int node)
    {
        int place = PlaceOf(at), count = _counts[place];
        var due = _due.AsSpan(place * PlaceLength, count);
        if (count <= MostLookedThrough)
        {
            for (int i = 0; i < count; i++)
            {
                if (due[i].Node == node) return i;
            }

            return -1;
        }

        int stamp = _stamp - at;
        var slots = _slots[place];
        for (int slot = node & (Slots - 1); slots[slot].Stamp == stamp; slot = (slot + 1) & (Slots - 1))
        {
            if (due[slots[slot].At].Node == node) return slots[slot].At;
        }

        return -1;
    }

    private void Put(int at, int node, int first)
    {
        int place = PlaceOf(at);
        ref int count = ref _counts[place];
        _due[(place * PlaceLength) + count++] = (node, first);
        // Whoever is one too many to be looked through has all of them hashed, however they came.
        if (count <= MostLookedThrough) return;
        for (int i = count == MostLookedThrough + 1 ? 0 : count - 1; i < count; i++) Mark(at, _due[(place * PlaceLength) + i].Node, i);
    }

    private void Mark(int at, int node, int index)
    {
        int stamp = _stamp - at;
        var slots = _slots[PlaceOf(at)];
        int slot = node & (Slots - 1);
        while (slots[slot].Stamp == stamp) slot = (slot + 1) & (Slots - 1);
        slots[slot] = (stamp, index);
    }

    private static int PlaceOf(int at) => at & (Places - 1);
}
