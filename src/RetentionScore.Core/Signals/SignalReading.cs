namespace RetentionScore.Core.Signals;

/// <summary>What one utterance was read to say. Reused; not thread-safe.</summary>
public sealed class SignalReading
{
    private readonly float[] _probabilities = new float[SignalCatalogue.Count];
    private readonly int[] _beginChars = new int[SignalCatalogue.Count];
    private readonly int[] _endChars = new int[SignalCatalogue.Count];

    /// <summary>Words of the utterance.</summary>
    public int Words { get; internal set; }

    /// <summary>At most three words of the "yeah, okay, mm" kind, or none at all: it takes no turn.</summary>
    public bool Backchannel { get; internal set; }

    /// <summary>A bit for each content word: two questions are alike as their bits overlap.</summary>
    public ulong ContentBits { get; internal set; }

    /// <summary>Probability of a signal, 0 to 1.</summary>
    public float this[Signal signal] => _probabilities[(int)signal];

    /// <summary>The words that carry a signal, as UTF-16 code units of the text; empty where nothing does.</summary>
    public (int Begin, int End) Span(Signal signal) => (_beginChars[(int)signal], _endChars[(int)signal]);

    internal void Clear()
    {
        Array.Clear(_probabilities);
        Array.Clear(_beginChars);
        Array.Clear(_endChars);
        Words = 0;
        Backchannel = false;
        ContentBits = 0;
    }

    /// <summary>Adds to what is there; the words stay.</summary>
    internal void Lift(Signal signal, float by) => _probabilities[(int)signal] = Math.Min(_probabilities[(int)signal] + by, 1f);

    /// <summary>Keeps the strongest evidence; of equals the first.</summary>
    internal void Raise(Signal signal, float probability, int beginChar, int endChar)
    {
        int at = (int)signal;
        if (probability <= _probabilities[at]) return;
        _probabilities[at] = probability;
        _beginChars[at] = beginChar;
        _endChars[at] = endChar;
    }
}
