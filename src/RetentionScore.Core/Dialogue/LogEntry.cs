using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using RetentionScore.Core.Signals;

namespace RetentionScore.Core.Dialogue;

/// <summary>What an entry of the signal log is.</summary>
public enum EntryKind : byte
{
    /// <summary>A final utterance.</summary>
    Utterance = 0,
    /// <summary>A message that keeps its place and changes nothing but the clock: a correction, or one whose scoring failed.</summary>
    Place = 1,
    /// <summary>An event; the kind of it is in <see cref="LogEntry.Event"/>.</summary>
    Event = 2,
}

/// <summary>What else an entry says.</summary>
[Flags]
public enum EntryFlags : byte
{
    /// <summary>Nothing.</summary>
    None = 0,
    /// <summary>Takes no turn.</summary>
    Backchannel = 1,
    /// <summary>Conduct from timings is not evaluated.</summary>
    TimingsEstimated = 2,
    /// <summary>A context change that named another agent.</summary>
    NewAgent = 4,
}

/// <summary>
/// One message of a call as the dialogue sees it: signals, not words. The log of these is all that restores a call. Probabilities are in
/// 1/255; that rounding is part of the score, so that a call folded from its log has the same bits as the live one.
/// </summary>
[StructLayout(LayoutKind.Auto)]
public struct LogEntry
{
    /// <summary>Signals kept of one utterance, the strongest.</summary>
    public const int MostSignals = 12;

    /// <summary>Place in the call's order.</summary>
    public uint Seq;
    /// <summary>Ms of the call.</summary>
    public int StartMs;
    /// <summary>Ms of the call.</summary>
    public int EndMs;
    /// <summary>What it is.</summary>
    public EntryKind Kind;
    /// <summary>The event, where it is one.</summary>
    public CallEventKind Event;
    /// <summary>Who spoke.</summary>
    public Speaker Speaker;
    /// <summary>The recogniser's confidence in 1/255.</summary>
    public byte Confidence;
    /// <summary>What else.</summary>
    public EntryFlags Flags;
    /// <summary>Words of the utterance.</summary>
    public ushort Words;
    /// <summary>A bit for each content word.</summary>
    public ulong ContentBits;
    /// <summary>The signals, in the order of <see cref="Signal"/>.</summary>
    public SignalBytes Signals;

    /// <summary>Whether a flag is set.</summary>
    public readonly bool Is(EntryFlags flag) => (Flags & flag) != 0;

    /// <summary>Recogniser confidence under 0.6: evidence that is weakened and widens the interval.</summary>
    public readonly bool Doubtful => Kind == EntryKind.Utterance && Confidence < 153;

    /// <summary>The probability of a signal, 0 to 1; 0 where it is not kept.</summary>
    public readonly double this[Signal signal] => (PairOf(signal) & 0xFF) / 255.0;

    /// <summary>Whether a signal is sure enough to move the dialogue.</summary>
    public readonly bool Has(Signal signal) => (PairOf(signal) & SignalBytes.Sure) != 0;

    /// <summary>The signal kept at a place, and whether it is sure; <see cref="Signal.None"/> behind the last.</summary>
    public readonly (Signal Signal, bool Sure) KeptAt(int place) => ((Signal)((Signals[place] >> 8) & 0x7F), (Signals[place] & SignalBytes.Sure) != 0);

    // In the order of signals, and nothing behind the last: most utterances carry few.
    private readonly int PairOf(Signal signal)
    {
        for (int i = 0; i < MostSignals; i++)
        {
            int pair = Signals[i], kept = (pair >> 8) & 0x7F;
            if (kept == (int)signal) return pair;
            if (kept == 0 || kept > (int)signal) break;
        }

        return 0;
    }

    /// <summary>How much words weigh that the recogniser may have got wrong: 1 at a confidence of 0.6 and more, 0.4 at 0.</summary>
    public readonly double Trust => Math.Min(1.0, 0.4 + Confidence / 255.0);

    /// <summary>Takes a reading over, weakened by doubtful recognition; what is neither sure nor worth weighing is left out.</summary>
    public void Take(SignalReading reading)
    {
        double trust = Trust;
        int count = 0;
        Span<ushort> kept = Signals;
        kept.Clear();
        for (ulong present = reading.Present; present != 0; present &= present - 1)
        {
            int i = BitOperations.TrailingZeroCount(present);
            double belief = reading[(Signal)i] * trust;
            bool sure = reading.Evidence((Signal)i) * trust >= EvidenceLine.Acted;
            if (!sure && belief < EvidenceLine.Weighed) continue;
            ushort pair = (ushort)((sure ? SignalBytes.Sure : 0) | (i << 8) | (int)(belief * 255 + 0.5));
            if (count < MostSignals) kept[count++] = pair;
            else ReplaceWeakest(kept, pair);
        }

        Words = (ushort)Math.Min(reading.Words, ushort.MaxValue);
        ContentBits = reading.ContentBits;
        if (reading.Backchannel) Flags |= EntryFlags.Backchannel;
    }

    private static void ReplaceWeakest(Span<ushort> kept, ushort pair)
    {
        int weakest = 0;
        for (int i = 1; i < kept.Length; i++)
        {
            if (Strength(kept[i]) < Strength(kept[weakest])) weakest = i;
        }

        if (Strength(kept[weakest]) >= Strength(pair)) return;
        kept[(weakest + 1)..].CopyTo(kept[weakest..]);
        kept[^1] = pair;
    }

    /// <summary>What is sure goes before what is not.</summary>
    private static int Strength(ushort pair) => pair & (SignalBytes.Sure | 0xFF);
}

/// <summary>A signal each: whether it is sure (highest bit), which it is (the seven below), its probability in 1/255 (low byte).</summary>
[InlineArray(LogEntry.MostSignals)]
public struct SignalBytes
{
    /// <summary>The bit that says that the dialogue moves on it.</summary>
    public const int Sure = 0x8000;

    private ushort _first;
}
