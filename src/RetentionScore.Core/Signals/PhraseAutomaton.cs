using System.Runtime.InteropServices;
using RetentionScore.Core.Text;

namespace RetentionScore.Core.Signals;

/// <summary>
/// All phrases of all signals in one trie over classes of words, walked once a token: what is begun costs, what is known does not, so
/// thousands of phrases cost what one costs. Immutable, shared by all calls.
/// </summary>
internal sealed class PhraseAutomaton
{
    /// <summary>What a phrase, once found, stands for.</summary>
    public readonly record struct Pattern(Signal Signal, float Probability, bool Veto, bool Immune, bool AtEnd);

    /// <summary>A phrase found: tokens <paramref name="First"/> to <paramref name="Last"/>, both included.</summary>
    public readonly record struct Match(int Pattern, int First, int Last);

    /// <summary>Begun phrases kept at most; past it the newest are not begun.</summary>
    internal const int MostActive = 512;

    private readonly Dictionary<ulong, ushort> _wordByHash;
    private readonly ulong[][] _classesByWord;
    private readonly Node[] _nodes;
    private readonly Pattern[] _patterns;
    private readonly Dictionary<string, bool[]> _wordLists;
    private readonly Wait _anywhere;
    private readonly Wait _atStart;

    private PhraseAutomaton(Dictionary<ulong, ushort> words, ulong[][] classes, Node[] nodes, Pattern[] patterns,
        Dictionary<string, bool[]> wordLists, Wait anywhere, Wait atStart)
    {
        (_wordByHash, _classesByWord, _nodes, _patterns) = (words, classes, nodes, patterns);
        (_wordLists, _anywhere, _atStart) = (wordLists, anywhere, atStart);
    }

    public ReadOnlySpan<Pattern> Patterns => _patterns;

    /// <summary>Number of ways to say all phrases, as trie nodes.</summary>
    public int NodeCount => _nodes.Length;

    /// <summary>The lexicon's id of a token; 0 for a word that no phrase knows.</summary>
    public ushort WordOf(in Token token) =>
        _wordByHash.TryGetValue(token.Hash, out ushort word) ? word : token.HasDigit ? NumberWord : (ushort)0;

    private const ushort NumberWord = 1;

    /// <summary>Which words a list of single words holds, by lexicon id.</summary>
    public bool[] WordsOf(string list) => _wordLists[list];

    /// <summary>Finds every phrase in a row of lexicon ids.</summary>
    /// <returns>How many matches were written; those past the end of <paramref name="matches"/> are left out.</returns>
    public int Find(ReadOnlySpan<ushort> words, Walk walk, Span<Match> matches)
    {
        int found = 0;
        walk.Clear();
        for (int at = 0; at < words.Length; at++)
        {
            var active = walk.Turn();
            ushort word = words[at];
            ulong[] classes = _classesByWord[word];
            foreach (ref readonly Begun begun in active)
            {
                if (classes.Length > 0) Step(begun.Wait, begun.First, at, word, classes, walk, matches, ref found);
                if (begun.Deadline > at) walk.Add(begun);
            }

            if (classes.Length == 0) continue;
            Step(_anywhere, at, at, word, classes, walk, matches, ref found);
            if (at == 0) Step(_atStart, at, at, word, classes, walk, matches, ref found);
        }

        return found;
    }

    private void Step(Wait wait, int first, int at, ushort word, ulong[] classes, Walk walk, Span<Match> matches, ref int found)
    {
        if (wait.ByWord is { } byWord)
        {
            foreach (int node in byWord.Of(word)) Reach(_nodes[node], first, at, walk, matches, ref found);
            return;
        }

        ushort[] waited = wait.Classes;
        for (int i = 0; i < waited.Length; i++)
        {
            int wordClass = waited[i];
            if ((classes[wordClass >> 6] >> (wordClass & 63) & 1) != 0) Reach(_nodes[wait.Nodes[i]], first, at, walk, matches, ref found);
        }
    }

    private static void Reach(Node node, int first, int at, Walk walk, Span<Match> matches, ref int found)
    {
        foreach (int pattern in node.Patterns)
        {
            if (found < matches.Length) matches[found++] = new Match(pattern, first, at);
        }

        foreach (Wait next in node.Waits) walk.Add(new Begun(next, first, at + 1 + next.Gap));
    }

    /// <summary>A phrase begun at <paramref name="First"/> that needs its next word at <paramref name="Deadline"/> or before.</summary>
    internal readonly record struct Begun(Wait Wait, int First, int Deadline);

    /// <summary>The phrases begun while one utterance is read. Reused.</summary>
    internal sealed class Walk
    {
        private const int Slots = 2 * MostActive;

        private readonly (int Stamp, int Place)[] _places = new (int, int)[Slots];
        private Begun[] _active = new Begun[MostActive], _next = new Begun[MostActive];
        private int _nextCount, _stamp;

        public void Clear() => _nextCount = 0;

        /// <summary>What was gathered becomes active and is returned; gathering starts anew.</summary>
        public ReadOnlySpan<Begun> Turn()
        {
            var gathered = _next.AsSpan(0, _nextCount);
            (_active, _next) = (_next, _active);
            _nextCount = 0;
            if (++_stamp == int.MaxValue)
            {
                Array.Clear(_places);
                _stamp = 1;
            }

            return gathered;
        }

        /// <summary>Of two that wait for the same, the one begun later lives longer and has the shorter span: it replaces the other.</summary>
        public void Add(in Begun begun)
        {
            int slot = begun.Wait.Id & (Slots - 1);
            while (_places[slot].Stamp == _stamp)
            {
                ref Begun known = ref _next[_places[slot].Place];
                if (ReferenceEquals(known.Wait, begun.Wait))
                {
                    if (begun.Deadline > known.Deadline || (begun.Deadline == known.Deadline && begun.First > known.First)) known = begun;
                    return;
                }

                slot = (slot + 1) & (Slots - 1);
            }

            if (_nextCount == MostActive) return;
            _places[slot] = (_stamp, _nextCount);
            _next[_nextCount++] = begun;
        }
    }

    /// <summary>What may follow a word within a gap.</summary>
    internal sealed class Wait(int id, int gap)
    {
        /// <summary>From so many classes on, the next nodes are looked up by word.</summary>
        private const int Many = 12;

        public int Id { get; } = id;

        public int Gap { get; } = gap;

        public SortedDictionary<ushort, int>? Building { get; private set; } = [];

        public ushort[] Classes { get; private set; } = [];

        /// <summary>The node that each of <see cref="Classes"/> leads to.</summary>
        public int[] Nodes { get; private set; } = [];

        /// <summary>Where many classes are waited for: the nodes that each word leads to.</summary>
        public NodesByWord? ByWord { get; private set; }

        public void Freeze(List<List<ushort>> wordsByClass, int words)
        {
            Classes = [.. Building!.Keys];
            Nodes = [.. Building.Values];
            Building = null;
            if (Classes.Length < Many) return;
            ByWord = new NodesByWord(words);
            for (int i = 0; i < Classes.Length; i++)
            {
                foreach (ushort word in wordsByClass[Classes[i]]) ByWord.Add(word, Nodes[i]);
            }
        }
    }

    /// <summary>Nodes by word: a page of 64 words is there only where one of them leads anywhere.</summary>
    internal sealed class NodesByWord(int words)
    {
        private readonly int[][]?[] _pages = new int[][]?[words / 64 + 1];

        public int[] Of(ushort word) => _pages[word >> 6] is { } page ? page[word & 63] : [];

        public void Add(ushort word, int node)
        {
            ref int[][]? page = ref _pages[word >> 6];
            if (page is null)
            {
                page = new int[64][];
                Array.Fill(page, []);
            }

            page[word & 63] = [.. page[word & 63], node];
        }
    }

    internal sealed class Node
    {
        public int[] Patterns = [];
        public Wait[] Waits = [];
    }

    /// <summary>Builds the automaton of a set of pattern files. Throws <see cref="FormatException"/> naming file and line.</summary>
    public static PhraseAutomaton Build(PatternFile file) => new Builder(file).Build();

    private sealed class Builder(PatternFile file)
    {
        private readonly Dictionary<string, ushort> _words = new(StringComparer.Ordinal) { ["#"] = NumberWord };
        private readonly List<SortedSet<ushort>> _classes = [[], []];
        private readonly Dictionary<string, ushort> _listClasses = new(StringComparer.Ordinal);
        private readonly List<Node> _nodes = [];
        private readonly List<Pattern> _patterns = [];
        private ushort _classCount = 1;
        private int _waitCount;

        public PhraseAutomaton Build()
        {
            // A word's own class is made when a phrase names it; ids 0 and 1 are "unknown" and "a number".
            _classes[NumberWord].Add(ClassOfNumber);
            var expander = new PhraseExpander(file.Lists, WordClass, ListClass);
            Wait anywhere = NewWait(0), atStart = NewWait(0);
            foreach (var phrase in file.Phrases)
            {
                foreach (var sequence in expander.Expand(phrase))
                {
                    int pattern = _patterns.Count;
                    var made = new Pattern(phrase.Signal, phrase.Probability, phrase.Veto, phrase.Immune, sequence.AtEnd);
                    if (pattern > 0 && _patterns[^1] == made) pattern--;
                    else _patterns.Add(made);
                    Insert(sequence.AtStart ? atStart : anywhere, sequence.Steps, pattern);
                }
            }

            // Number words written in lists are numbers as well as words.
            foreach (string list in new[] { "number" })
            {
                if (!file.Lists.TryGetValue(list, out string? items)) continue;
                foreach (string item in items.Split('|')) _classes[WordId(item.Trim())].Add(ClassOfNumber);
            }

            var wordLists = new Dictionary<string, bool[]>(StringComparer.Ordinal);
            foreach (string list in SignalReader.WordLists)
            {
                if (!file.Lists.TryGetValue(list, out string? items)) throw new FormatException($"no list <{list}>");
                ushort[] ids = [.. items.Split('|', StringSplitOptions.TrimEntries).Select(WordId)];
                var holds = new bool[ushort.MaxValue + 1];
                foreach (ushort id in ids) holds[id] = true;
                wordLists.Add(list, holds);
            }

            List<List<ushort>> wordsByClass = [.. Enumerable.Range(0, _classCount + 1).Select(_ => new List<ushort>())];
            for (int word = 0; word < _classes.Count; word++)
            {
                foreach (ushort c in _classes[word]) wordsByClass[c].Add((ushort)word);
            }

            foreach (var node in _nodes)
            {
                foreach (var wait in node.Waits) wait.Freeze(wordsByClass, _classes.Count);
            }

            anywhere.Freeze(wordsByClass, _classes.Count);
            atStart.Freeze(wordsByClass, _classes.Count);
            var byHash = new Dictionary<ulong, ushort>(_words.Count);
            foreach (var (word, id) in _words)
            {
                if (id != NumberWord) byHash.Add(HashOf(word), id);
            }

            return new PhraseAutomaton(byHash, [.. _classes.Select(Bits)], [.. _nodes], [.. _patterns], wordLists, anywhere, atStart);
        }

        private const ushort ClassOfNumber = 1;

        private Wait NewWait(int gap) => new(_waitCount++, gap);

        private ulong[] Bits(SortedSet<ushort> classes)
        {
            if (classes.Count == 0) return [];
            var bits = new ulong[_classCount / 64 + 1];
            foreach (ushort c in classes) bits[c >> 6] |= 1UL << (c & 63);
            return bits;
        }

        private static ulong HashOf(string word)
        {
            ulong hash = Fnv.Offset;
            foreach (byte b in System.Text.Encoding.UTF8.GetBytes(word)) hash = Fnv.Add(hash, b);
            return hash;
        }

        private ushort WordId(string word)
        {
            ref ushort id = ref CollectionsMarshal.GetValueRefOrAddDefault(_words, word, out bool known)!;
            if (known) return id;
            id = checked((ushort)_classes.Count);
            _classes.Add([]);
            return id;
        }

        private int WordClass(string word)
        {
            if (word == "#") return ClassOfNumber;
            return ListClass("\"" + word, [word]);
        }

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
            for (int i = 0; i < steps.Length; i++)
            {
                Wait wait = node is null ? root : WaitOf(node, steps[i].Gap);
                if (!wait.Building!.TryGetValue((ushort)steps[i].Class, out int child))
                {
                    child = _nodes.Count;
                    _nodes.Add(new Node());
                    wait.Building.Add((ushort)steps[i].Class, child);
                }

                node = _nodes[child];
            }

            if (!node!.Patterns.Contains(pattern)) node.Patterns = [.. node.Patterns, pattern];
        }

        private Wait WaitOf(Node node, int gap)
        {
            foreach (var wait in node.Waits)
            {
                if (wait.Gap == gap) return wait;
            }

            var made = NewWait(gap);
            node.Waits = [.. node.Waits, made];
            return made;
        }
    }
}
