using System.Numerics;
using System.Text;
using RetentionScore.Core.Signals;
using RetentionScore.Core.Signals.Linear;
using RetentionScore.Core.Text;

namespace RetentionScore.Cli.Learning;

/// <summary>
/// The examples of one side as the model sees them, read once. A word is one column, however many runs of letters it has: its weight is the sum
/// of theirs, so that a pass over the data costs as much as its words. Immutable once built.
/// </summary>
internal sealed class FeatureMatrix
{
    /// <summary>A feature seen less often is not learned.</summary>
    public const int LeastSeen = 3;

    private readonly List<int> _rowBegin = [0], _columns = [];
    private readonly List<float> _values = [];
    private readonly Dictionary<ulong, int> _words = [], _features = [], _parameterOfGram = [];
    private readonly List<byte[]> _letters = [];
    private readonly List<int> _wordSeen = [], _featureSeen = [];

    /// <summary>Reads examples with the phrases of a reader.</summary>
    public FeatureMatrix(IReadOnlyList<Example> examples, SignalReader phrases, WordVectors vectors)
    {
        Examples = examples;
        Vectors = vectors;
        var work = new ReaderScratch();
        var reading = new SignalReading();
        foreach (Example example in examples) Add(example, phrases, work, reading);
        Number();
    }

    /// <summary>The examples, a row each.</summary>
    public IReadOnlyList<Example> Examples { get; }

    /// <summary>What is known of words from elsewhere.</summary>
    public WordVectors Vectors { get; }

    /// <summary>Weights to learn: direct features, pairs and ends, words and runs of letters, and one a dimension of the word vectors.</summary>
    public int Parameters => FirstDimension + WordVectors.Dimensions;

    /// <summary>The first parameter of the word vectors.</summary>
    public int FirstDimension => DirectFeature.Count + Keys.Count;

    /// <summary>How much a parameter may do: rare features more, as in TF-IDF; the direct ones 1.</summary>
    public List<float> Scale { get; } = [.. Enumerable.Repeat(1f, DirectFeature.Count)];

    /// <summary>Keys of the parameters after the direct ones.</summary>
    public List<ulong> Keys { get; } = [];

    /// <summary>Whether that key is a run of letters (weighs half).</summary>
    public List<bool> IsGram { get; } = [];

    /// <summary>Words: key, own parameter or -1, parameters of the runs of letters in it, row of its vector or -1.</summary>
    public List<(ulong Key, int Own, int[] Grams, int Vector)> Words { get; } = [];

    /// <summary>Words of the vectors that were never seen here, in their order, at most so many.</summary>
    public IEnumerable<(ulong Key, int Own, int[] Grams, int Vector)> UnseenWords(int most)
    {
        var grams = new ulong[FeatureKey.MostGrams];
        foreach (var (hash, letters, row) in Vectors.Commonest(most))
        {
            if (_words.ContainsKey(hash)) continue;
            int count = FeatureKey.Grams(letters, grams);
            yield return (FeatureKey.Word(hash), -1, [.. grams.Take(count).Where(_parameterOfGram.ContainsKey).Select(gram => _parameterOfGram[gram])], row);
        }
    }

    /// <summary>Columns of what was done before an utterance, alone or with its words.</summary>
    public HashSet<int> ContextColumns { get; } = [.. Enumerable.Range(0, DirectFeature.Acts).Select(DirectFeature.Act)];

    /// <summary>Columns before the words' columns.</summary>
    public int FirstWord { get; private set; }

    /// <summary>Parameter of each column before the words; -1 for none.</summary>
    public int[] ParameterOf { get; private set; } = [];

    /// <summary>Columns and values of an example.</summary>
    public (int Begin, int End) Row(int example) => (_rowBegin[example], _rowBegin[example + 1]);

    /// <summary>Whether a phrase is sure of a signal in an example.</summary>
    public bool HasPhrase(int example, Signal signal) => Columns[_rowBegin[example].._rowBegin[example + 1]].Contains(DirectFeature.Phrase(signal, 1));

    public ReadOnlySpan<int> Columns => System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_columns);

    public ReadOnlySpan<float> Values => System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_values);

    private void Add(Example example, SignalReader phrases, ReaderScratch work, SignalReading reading)
    {
        Tokenizer.Read(Encoding.UTF8.GetBytes(example.Text), work.Tokens);
        TailWords tail = default;
        phrases.Read(example.Speaker, ref tail, goesOn: false, example.Before, work, reading);
        var tokens = work.Tokens.Tokens;
        for (Signal s = (Signal)1; (int)s < SignalCatalogue.Count; s++)
        {
            if (reading.Evidence(s) > 0) Put(DirectFeature.Phrase(s, reading.Evidence(s)), 1);
        }

        Put(DirectFeature.Length(tokens.Length), 1);
        for (int acts = (int)example.Before; acts != 0; acts &= acts - 1) Put(DirectFeature.Act(BitOperations.TrailingZeroCount(acts)), 1);
        float value = (float)(1 / Math.Sqrt(tokens.Length + LinearSide.CountOffset));
        for (int i = 0; i < tokens.Length; i++)
        {
            ulong hash = tokens[i].Hash;
            Put(-1 - WordOf(hash, work.Tokens.LettersOf(tokens[i])), value);
            if (i > 0) PutFeature(FeatureKey.Pair(tokens[i - 1].Hash, hash), value);
            if (i == 0) PutFeature(FeatureKey.First(hash), value);
            else if (i == 1) PutFeature(FeatureKey.Second(hash), value);
            if (i == tokens.Length - 1) PutFeature(FeatureKey.Last(hash), value);
            else if (i == tokens.Length - 2) PutFeature(FeatureKey.LastButOne(hash), value);
            if (work.Negated[i]) PutFeature(FeatureKey.Negated(hash), value);
            for (int acts = tokens.Length <= FeatureKey.LongestAnswer ? (int)example.Before : 0; acts != 0; acts &= acts - 1)
                ContextColumns.Add(PutFeature(FeatureKey.Answer(hash, BitOperations.TrailingZeroCount(acts)), value));
        }

        _rowBegin.Add(_columns.Count);
    }

    private void Put(int column, float value)
    {
        _columns.Add(column);
        _values.Add(value);
    }

    private int PutFeature(ulong key, float value)
    {
        if (!_features.TryGetValue(key, out int feature))
        {
            _features.Add(key, feature = _features.Count);
            _featureSeen.Add(0);
        }

        _featureSeen[feature]++;
        Put(DirectFeature.Count + feature, value);
        return DirectFeature.Count + feature;
    }

    private int WordOf(ulong hash, ReadOnlySpan<byte> letters)
    {
        if (!_words.TryGetValue(hash, out int word))
        {
            _words.Add(hash, word = _words.Count);
            _letters.Add(letters.ToArray());
            _wordSeen.Add(0);
        }

        _wordSeen[word]++;
        return word;
    }

    /// <summary>Numbers what was seen often enough, and gives words their columns behind all others.</summary>
    private void Number()
    {
        FirstWord = DirectFeature.Count + _features.Count;
        ParameterOf = new int[FirstWord];
        for (int i = 0; i < DirectFeature.Count; i++) ParameterOf[i] = i;
        foreach (var (key, feature) in _features) ParameterOf[DirectFeature.Count + feature] = _featureSeen[feature] < LeastSeen ? -1 : NewParameter(key, gram: false, _featureSeen[feature]);
        var gramsSeen = new Dictionary<ulong, int>();
        var grams = new ulong[FeatureKey.MostGrams];
        for (int word = 0; word < _letters.Count; word++)
        {
            int count = FeatureKey.Grams(_letters[word], grams);
            for (int i = 0; i < count; i++) gramsSeen[grams[i]] = gramsSeen.GetValueOrDefault(grams[i]) + _wordSeen[word];
        }

        foreach (var (hash, word) in _words)
        {
            int count = FeatureKey.Grams(_letters[word], grams);
            var known = new List<int>(count);
            for (int i = 0; i < count; i++)
            {
                if (gramsSeen[grams[i]] < LeastSeen) continue;
                if (!_parameterOfGram.TryGetValue(grams[i], out int parameter)) _parameterOfGram.Add(grams[i], parameter = NewParameter(grams[i], gram: true, gramsSeen[grams[i]]));
                known.Add(parameter);
            }

            ulong key = FeatureKey.Word(hash);
            Words.Add((key, _wordSeen[word] < LeastSeen ? -1 : NewParameter(key, gram: false, _wordSeen[word]), [.. known], Vectors.RowOf(hash)));
        }

        for (int i = 0; i < _columns.Count; i++)
        {
            if (_columns[i] < 0) _columns[i] = FirstWord - 1 - _columns[i];
        }
    }

    private int NewParameter(ulong key, bool gram, int seen)
    {
        // As a share of what a feature weighs that one utterance in a thousand has.
        Scale.Add((float)((Math.Log((1.0 + Examples.Count) / (1 + seen)) + 1) / (Math.Log(1000) + 1)));
        Keys.Add(key);
        IsGram.Add(gram);
        return DirectFeature.Count + Keys.Count - 1;
    }
}
