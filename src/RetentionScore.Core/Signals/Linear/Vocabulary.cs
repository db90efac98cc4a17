using System.Numerics;

namespace RetentionScore.Core.Signals.Linear;

/// <summary>
/// Rows by key: the upper bits of a key say where to look, the lower 32 are compared, so that what was never seen finds nothing (but one in
/// some billions). Immutable.
/// </summary>
internal sealed class Vocabulary
{
    private readonly ulong[] _slots; // check in the upper half, row + 1 in the lower; 0 is empty
    private readonly int _shift;

    /// <summary>Keys in the order of their rows. Two keys may not agree in the bits that are compared and lie together: the later is not found.</summary>
    public Vocabulary(ReadOnlySpan<ulong> keys)
    {
        int bits = Math.Max(4, 64 - BitOperations.LeadingZeroCount((ulong)Math.Max(1, keys.Length + (keys.Length >> 1))));
        _shift = 64 - bits;
        _slots = new ulong[1 << bits];
        for (int row = 0; row < keys.Length; row++)
        {
            int slot = (int)(keys[row] >> _shift);
            while (_slots[slot] != 0) slot = (slot + 1) & (_slots.Length - 1);
            _slots[slot] = (keys[row] << 32) | (uint)(row + 1);
        }
    }

    /// <summary>The row of a key, from 1 on; 0 for none.</summary>
    public int Find(ulong key)
    {
        int slot = (int)(key >> _shift);
        uint check = (uint)key;
        ulong found;
        while ((found = _slots[slot]) != 0)
        {
            if ((uint)(found >> 32) == check) return (int)(uint)found;
            slot = (slot + 1) & (_slots.Length - 1);
        }

        return 0;
    }
}
