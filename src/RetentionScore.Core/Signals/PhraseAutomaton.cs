using RetentionScore.Core.Text;

namespace RetentionScore.Core.Signals;

/// <summary>
/// All phrases of all signals in one trie over words, flat in memory. A phrase begun is carried on only where its next word really stands: what
/// may follow is a mask of words, tested against the words of the whole gap at once, so that of thousands of phrases only those cost anything
/// that the utterance says. Immutable, shared by all calls.
/// </summary>
internal sealed class PhraseAutomaton
{
    /// <summary>What a phrase, once found, stands for.</summary>
    public readonly record struct Pattern(Signal Signal, float Probability, bool Veto, bool Immune, bool AtEnd)
    {
        /// <summary>Whose words it is looked for in.</summary>
        internal Sides Sides => (SignalCatalogue.OfCustomer(Signal) ? Sides.Customer : 0) | (SignalCatalogue.OfAgent(Signal) ? Sides.Agent : 0);
    }

    /// <summary>A phrase found: tokens <paramref name="First"/> to <paramref name="Last"/>, both included.</summary>
    public readonly record struct Match(int Pattern, int First, int Last);

    /// <summary>Whose phrases.</summary>
    [Flags]
    internal enum Sides : byte
    {
        None = 0,
        Customer = 1,
        Agent = 2,
    }

    /// <summary>Words that may stand between two words of a phrase, at most.</summary>
    internal const int MostGap = 12;

    private readonly Lexicon _lexicon;
    private readonly Pattern[] _patterns;
    private readonly Starts _anywhere, _atStart;
    private readonly Flat _trie;
    private readonly Dictionary<string, bool[]> _wordLists;

    internal PhraseAutomaton(Lexicon lexicon, Pattern[] patterns, Starts anywhere, Starts atStart, Flat trie, Dictionary<string, bool[]> wordLists)
    {
        (_lexicon, _patterns, _anywhere, _atStart, _trie, _wordLists) = (lexicon, patterns, anywhere, atStart, trie, wordLists);
    }

    public ReadOnlySpan<Pattern> Patterns => _patterns;

    /// <summary>Number of ways to say all phrases, as trie nodes.</summary>
    public int NodeCount => _trie.Nodes.Length;

    /// <summary>Builds the automaton of a set of pattern files. Throws <see cref="FormatException"/> naming file and line.</summary>
    public static PhraseAutomaton Build(PatternFile file) => new PhraseTrie(file).Build();

    /// <summary>The lexicon's id of a token; 0 for a word that no phrase knows.</summary>
    public ushort WordOf(in Token token) => _lexicon.Find(token.Hash) is var word and not 0 ? word : token.HasDigit ? Lexicon.Number : (ushort)0;

    /// <summary>Which words a list of single words holds, by lexicon id.</summary>
    public bool[] WordsOf(string list) => _wordLists[list];

    /// <summary>Finds every phrase of a side in a row of lexicon ids.</summary>
    /// <param name="words">The row.</param>
    /// <param name="sides">One side; none finds nothing.</param>
    /// <param name="walk">Scratch.</param>
    /// <param name="matches">Where what is found is written.</param>
    /// <returns>How many matches were written; those past the end of <paramref name="matches"/> are left out.</returns>
    public int Find(ReadOnlySpan<ushort> words, Sides sides, PhraseWalk walk, Span<Match> matches)
    {
        int found = 0;
        if (sides == Sides.None) return found;
        walk.Begin(words);
        for (int at = 0; at < words.Length; at++)
        {
            walk.MoveTo(at);
            foreach (var (node, first) in walk.Due) Reach(_trie.Nodes[node], first, at, words, sides, walk, matches, ref found);
            if (words[at] == 0) continue;
            Reach(_anywhere.Of(words[at], sides), at, at, words, sides, walk, matches, ref found);
            if (at == 0) Reach(_atStart.Of(words[at], sides), at, at, words, sides, walk, matches, ref found);
        }

        return found;
    }

    private void Reach(in Node node, int first, int at, ReadOnlySpan<ushort> words, Sides sides, PhraseWalk walk, Span<Match> matches, ref int found)
    {
        for (int i = node.PatternBegin; i < node.PatternEnd; i++)
        {
            if (found < matches.Length) matches[found++] = new Match(_trie.PatternsOfNodes[i], first, at);
        }

        for (int i = node.WaitBegin; i < node.WaitEnd; i++)
        {
            ref readonly Wait wait = ref _trie.Waits[i];
            if ((wait.Sides & sides) == 0 || !wait.Words.Meets(walk.Ahead(wait.Gap))) continue;
            int last = Math.Min(at + 1 + wait.Gap, words.Length - 1);
            for (int next = at + 1; next <= last; next++)
            {
                if (!wait.Words.Meets(walk.WordAt(next))) continue;
                ushort word = words[next];
                for (int edge = Seek(wait, word); edge < wait.EdgeEnd && _trie.EdgeWords[edge] == word; edge++) walk.Add(next, _trie.EdgeNodes[edge], first);
            }
        }
    }

    /// <summary>The first edge of a wait that is not below a word.</summary>
    private int Seek(in Wait wait, ushort word)
    {
        int low = wait.EdgeBegin, high = wait.EdgeEnd;
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            if (_trie.EdgeWords[middle] < word) low = middle + 1;
            else high = middle;
        }

        return low;
    }

    /// <summary>What each word begins, of one side's phrases: waits of all of them in one row, as most words begin many.</summary>
    internal readonly record struct Starts(Node[] OfCustomer, Node[] OfAgent)
    {
        public ref readonly Node Of(ushort word, Sides side) => ref (side == Sides.Customer ? OfCustomer : OfAgent)[word];
    }

    /// <summary>The trie in rows: nodes and waits say where theirs begin and end.</summary>
    internal readonly record struct Flat(Node[] Nodes, Wait[] Waits, int[] PatternsOfNodes, ushort[] EdgeWords, int[] EdgeNodes);

    /// <summary>A place in phrases: what ends there and what may follow.</summary>
    internal readonly record struct Node(int PatternBegin, int PatternEnd, int WaitBegin, int WaitEnd);

    /// <summary>What may follow within a gap: edges sorted by word, and a mask of those words.</summary>
    internal readonly record struct Wait(WordMask Words, int EdgeBegin, int EdgeEnd, byte Gap, Sides Sides);
}
