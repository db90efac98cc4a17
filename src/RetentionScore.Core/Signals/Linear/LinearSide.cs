using System.Numerics;
using System.Runtime.Intrinsics;
using RetentionScore.Core.Text;

namespace RetentionScore.Core.Signals.Linear;

/// <summary>
/// The learned model for one side of a call. A word's row is the sum of its own and of the runs of letters in it, counted before; letters are
/// looked at only in words that are not known. Sums are of whole numbers, so they are the same on every processor and in every order.
/// Immutable, shared by all calls.
/// </summary>
internal sealed class LinearSide
{
    /// <summary>Heads at most; rows are that wide.</summary>
    public const int Stride = 32;

    /// <summary>Words read together, and how far the next such window is.</summary>
    public const int WindowWords = 16, WindowStep = 8;

    /// <summary>The root is of the count of words and this: one word alone is not all there is to know.</summary>
    public const int CountOffset = 2;

    // Rows by number from 1 on; row 0 is zeros, so that what was not found is added like all else.
    private readonly Vocabulary _words, _features;
    private readonly short[] _wordRows, _directRows;
    private readonly sbyte[] _featureRows;
    private readonly HeadNumbers _numbers;

    /// <summary>Builds a side from its tables.</summary>
    public LinearSide(LinearTables tables)
    {
        Tables = tables;
        _words = new Vocabulary(tables.WordKeys);
        _features = new Vocabulary(tables.FeatureKeys);
        int heads = tables.Heads.Length;
        _wordRows = Widen(tables.WordRows, heads, before: 1);
        _featureRows = Widen(tables.FeatureRows, heads, before: 1);
        _directRows = Widen(tables.DirectRows, heads, before: 0);
        _numbers = new HeadNumbers(tables.Heads);
        foreach (LinearHead head in tables.Heads) Signals |= 1UL << (int)head.Signal;
    }

    /// <summary>What it was built from.</summary>
    public LinearTables Tables { get; }

    /// <summary>The signals it knows.</summary>
    public ReadOnlySpan<LinearHead> Heads => Tables.Heads;

    /// <summary>The signals it knows, a bit each by number.</summary>
    public ulong Signals { get; }

    /// <summary>Fills log-odds and probability of each head, and where they come from.</summary>
    /// <param name="buffer">The utterance.</param>
    /// <param name="negated">For each of its words whether a negation reaches it.</param>
    /// <param name="before">What was done before it.</param>
    /// <param name="phrases">What phrases found in it.</param>
    /// <param name="scratch">Scratch; holds the result.</param>
    public void Read(TokenBuffer buffer, ReadOnlySpan<bool> negated, PriorActs before, SignalReading phrases, LinearScratch scratch)
    {
        int words = buffer.Tokens.Length;
        FindRows(buffer.Tokens, scratch);
        AddWords(buffer, negated, before, scratch);
        AddDirect(phrases, before, words, scratch.Direct);
        _numbers.Divide(scratch.Prefix.AsSpan(words * Stride, Stride), Math.Sqrt(words + CountOffset), scratch.Best);
        scratch.Windows.AsSpan(0, Tables.Heads.Length).Fill((0, words));
        if (words > WindowWords) FindWindows(words, scratch);
        _numbers.Weigh(scratch.Best, scratch.Direct, scratch.LogOdds);
        _numbers.Believe(scratch.LogOdds, scratch.Probabilities);
    }

    /// <summary>Of a long utterance the best window, where that is more than the whole.</summary>
    private void FindWindows(int words, LinearScratch scratch)
    {
        double window = Math.Sqrt(WindowWords + CountOffset);
        ReadOnlySpan<int> prefix = scratch.Prefix;
        for (int h = 0; h < Tables.Heads.Length; h++)
        {
            if (!Tables.Heads[h].Windowed) continue;
            for (int begin = 0; begin + WindowStep < words; begin += WindowStep)
            {
                int end = Math.Min(begin + WindowWords, words);
                double sum = (prefix[(end * Stride) + h] - prefix[(begin * Stride) + h]) / window;
                if (sum <= scratch.Best[h]) continue;
                scratch.Best[h] = sum;
                scratch.Windows[h] = (begin, end);
            }
        }
    }

    // Looked up before anything is added: one does not wait for the memory of another.
    private void FindRows(ReadOnlySpan<Token> tokens, LinearScratch scratch)
    {
        Span<int> words = scratch.WordRows.AsSpan(0, tokens.Length), pairs = scratch.PairRows.AsSpan(0, tokens.Length);
        ulong last = 0;
        for (int i = 0; i < tokens.Length; i++)
        {
            ulong hash = tokens[i].Hash;
            words[i] = _words.Find(FeatureKey.Word(hash));
            pairs[i] = i > 0 ? _features.Find(FeatureKey.Pair(last, hash)) : 0;
            last = hash;
        }
    }

    private void AddWords(TokenBuffer buffer, ReadOnlySpan<bool> negated, PriorActs before, LinearScratch scratch)
    {
        var tokens = buffer.Tokens;
        Span<int> prefix = scratch.Prefix;
        prefix[..Stride].Clear();
        var sum = default(RowSum);
        for (int i = 0; i < tokens.Length; i++)
        {
            ulong hash = tokens[i].Hash;
            int word = scratch.WordRows[i];
            if (word > 0) sum.Add(ref _wordRows[word * Stride]);
            else AddLetters(buffer.LettersOf(tokens[i]), scratch.Grams, ref sum);
            sum.AddTwice(ref _featureRows[scratch.PairRows[i] * Stride]);
            if (i == 0) AddFeature(FeatureKey.First(hash), ref sum);
            else if (i == 1) AddFeature(FeatureKey.Second(hash), ref sum);
            if (i == tokens.Length - 1) AddFeature(FeatureKey.Last(hash), ref sum);
            else if (i == tokens.Length - 2) AddFeature(FeatureKey.LastButOne(hash), ref sum);
            if (negated[i]) AddFeature(FeatureKey.Negated(hash), ref sum);
            if (tokens.Length <= FeatureKey.LongestAnswer) AddAnswer(hash, before, ref sum);
            sum.CopyTo(ref prefix[(i + 1) * Stride]);
        }
    }

    private void AddFeature(ulong key, ref RowSum sum) => sum.AddTwice(ref _featureRows[_features.Find(key) * Stride]);

    private void AddAnswer(ulong hash, PriorActs before, ref RowSum sum)
    {
        for (int acts = (int)before; acts != 0; acts &= acts - 1) AddFeature(FeatureKey.Answer(hash, BitOperations.TrailingZeroCount(acts)), ref sum);
    }

    private void AddLetters(ReadOnlySpan<byte> letters, Span<ulong> grams, ref RowSum sum)
    {
        int count = FeatureKey.Grams(letters, grams);
        for (int i = 0; i < count; i++)
        {
            sum.Add(ref _featureRows[_features.Find(grams[i]) * Stride]);
        }
    }

    private void AddDirect(SignalReading phrases, PriorActs before, int words, Span<int> into)
    {
        var sum = default(RowSum);
        for (ulong found = phrases.Found; found != 0; found &= found - 1)
        {
            var signal = (Signal)BitOperations.TrailingZeroCount(found);
            float p = phrases.Evidence(signal);
            if (p > 0) sum.Add(ref _directRows[DirectFeature.Phrase(signal, p) * Stride]);
        }

        sum.Add(ref _directRows[DirectFeature.Length(words) * Stride]);
        for (int acts = (int)before; acts != 0; acts &= acts - 1) sum.Add(ref _directRows[DirectFeature.Act(BitOperations.TrailingZeroCount(acts)) * Stride]);
        sum.CopyTo(ref into[0]);
    }

    private static T[] Widen<T>(T[] rows, int heads, int before)
    {
        if (heads == 0) return new T[Stride];
        int count = rows.Length / heads;
        var wide = new T[(count + before) * Stride];
        for (int row = 0; row < count; row++) rows.AsSpan(row * heads, heads).CopyTo(wide.AsSpan((row + before) * Stride));
        return wide;
    }

    /// <summary>A row being summed, in registers.</summary>
    private struct RowSum
    {
        private Vector256<int> _a, _b, _c, _d;

        public void Add(ref short row)
        {
            Add(Vector256.LoadUnsafe(ref row), Vector256.LoadUnsafe(ref row, (nuint)Vector256<short>.Count));
        }

        public void Add(ref sbyte row)
        {
            var (low, high) = Vector256.Widen(Vector256.LoadUnsafe(ref row));
            Add(low, high);
        }

        public void AddTwice(ref sbyte row)
        {
            var (low, high) = Vector256.Widen(Vector256.LoadUnsafe(ref row));
            Add(low + low, high + high);
        }

        public readonly void CopyTo(ref int into)
        {
            _a.StoreUnsafe(ref into);
            _b.StoreUnsafe(ref into, 8);
            _c.StoreUnsafe(ref into, 16);
            _d.StoreUnsafe(ref into, 24);
        }

        private void Add(Vector256<short> low, Vector256<short> high)
        {
            var (a, b) = Vector256.Widen(low);
            var (c, d) = Vector256.Widen(high);
            _a += a;
            _b += b;
            _c += c;
            _d += d;
        }
    }
}
