namespace RetentionScore.Core.Signals;

/// <summary>
/// What one utterance was read to say. Belief and decision are separate: <see cref="this"/> is how probable a signal is, and is told as it is;
/// <see cref="Evidence"/> is what is sure enough to move the dialogue. Reused; not thread-safe.
/// </summary>
public sealed class SignalReading
{
    private const float NotRead = -1f;

    private readonly float[] _evidence = new float[SignalCatalogue.Count];
    private readonly float[] _learned = NothingLearned();
    private readonly int[] _beginChars = new int[SignalCatalogue.Count];
    private readonly int[] _endChars = new int[SignalCatalogue.Count];

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
            float evidence = _evidence[(int)signal], learned = _learned[(int)signal];
            if (learned < 0) return evidence;
            return evidence >= EvidenceLine.Said ? Math.Max(evidence, learned) : learned;
        }
    }

    /// <summary>What phrases found, and what the model is sure of; from <see cref="EvidenceLine.Acted"/> on the dialogue moves.</summary>
    internal float Evidence(Signal signal) => _evidence[(int)signal];

    /// <summary>The words that carry a signal, as UTF-16 code units of the text; empty where nothing does.</summary>
    public (int Begin, int End) Span(Signal signal) => (_beginChars[(int)signal], _endChars[(int)signal]);

    internal void Clear()
    {
        Array.Clear(_evidence);
        Array.Fill(_learned, NotRead);
        Array.Clear(_beginChars);
        Array.Clear(_endChars);
        Words = 0;
        Backchannel = false;
        ContentBits = 0;
    }

    /// <summary>Adds to what is there; the words stay.</summary>
    internal void Lift(Signal signal, float by) => _evidence[(int)signal] = Math.Min(_evidence[(int)signal] + by, 1f);

    /// <summary>What the dialogue rules out was not said, whatever the words are.</summary>
    internal void RuleOut(Signal signal) => _evidence[(int)signal] = _learned[(int)signal] = 0;

    /// <summary>What the learned model believes, and the words that make it believe it.</summary>
    internal void Believe(Signal signal, float probability, int beginChar, int endChar)
    {
        int at = (int)signal;
        _learned[at] = probability;
        if (_evidence[at] > 0) return;
        _beginChars[at] = beginChar;
        _endChars[at] = endChar;
    }

    /// <summary>Keeps the strongest evidence; of equals the first.</summary>
    internal void Raise(Signal signal, float probability, int beginChar, int endChar)
    {
        int at = (int)signal;
        if (probability <= _evidence[at]) return;
        _evidence[at] = probability;
        _beginChars[at] = beginChar;
        _endChars[at] = endChar;
    }

    private static float[] NothingLearned()
    {
        var learned = new float[SignalCatalogue.Count];
        Array.Fill(learned, NotRead);
        return learned;
    }
}
