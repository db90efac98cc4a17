namespace RetentionScore.Core.Signals;

/// <summary>Lays a trie out flat: one edge for each word instead of each class, and for each word what it begins in one row.</summary>
internal sealed class PhraseLayout
{
    private readonly List<PhraseTrie.Node> _trie;
    private readonly List<SortedSet<ushort>> _classesOfWords;
    private readonly PhraseAutomaton.Pattern[] _patterns;
    private readonly ILookup<ushort, ushort> _wordsOfClasses;
    private readonly PhraseAutomaton.Node[] _nodes;
    private readonly List<PhraseAutomaton.Wait> _waits = [];
    private readonly List<int> _patternsOfNodes = [];
    private readonly List<(ushort Word, int Node)> _edges = [];

    internal PhraseLayout(List<PhraseTrie.Node> trie, List<SortedSet<ushort>> classesOfWords, PhraseAutomaton.Pattern[] patterns)
    {
        (_trie, _classesOfWords, _patterns) = (trie, classesOfWords, patterns);
        _wordsOfClasses = classesOfWords.SelectMany((classes, word) => classes.Select(c => (Class: c, Word: (ushort)word)))
            .ToLookup(pair => pair.Class, pair => pair.Word);
        _nodes = new PhraseAutomaton.Node[trie.Count];
    }

    internal PhraseAutomaton LayOut(Lexicon lexicon, PhraseTrie.Wait anywhere, PhraseTrie.Wait atStart, Dictionary<string, bool[]> wordLists)
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
            _nodes, [.. _waits], [.. _patternsOfNodes], [.. _edges.Select(edge => edge.Word)], [.. _edges.Select(edge => edge.Node)]);
        return new PhraseAutomaton(lexicon, _patterns, begun, begunAtStart, flat, wordLists);
    }

    private PhraseAutomaton.Wait LayOut(PhraseTrie.Wait wait)
    {
        int begin = _edges.Count;
        var mask = default(WordMask);
        // Sorted stably: of one word the edges stand in the order of their classes.
        foreach (var edge in wait.Next.SelectMany(next => _wordsOfClasses[next.Key].Select(word => (Word: word, Node: next.Value))).OrderBy(edge => edge.Word))
        {
            mask |= WordMask.Of(edge.Word);
            _edges.Add(edge);
        }

        return new PhraseAutomaton.Wait(mask, begin, _edges.Count, (byte)wait.Gap, wait.Sides);
    }

    private PhraseAutomaton.Starts StartsOf(PhraseTrie.Wait root) =>
        new(StartsOf(root, PhraseAutomaton.Sides.Customer), StartsOf(root, PhraseAutomaton.Sides.Agent));

    private PhraseAutomaton.Node[] StartsOf(PhraseTrie.Wait root, PhraseAutomaton.Sides side)
    {
        var starts = new PhraseAutomaton.Node[_classesOfWords.Count];
        for (int word = 0; word < starts.Length; word++)
        {
            int patternBegin = _patternsOfNodes.Count, waitBegin = _waits.Count;
            foreach (ushort c in _classesOfWords[word])
            {
                if (!root.Next.TryGetValue(c, out int node)) continue;
                _patternsOfNodes.AddRange(_trie[node].Patterns.Where(pattern => (_patterns[pattern].Sides & side) != 0));
                for (int i = _nodes[node].WaitBegin; i < _nodes[node].WaitEnd; i++)
                {
                    if ((_waits[i].Sides & side) != 0) _waits.Add(_waits[i]);
                }
            }

            starts[word] = new PhraseAutomaton.Node(patternBegin, _patternsOfNodes.Count, waitBegin, _waits.Count);
        }

        return starts;
    }
}
