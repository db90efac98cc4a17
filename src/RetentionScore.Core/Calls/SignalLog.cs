using System.Buffers;
using RetentionScore.Core.Dialogue;

namespace RetentionScore.Core.Calls;

/// <summary>
/// The last 64 messages of a call and the state before them: enough to put a correction in its place. Bounded whatever the length of the call. The
/// entries go from call to call where calls are released: most of a call's memory, which a collector would otherwise move about.
/// </summary>
/// <param name="grows">Room is taken as it is needed, which allocates now and then, but most calls that are held have said little.</param>
internal sealed class SignalLog(bool grows = false)
{
    /// <summary>How far back a correction reaches, in messages.</summary>
    public const int Depth = 64;

    private const int FirstRoom = 16;

    private LogEntry[] _entries = ArrayPool<LogEntry>.Shared.Rent(grows ? FirstRoom : Depth);
    private DialogueState _before = DialogueState.Start();
    private int _first, _count;

    public void Add(in LogEntry entry, in Fold.Rules rules)
    {
        // Ticks in a row are one entry: the last says all that they said.
        if (_count > 0 && IsTick(entry) && IsTick(At(_count - 1)))
        {
            At(_count - 1) = entry;
            return;
        }

        if (_count == Depth)
        {
            Fold.Apply(ref _before, _entries[_first], rules);
            _first = (_first + 1) % Depth;
            _count--;
        }

        if (_count == _entries.Length) Grow();
        _count++;
        At(_count - 1) = entry;
    }

    /// <summary>Puts new words in an old place: time and order stay. False where no utterance of that seq is kept.</summary>
    public bool TryReplace(uint seq, in LogEntry with)
    {
        for (int i = _count - 1; i >= 0; i--)
        {
            ref LogEntry entry = ref At(i);
            if (entry.Seq != seq) continue;
            if (entry.Kind != EntryKind.Utterance) return false;
            LogEntry placed = with;
            placed.Seq = entry.Seq;
            placed.StartMs = entry.StartMs;
            placed.EndMs = entry.EndMs;
            entry = placed;
            return true;
        }

        return false;
    }

    /// <summary>The state after all that is kept.</summary>
    public void FoldInto(ref DialogueState state, in Fold.Rules rules)
    {
        state = _before;
        for (int i = 0; i < _count; i++) Fold.Apply(ref state, At(i), rules);
    }

    /// <summary>Empties the log, of another call from now on; it keeps its room.</summary>
    public void Clear()
    {
        _before = DialogueState.Start();
        (_first, _count) = (0, 0);
    }

    /// <summary>Gives the room to another log; this one is empty.</summary>
    public void Release()
    {
        if (_entries.Length > 0) ArrayPool<LogEntry>.Shared.Return(_entries);
        _entries = [];
        Clear();
    }

    // Before the log is full it begins at 0.
    private void Grow()
    {
        LogEntry[] larger = ArrayPool<LogEntry>.Shared.Rent(Math.Min(Depth, Math.Max(FirstRoom, _entries.Length * 2)));
        _entries.AsSpan(0, _count).CopyTo(larger);
        if (_entries.Length > 0) ArrayPool<LogEntry>.Shared.Return(_entries);
        _entries = larger;
    }

    private static bool IsTick(in LogEntry entry) => entry is { Kind: EntryKind.Event, Event: CallEventKind.Tick };

    private ref LogEntry At(int i) => ref _entries[(_first + i) % Depth];
}
