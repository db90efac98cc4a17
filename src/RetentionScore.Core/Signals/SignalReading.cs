using System.Numerics;
using System.Runtime.CompilerServices;
using RetentionScore.Core.Signals.Linear;

namespace RetentionScore.Core.Signals;

/// <summary>
/// What one utterance was read to say. Belief and decision are separate: <see cref="this"/> is how probable a signal is, and is told as it is;
/// <see cref="Evidence"/> is what is sure enough to move the dialogue. Reused; not thread-safe. Words that the learned model went by are looked for when
/// they are asked for, in the scratch that the utterance was read with: before that reads another.
/// </summary>
public sealed class SignalReading
{
    private readonly float[] _evidence = new float[SignalCatalogue.Count];
    private readonly float[] _learned = new float[SignalCatalogue.Count];
    private readonly int[] _beginChars = new int[SignalCatalogue.Count];
    private readonly int[] _endChars = new int[SignalCatalogue.Count];
    private readonly byte[] _heads = new byte[SignalCatalogue.Count];

    // A bit each signal: has evidence; was read by the model, where the bit alone says "no"; and was found probable by it; has its words from it.
    private ulong _found, _read, _believed, _fromModel;
    private ReaderScratch? _words;

    /// <summary>Words of the utterance.</summary>
    public int Words { get; internal set; }

    /// <summary>At most three words of the "yeah, okay, mm" kind, or none at all: it takes no turn.</summary>
    public bool Backchannel { get; internal set; }

    /// <summary>A bit for each content word: two questions are alike as their bits overlap.</summary>
    public ulong ContentBits { get; internal set; }

    /// <summary>
    /// Probability of a signal, 0 to 1: the learned model's, which knows what phrases found. Where they are sure it may only be surer, where no
    /// model reads the signal it is theirs.
    /// </summary>
    public float this[Signal signal]
    {
        get
        {
            float evidence = Evidence(signal);
            if ((_read & Bit(signal)) == 0) return evidence;
            float learned = (_believed & Bit(signal)) != 0 ? _learned[(int)signal] : 0;
            return evidence >= EvidenceLine.Said ? Math.Max(evidence, learned) : learned;
        }
    }

    /// <summary>Signals that may be more than nothing, a bit each by number: all others are 0 in every respect.</summary>
    internal ulong Present => _found | _believed;

    /// <summary>Signals with evidence, a bit each by number.</summary>
    internal ulong Found => _found;

    /// <summary>What phrases found, and what the model is sure of; from <see cref="EvidenceLine.Acted"/> on the dialogue moves.</summary>
    internal float Evidence(Signal signal) => (_found & Bit(signal)) != 0 ? _evidence[(int)signal] : 0;

    /// <summary>The words that carry a signal, as UTF-16 code units of the text; empty where nothing does.</summary>
    public (int Begin, int End) Span(Signal signal)
    {
        if ((_fromModel & Bit(signal)) != 0) return LearnedEvidence.StrongestWords(_words!, _heads[(int)signal]);
        return (_found & Bit(signal)) != 0 ? (_beginChars[(int)signal], _endChars[(int)signal]) : (0, 0);
    }

    internal void Clear()
    {
        _found = _read = _believed = _fromModel = 0;
        Words = 0;
        Backchannel = false;
        ContentBits = 0;
    }

    /// <summary>Adds to what is there; the words stay.</summary>
    internal void Lift(Signal signal, float by)
    {
        _evidence[(int)signal] = Math.Min(Evidence(signal) + by, 1f);
        if ((_found & Bit(signal)) == 0) _beginChars[(int)signal] = _endChars[(int)signal] = 0;
        _found |= Bit(signal);
    }

    /// <summary>What the dialogue rules out was not said, whatever the words are.</summary>
    internal void RuleOut(Signal signal)
    {
        _evidence[(int)signal] = 0;
        _believed &= ~Bit(signal);
        _read |= Bit(signal);
    }

    /// <summary>The model read these signals, a bit each, in the words of that scratch: what it does not believe of them is not so.</summary>
    internal void ReadBy(ulong signals, ReaderScratch words)
    {
        _read = signals;
        _words = words;
    }

    /// <summary>What the learned model believes, and which of its heads.</summary>
    internal void Believe(Signal signal, float probability, int head)
    {
        _learned[(int)signal] = probability;
        _heads[(int)signal] = (byte)head;
        _believed |= Bit(signal);
        _read |= Bit(signal);
        if ((_found & Bit(signal)) == 0) _fromModel |= Bit(signal);
    }

    /// <summary>What the learned model is sure of: evidence where it is the strongest.</summary>
    internal void BeSure(Signal signal)
    {
        float probability = _learned[(int)signal];
        if (probability <= Evidence(signal)) return;
        _evidence[(int)signal] = probability;
        _found |= Bit(signal);
        _fromModel |= Bit(signal);
    }

    /// <summary>Keeps the strongest evidence; of equals the first.</summary>
    internal void Raise(Signal signal, float probability, int beginChar, int endChar)
    {
        if (probability <= Evidence(signal)) return;
        int at = (int)signal;
        _evidence[at] = probability;
        _beginChars[at] = beginChar;
        _endChars[at] = endChar;
        _found |= Bit(signal);
        _fromModel &= ~Bit(signal);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Bit(Signal signal) => 1UL << (int)signal;
}
