using System.Numerics;
using System.Runtime.InteropServices;

namespace RetentionScore.Core.Signals;

/// <summary>Lays a trie out flat: tables of words instead of classes, and for each word what it begins in one row.</summary>
internal sealed class PhraseLayout
{
    private readonly List<PhraseTrie.Node> _trie;
    private readonly List<SortedSet<ushort>> _classesOfWords;
    private readonly PhraseAutomaton.Pattern[] _patterns;
    private readonly List<ushort>[] _wordsOfClasses;
    private readonly PhraseAutomaton.Node[] _nodes;
    private readonly List<PhraseAutomaton.Wait> _waits = [];
    private readonly List<int> _patternsOfNodes = [];
    private readonly List<PhraseAutomaton.Slot> _slots = [];
    private readonly List<int> _nodesOfSlots = [];

    // Reused from table to table: there are tens of thousands of them.
    private readonly List<(ushort Word, int Node)> _edges = [];
    private readonly List<(ushort Word, int Node)>[] _edgesByGap = [.. Enumerable.Range(0, PhraseAutomaton.MostGap + 1).Select(_ => new List<(ushort, int)>())];
    private readonly List<(ushort Word, ushort Count, int LastEdge)> _groups = [];
    private readonly List<int> _edgeBefore = [];
    private readonly int[] _groupOfWord;

    internal PhraseLayout(List<PhraseTrie.Node> trie, List<SortedSet<ushort>> classesOfWords, PhraseAutomaton.Pattern[] patterns)
    {
        (_trie, _classesOfWords, _patterns) = (trie, classesOfWords, patterns);
        _wordsOfClasses = new List<ushort>[classesOfWords.Max(classes => classes.Count == 0 ? 0 : classes.Max) + 1];
        for (int c = 0; c < _wordsOfClasses.Length; c++) _wordsOfClasses[c] = [];
        for (int word = 0; word < classesOfWords.Count; word++)
        {
            foreach (ushort c in classesOfWords[word]) _wordsOfClasses[c].Add((ushort)word);
        }

        _groupOfWord = new int[classesOfWords.Count];
        _nodes = new PhraseAutomaton.Node[trie.Count];
    }

    internal PhraseAutomaton LayOut(Lexicon lexicon, PhraseTrie.Wait anywhere, PhraseTrie.Wait atStart, WordKinds[] kindsOfWords)
    {
        for (int i = 0; i < _nodes.Length; i++)
        {
            int patternBegin = _patternsOfNodes.Count, waitBegin = _waits.Count;
            _patternsOfNodes.AddRange(_trie[i].Patterns);
            foreach (PhraseTrie.Wait wait in _trie[i].Waits) _waits.Add(LayOut(wait));
            _nodes[i] = new PhraseAutomaton.Node(patternBegin, _patternsOfNodes.Count, waitBegin, _waits.Count);
        }

        var (begun, begunAtStart) = (StartsOf(anywhere), StartsOf(atStart));
        var flat = new PhraseAutomaton.Flat(
            _nodes, [.. _waits], [.. _patternsOfNodes], [.. _slots], [.. _nodesOfSlots]);
        return new PhraseAutomaton(lexicon, _patterns, begun, begunAtStart, flat, kindsOfWords);
    }

    private PhraseAutomaton.Wait LayOut(PhraseTrie.Wait wait)
    {
        _edges.Clear();
        AddEdges(wait, _edges);
        return Table(_edges, wait.Gap, wait.Sides);
    }

    /// <summary>In the order of their classes.</summary>
    private void AddEdges(PhraseTrie.Wait wait, List<(ushort Word, int Node)> edges)
    {
        for (int i = 0; i < wait.Next.Count; i++)
        {
            int node = wait.Next.GetValueAtIndex(i);
            foreach (ushort word in _wordsOfClasses[wait.Next.GetKeyAtIndex(i)]) edges.Add((word, node));
        }
    }

    private PhraseAutomaton.Wait Table(List<(ushort Word, int Node)> edges, int gap, PhraseAutomaton.Sides sides)
    {
        GroupByWord(edges);
        var mask = default(WordMask);
        int begin = _slots.Count;
        uint last = BitOperations.RoundUpToPowerOf2((uint)(_groups.Count + _groups.Count / 8 + 1)) - 1;
        CollectionsMarshal.SetCount(_slots, begin + (int)last + 1);
        Span<PhraseAutomaton.Slot> table = CollectionsMarshal.AsSpan(_slots)[begin..];
        table.Clear();
        foreach (var (word, count, lastEdge) in _groups)
        {
            mask |= WordMask.Of(word);
            uint at = PhraseAutomaton.Slot.HashOf(word);
            while (table[(int)(at & last)].Word != 0) at++;
            int node = edges[lastEdge].Node;
            if (count > 1)
            {
                node = _nodesOfSlots.Count;
                for (int edge = lastEdge; edge >= 0; edge = _edgeBefore[edge]) _nodesOfSlots.Add(edges[edge].Node);
                CollectionsMarshal.AsSpan(_nodesOfSlots)[node..].Reverse();
            }

            table[(int)(at & last)] = new PhraseAutomaton.Slot(word, count, node);
        }

        return new PhraseAutomaton.Wait(mask, begin, (int)last, (byte)gap, sides);
    }

    /// <summary>Edges of one word are linked from the last to the first: of one word the nodes stand in the order of their classes.</summary>
    private void GroupByWord(List<(ushort Word, int Node)> edges)
    {
        _groups.Clear();
        _edgeBefore.Clear();
        for (int edge = 0; edge < edges.Count; edge++)
        {
            ushort word = edges[edge].Word;
            int group = _groupOfWord[word];
            // What an earlier table left there is no group of this word.
            if (group < _groups.Count && _groups[group].Word == word)
            {
                _edgeBefore.Add(_groups[group].LastEdge);
                _groups[group] = (word, checked((ushort)(_groups[group].Count + 1)), edge);
                continue;
            }

            _groupOfWord[word] = _groups.Count;
            _groups.Add((word, 1, edge));
            _edgeBefore.Add(-1);
        }
    }

    private PhraseAutomaton.Starts StartsOf(PhraseTrie.Wait root) =>
        new(StartsOf(root, PhraseAutomaton.Sides.Customer), StartsOf(root, PhraseAutomaton.Sides.Agent));

    private PhraseAutomaton.Node[] StartsOf(PhraseTrie.Wait root, PhraseAutomaton.Sides side)
    {
        var starts = new PhraseAutomaton.Node[_classesOfWords.Count];
        for (int word = 0; word < starts.Length; word++)
        {
            int patternBegin = _patternsOfNodes.Count, waitBegin = _waits.Count;
            foreach (var edges in _edgesByGap) edges.Clear();
            foreach (ushort c in _classesOfWords[word])
            {
                if (!root.Next.TryGetValue(c, out int node)) continue;
                _patternsOfNodes.AddRange(_trie[node].Patterns.Where(pattern => (_patterns[pattern].Sides & side) != 0));
                foreach (PhraseTrie.Wait wait in _trie[node].Waits)
                {
                    if ((wait.Sides & side) != 0) AddEdges(wait, _edgesByGap[wait.Gap]);
                }
            }

            for (int gap = 0; gap < _edgesByGap.Length; gap++)
            {
                if (_edgesByGap[gap].Count > 0) _waits.Add(Table(_edgesByGap[gap], gap, side));
            }

            starts[word] = new PhraseAutomaton.Node(patternBegin, _patternsOfNodes.Count, waitBegin, _waits.Count);
        }

        return starts;
    }
}
