using System.Runtime.InteropServices;

namespace RetentionScore.Core.Signals;

/// <summary>Builds the automaton: phrases become ways through a trie over classes of words, which is then laid out flat (<see cref="PhraseLayout"/>).</summary>
internal sealed class PhraseTrie
{
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

        WordKinds[] kindsOfWords = KindsOfWords();
        SetSides(anywhere);
        SetSides(atStart);
        var lexicon = new Lexicon([.. _words.Where(word => word.Value != Lexicon.Number).Select(word => (word.Key, word.Value))]);
        return new PhraseLayout(_nodes, _classes, [.. _patterns]).LayOut(lexicon, anywhere, atStart, kindsOfWords);
    }

    private WordKinds[] KindsOfWords()
    {
        var words = new List<(ushort Word, WordKinds Kind)>();
        foreach (var (list, kind) in WordKindLists.Names)
        {
            if (!_file.Lists.TryGetValue(list, out string? items)) throw new FormatException($"no list <{list}>");
            words.AddRange(items.Split('|', StringSplitOptions.TrimEntries).Select(item => (WordId(item), kind)));
        }

        var kinds = new WordKinds[_classes.Count];
        foreach (var (word, kind) in words) kinds[word] |= kind;
        return kinds;
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
    private PhraseAutomaton.Sides SetSides(Wait wait)
    {
        foreach (int child in wait.Next.Values)
        {
            foreach (int pattern in _nodes[child].Patterns) wait.Sides |= _patterns[pattern].Sides;
            foreach (Wait next in _nodes[child].Waits) wait.Sides |= SetSides(next);
        }

        return wait.Sides;
    }

    internal sealed class Node
    {
        public List<int> Patterns { get; } = [];

        public List<Wait> Waits { get; } = [];
    }

    internal sealed class Wait(int gap)
    {
        public int Gap { get; } = gap;

        public PhraseAutomaton.Sides Sides { get; set; }

        /// <summary>Nodes by class of word.</summary>
        public SortedList<ushort, int> Next { get; } = [];
    }
}
