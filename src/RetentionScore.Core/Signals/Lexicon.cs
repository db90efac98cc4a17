using RetentionScore.Core.Text;

namespace RetentionScore.Core.Signals;

/// <summary>The words that phrases know, by hash. Immutable.</summary>
internal sealed class Lexicon
{
    /// <summary>The id of a number written in digits.</summary>
    public const ushort Number = 1;

    private readonly (ulong Hash, ushort Word)[] _slots;
    private readonly int _shift;

    /// <summary>Words with their ids; the unknown word is 0 and is not among them.</summary>
    public Lexicon(IReadOnlyCollection<(string Text, ushort Id)> words)
    {
        int bits = 4;
        while (1 << bits < 4 * words.Count) bits++;
        _shift = 64 - bits;
        _slots = new (ulong, ushort)[1 << bits];
        foreach (var (text, id) in words)
        {
            ulong hash = Fnv.Offset;
            foreach (byte b in System.Text.Encoding.UTF8.GetBytes(text)) hash = Fnv.Add(hash, b);
            int slot = SlotOf(hash);
            while (_slots[slot].Word != 0) slot = (slot + 1) & (_slots.Length - 1);
            _slots[slot] = (hash, id);
        }
    }

    /// <summary>The id of a word; 0 where no phrase knows it.</summary>
    public ushort Find(ulong hash)
    {
        int slot = SlotOf(hash);
        while (_slots[slot].Word != 0)
        {
            if (_slots[slot].Hash == hash) return _slots[slot].Word;
            slot = (slot + 1) & (_slots.Length - 1);
        }

        return 0;
    }

    private int SlotOf(ulong hash) => (int)((hash * 0x9E3779B97F4A7C15UL) >> _shift);
}
