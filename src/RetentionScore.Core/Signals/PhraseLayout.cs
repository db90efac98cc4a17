using System.Numerics;

namespace RetentionScore.Core.Signals;

/// <summary>Lays a trie out flat: tables of words instead of classes, and for each word what it begins in one row.</summary>
internal sealed class PhraseLayout
{
    private readonly List<PhraseTrie.Node> _trie;
    private readonly List<SortedSet<ushort>> _classesOfWords;
    private readonly PhraseAutomaton.Pattern[] _patterns;
    private readonly ILookup<ushort, ushort> _wordsOfClasses;
    private readonly PhraseAutomaton.Node[] _nodes;
    private readonly List<PhraseAutomaton.Wait> _waits = [];
    private readonly List<int> _patternsOfNodes = [];
    private readonly List<PhraseAutomaton.Slot> _slots = [];
    private readonly List<int> _nodesOfSlots = [];

    internal PhraseLayout(List<PhraseTrie.Node> trie, List<SortedSet<ushort>> classesOfWords, PhraseAutomaton.Pattern[] patterns)
    {
        (_trie, _classesOfWords, _patterns) = (trie, classesOfWords, patterns);
        _wordsOfClasses = classesOfWords.SelectMany((classes, word) => classes.Select(c => (Class: c, Word: (ushort)word)))
            .ToLookup(pair => pair.Class, pair => pair.Word);
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

    private PhraseAutomaton.Wait LayOut(PhraseTrie.Wait wait) => Table(EdgesOf(wait), wait.Gap, wait.Sides);

    /// <summary>In the order of their classes.</summary>
    private IEnumerable<(ushort Word, int Node)> EdgesOf(PhraseTrie.Wait wait) =>
        wait.Next.SelectMany(next => _wordsOfClasses[next.Key].Select(word => (word, next.Value)));

    private PhraseAutomaton.Wait Table(IEnumerable<(ushort Word, int Node)> edges, int gap, PhraseAutomaton.Sides sides)
    {
        // Grouped stably: of one word the nodes stand in the order of their classes.
        IGrouping<ushort, int>[] words = [.. edges.GroupBy(edge => edge.Word, edge => edge.Node)];
        var table = new PhraseAutomaton.Slot[BitOperations.RoundUpToPowerOf2((uint)(words.Length + words.Length / 8 + 1))];
        uint last = (uint)table.Length - 1;
        var mask = default(WordMask);
        foreach (IGrouping<ushort, int> word in words)
        {
            mask |= WordMask.Of(word.Key);
            uint at = PhraseAutomaton.Slot.HashOf(word.Key);
            while (table[at & last].Word != 0) at++;
            int[] nodes = [.. word];
            table[at & last] = new PhraseAutomaton.Slot(word.Key, checked((ushort)nodes.Length), nodes.Length == 1 ? nodes[0] : _nodesOfSlots.Count);
            if (nodes.Length > 1) _nodesOfSlots.AddRange(nodes);
        }

        int begin = _slots.Count;
        _slots.AddRange(table);
        return new PhraseAutomaton.Wait(mask, begin, (int)last, (byte)gap, sides);
    }

    private PhraseAutomaton.Starts StartsOf(PhraseTrie.Wait root) =>
        new(StartsOf(root, PhraseAutomaton.Sides.Customer), StartsOf(root, PhraseAutomaton.Sides.Agent));

    private PhraseAutomaton.Node[] StartsOf(PhraseTrie.Wait root, PhraseAutomaton.Sides side)
    {
        var starts = new PhraseAutomaton.Node[_classesOfWords.Count];
        for (int word = 0; word < starts.Length; word++)
        {
            int patternBegin = _patternsOfNodes.Count, waitBegin = _waits.Count;
            var next = new SortedDictionary<int, List<(ushort Word, int Node)>>();
            foreach (ushort c in _classesOfWords[word])
            {
                if (!root.Next.TryGetValue(c, out int node)) continue;
                _patternsOfNodes.AddRange(_trie[node].Patterns.Where(pattern => (_patterns[pattern].Sides & side) != 0));
                foreach (PhraseTrie.Wait wait in _trie[node].Waits.Where(wait => (wait.Sides & side) != 0))
                {
                    if (!next.TryGetValue(wait.Gap, out var edges)) next.Add(wait.Gap, edges = []);
                    edges.AddRange(EdgesOf(wait));
                }
            }

            foreach (var (gap, edges) in next) _waits.Add(Table(edges, gap, side));
            starts[word] = new PhraseAutomaton.Node(patternBegin, _patternsOfNodes.Count, waitBegin, _waits.Count);
        }

        return starts;
    }
}
