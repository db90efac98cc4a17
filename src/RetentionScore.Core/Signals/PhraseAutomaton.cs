using System.Numerics;
using RetentionScore.Core.Text;

namespace RetentionScore.Core.Signals;

/// <summary>
/// All phrases of all signals in one trie over words, flat in memory. A phrase begun is carried on only where its next word really stands: what
/// may follow is a mask of words, tested against the words of the whole gap at once, and then a table in which one look finds a word; what a word
/// begins with the same gap behind it is one such table. So of thousands of phrases only those cost anything that the utterance says. Immutable, shared by
/// all calls.
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

    internal PhraseAutomaton(Lexicon lexicon, Pattern[] patterns, Starts anywhere, Starts atStart, Flat trie, WordKinds[] kindsOfWords)
    {
        (_lexicon, _patterns, _anywhere, _atStart, _trie, KindsOfWords) = (lexicon, patterns, anywhere, atStart, trie, kindsOfWords);
    }

    public ReadOnlySpan<Pattern> Patterns => _patterns;

    /// <summary>Number of ways to say all phrases, as trie nodes.</summary>
    public int NodeCount => _trie.Nodes.Length;

    /// <summary>Builds the automaton of a set of pattern files. Throws <see cref="FormatException"/> naming file and line.</summary>
    public static PhraseAutomaton Build(PatternFile file) => new PhraseTrie(file).Build();

    /// <summary>The lexicon's id of a token; 0 for a word that no phrase knows.</summary>
    public ushort WordOf(in Token token) => _lexicon.Find(token.Hash) is var word and not 0 ? word : token.HasDigit ? Lexicon.Number : (ushort)0;

    /// <summary>What each word is besides, by lexicon id; as long as the lexicon.</summary>
    internal WordKinds[] KindsOfWords { get; }

    /// <summary>Finds every phrase of a side in a row of lexicon ids.</summary>
    /// <param name="words">The row.</param>
    /// <param name="sides">One side; none finds nothing.</param>
    /// <param name="walk">Scratch.</param>
    /// <param name="matches">Where what is found is written.</param>
    /// <returns>How many matches were written; those past the end of <paramref name="matches"/> are left out.</returns>
    public int Find(ReadOnlySpan<ushort> words, Sides sides, PhraseWalk walk, Span<Match> matches)
    {
        if (sides == Sides.None) return 0;
        walk.Begin(words, sides);
        Node[] anywhere = _anywhere.Of(sides);
        for (int at = 0; at < words.Length; at++)
        {
            walk.MoveTo(at);
            foreach (var (node, first) in walk.Due) Reach(_trie.Nodes[node], first, walk, matches);
            if (words[at] == 0) continue;
            Reach(anywhere[words[at]], at, walk, matches);
            if (at == 0) Reach(_atStart.Of(sides)[words[at]], at, walk, matches);
        }

        return walk.Found;
    }

    private void Reach(in Node node, int first, PhraseWalk walk, Span<Match> matches)
    {
        int at = walk.At;
        for (int i = node.PatternBegin; i < node.PatternEnd; i++)
        {
            if (walk.Found < matches.Length) matches[walk.Found++] = new Match(_trie.PatternsOfNodes[i], first, at);
        }

        foreach (ref readonly Wait wait in _trie.Waits.AsSpan(node.WaitBegin, node.WaitEnd - node.WaitBegin))
        {
            if ((wait.Sides & walk.Sides) == 0) continue;
            if (wait.Gap > 0)
            {
                for (uint met = walk.Ahead(wait.Words, wait.Gap); met != 0; met &= met - 1)
                {
                    int next = at + 1 + BitOperations.TrailingZeroCount(met);
                    foreach (int follower in Follow(wait, walk.WordAt(next))) walk.AddOnce(next, follower, first);
                }
            }
            else if (walk.MeetsNext(wait.Words))
            {
                foreach (int next in Follow(wait, walk.WordAt(at + 1))) walk.Add(at + 1, next, first);
            }
        }
    }

    /// <summary>The nodes that a word leads to.</summary>
    private ReadOnlySpan<int> Follow(in Wait wait, ushort word)
    {
        ReadOnlySpan<Slot> slots = _trie.Slots.AsSpan(wait.SlotBegin, wait.SlotMask + 1);
        uint at = Slot.HashOf(word);
        while (true)
        {
            ref readonly Slot slot = ref slots[(int)(at++ & (uint)wait.SlotMask)];
            if (slot.Word == word) return slot.Count == 1 ? new ReadOnlySpan<int>(in slot.Node) : _trie.NodesOfSlots.AsSpan(slot.Node, slot.Count);
            if (slot.Word == 0) return default;
        }
    }

    /// <summary>What each word begins, of one side's phrases. Of all waits of the same gap one is made, as most words begin many.</summary>
    internal readonly record struct Starts(Node[] OfCustomer, Node[] OfAgent)
    {
        public Node[] Of(Sides side) => side == Sides.Customer ? OfCustomer : OfAgent;
    }

    /// <summary>The trie in rows: nodes, waits and slots say where theirs begin and end.</summary>
    internal readonly record struct Flat(Node[] Nodes, Wait[] Waits, int[] PatternsOfNodes, Slot[] Slots, int[] NodesOfSlots);

    /// <summary>A place in phrases: what ends there and what may follow.</summary>
    internal readonly record struct Node(int PatternBegin, int PatternEnd, int WaitBegin, int WaitEnd);

    /// <summary>What may follow within a gap: a mask of words, and a table of them: a power of two of slots, one of them at least empty.</summary>
    internal readonly record struct Wait(WordMask Words, int SlotBegin, int SlotMask, byte Gap, Sides Sides);

    /// <summary>A word of a table, and the nodes it leads to: mostly one, which is in the slot; more of them stand in a row. Word 0 is none.</summary>
    internal readonly struct Slot(ushort word, ushort count, int node)
    {
        /// <summary>Whose slot it is.</summary>
        internal readonly ushort Word = word;

        /// <summary>Nodes.</summary>
        internal readonly ushort Count = count;

        /// <summary>The node, or where those of several begin.</summary>
        internal readonly int Node = node;

        /// <summary>Where to look for a word first.</summary>
        internal static uint HashOf(ushort word) => (word * 0x9E3779B1u) >> 16;
    }
}
