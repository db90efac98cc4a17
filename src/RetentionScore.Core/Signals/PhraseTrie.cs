using System.Runtime.InteropServices;

namespace RetentionScore.Core.Signals;

/// <summary>Builds the automaton: phrases become ways through a trie over classes of words, which is then laid out flat, edge by word.</summary>
internal sealed class PhraseTrie
{
    /// <summary>Where phrases begin that may stand anywhere.</summary>
    internal const int Anywhere = 0;

    /// <summary>Where phrases begin that stand at the start of an utterance.</summary>
    internal const int AtStart = 1;

    private const ushort ClassOfNumber = 1;

    private readonly PatternFile _file;
    private readonly Dictionary<string, ushort> _words = new(StringComparer.Ordinal) { ["#"] = Lexicon.Number };
    private readonly List<SortedSet<ushort>> _classes = [[], []];
    private readonly Dictionary<string, ushort> _listClasses = new(StringComparer.Ordinal);
    private readonly List<Node> _nodes = [];
    private readonly List<PhraseAutomaton.Pattern> _patterns = [];
    private ushort _classCount = 1;

    internal PhraseTrie(PatternFile file)
    {
        _file = file;
        // A word's own class is made when a phrase names it; ids 0 and 1 are "unknown" and "a number".
        _classes[Lexicon.Number].Add(ClassOfNumber);
    }

    internal PhraseAutomaton Build()
    {
        Wait anywhere = new(0), atStart = new(0);
        var expander = new PhraseExpander(_file.Lists, WordClass, ListClass);
        foreach (var phrase in _file.Phrases)
        {
            foreach (var sequence in expander.Expand(phrase))
            {
                int pattern = _patterns.Count;
                var made = new PhraseAutomaton.Pattern(phrase.Signal, phrase.Probability, phrase.Veto, phrase.Immune, sequence.AtEnd);
                if (pattern > 0 && _patterns[^1] == made) pattern--;
                else _patterns.Add(made);
                Insert(sequence.AtStart ? atStart : anywhere, sequence.Steps, pattern);
            }
        }

        // Number words written in lists are numbers as well as words.
        if (_file.Lists.TryGetValue("number", out string? numbers))
        {
            foreach (string item in numbers.Split('|')) _classes[WordId(item.Trim())].Add(ClassOfNumber);
        }

        Dictionary<string, bool[]> wordLists = WordLists();
        SidesOf(anywhere);
        SidesOf(atStart);
        return LayOut(anywhere, atStart, wordLists);
    }

    private Dictionary<string, bool[]> WordLists()
    {
        var wordLists = new Dictionary<string, bool[]>(StringComparer.Ordinal);
        foreach (string list in SignalReader.WordLists)
        {
            if (!_file.Lists.TryGetValue(list, out string? items)) throw new FormatException($"no list <{list}>");
            ushort[] ids = [.. items.Split('|', StringSplitOptions.TrimEntries).Select(WordId)];
            var holds = new bool[ushort.MaxValue + 1];
            foreach (ushort id in ids) holds[id] = true;
            wordLists.Add(list, holds);
        }

        return wordLists;
    }

    private PhraseAutomaton LayOut(Wait anywhere, Wait atStart, Dictionary<string, bool[]> wordLists)
    {
        List<List<ushort>> wordsByClass = [.. Enumerable.Range(0, _classCount + 1).Select(_ => new List<ushort>())];
        for (int word = 0; word < _classes.Count; word++)
        {
            foreach (ushort c in _classes[word]) wordsByClass[c].Add((ushort)word);
        }

        var edges = new List<(ushort Word, int Node)>();
        var waits = new List<PhraseAutomaton.Wait> { LayOut(anywhere, wordsByClass, edges), LayOut(atStart, wordsByClass, edges) };
        var nodes = new PhraseAutomaton.Node[_nodes.Count];
        var patterns = new List<int>();
        for (int i = 0; i < nodes.Length; i++)
        {
            int patternBegin = patterns.Count, waitBegin = waits.Count;
            patterns.AddRange(_nodes[i].Patterns);
            foreach (Wait wait in _nodes[i].Waits) waits.Add(LayOut(wait, wordsByClass, edges));
            nodes[i] = new PhraseAutomaton.Node(patternBegin, patterns.Count, waitBegin, waits.Count);
        }

        var lexicon = new Lexicon([.. _words.Where(word => word.Value != Lexicon.Number).Select(word => (word.Key, word.Value))]);
        return new PhraseAutomaton(
            lexicon, [.. _patterns], nodes, [.. waits], [.. patterns], [.. edges.Select(edge => edge.Word)], [.. edges.Select(edge => edge.Node)], wordLists);
    }

    private static PhraseAutomaton.Wait LayOut(Wait wait, List<List<ushort>> wordsByClass, List<(ushort Word, int Node)> edges)
    {
        int begin = edges.Count;
        var mask = default(WordMask);
        // Of one word the edges stand in the order of their classes.
        var sorted = wait.Next.SelectMany(next => wordsByClass[next.Key].Select(word => (Word: word, Node: next.Value))).OrderBy(edge => edge.Word);
        foreach (var (word, node) in sorted)
        {
            mask |= WordMask.Of(word);
            edges.Add((word, node));
        }

        return new PhraseAutomaton.Wait(mask, begin, edges.Count, (byte)wait.Gap, wait.Sides);
    }

    private ushort WordId(string word)
    {
        ref ushort id = ref CollectionsMarshal.GetValueRefOrAddDefault(_words, word, out bool known)!;
        if (known) return id;
        id = checked((ushort)_classes.Count);
        _classes.Add([]);
        return id;
    }

    private int WordClass(string word) => word == "#" ? ClassOfNumber : ListClass("\"" + word, [word]);

    private int ListClass(string name, IReadOnlyCollection<string> words)
    {
        ref ushort id = ref CollectionsMarshal.GetValueRefOrAddDefault(_listClasses, name, out bool known)!;
        if (known) return id;
        id = ++_classCount;
        ushort classId = id;
        foreach (string word in words) _classes[WordId(word)].Add(classId);
        return classId;
    }

    private void Insert(Wait root, PhraseExpander.Step[] steps, int pattern)
    {
        Node? node = null;
        foreach (PhraseExpander.Step step in steps)
        {
            Wait wait = node is null ? root : WaitOf(node, step.Gap);
            if (!wait.Next.TryGetValue((ushort)step.Class, out int child))
            {
                child = _nodes.Count;
                _nodes.Add(new Node());
                wait.Next.Add((ushort)step.Class, child);
            }

            node = _nodes[child];
        }

        if (!node!.Patterns.Contains(pattern)) node.Patterns.Add(pattern);
    }

    private static Wait WaitOf(Node node, int gap)
    {
        Wait? wait = node.Waits.Find(known => known.Gap == gap);
        if (wait is null) node.Waits.Add(wait = new Wait(gap));
        return wait;
    }

    /// <summary>Whose phrases a wait leads to; a wait of the other side alone is not followed.</summary>
    private PhraseAutomaton.Sides SidesOf(Wait wait)
    {
        foreach (int child in wait.Next.Values)
        {
            foreach (int pattern in _nodes[child].Patterns)
            {
                Signal signal = _patterns[pattern].Signal;
                if (SignalCatalogue.OfCustomer(signal)) wait.Sides |= PhraseAutomaton.Sides.Customer;
                if (SignalCatalogue.OfAgent(signal)) wait.Sides |= PhraseAutomaton.Sides.Agent;
            }

            foreach (Wait next in _nodes[child].Waits) wait.Sides |= SidesOf(next);
        }

        return wait.Sides;
    }

    private sealed class Node
    {
        public List<int> Patterns { get; } = [];

        public List<Wait> Waits { get; } = [];
    }

    private sealed class Wait(int gap)
    {
        public int Gap { get; } = gap;

        public PhraseAutomaton.Sides Sides { get; set; }

        /// <summary>Nodes by class of word.</summary>
        public SortedDictionary<ushort, int> Next { get; } = [];
    }
}
