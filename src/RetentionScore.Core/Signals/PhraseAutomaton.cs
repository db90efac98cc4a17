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
    internal const int MostActive = 96;

    private readonly Dictionary<ulong, ushort> _wordByHash;
    private readonly ushort[][] _classesByWord;
    private readonly Node[] _nodes;
    private readonly Pattern[] _patterns;
    private readonly Dictionary<string, bool[]> _wordLists;
    private readonly Wait _anywhere;
    private readonly Wait _atStart;

    private PhraseAutomaton(Dictionary<ulong, ushort> words, ushort[][] classes, Node[] nodes, Pattern[] patterns,
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
            var active = walk.Active;
            walk.Turn();
            ushort[] classes = _classesByWord[words[at]];
            foreach (ref readonly Begun begun in active)
            {
                if (classes.Length > 0) Step(begun.Wait, begun.First, at, classes, walk, matches, ref found);
                if (begun.Deadline > at) walk.Add(begun);
            }

            if (classes.Length == 0) continue;
            Step(_anywhere, at, at, classes, walk, matches, ref found);
            if (at == 0) Step(_atStart, at, at, classes, walk, matches, ref found);
        }

        return found;
    }

    private void Step(Wait wait, int first, int at, ushort[] classes, Walk walk, Span<Match> matches, ref int found)
    {
        foreach (ushort wordClass in classes)
        {
            int node = wait.Next(wordClass);
            if (node < 0) continue;
            Node reached = _nodes[node];
            foreach (int pattern in reached.Patterns)
            {
                if (found < matches.Length) matches[found++] = new Match(pattern, first, at);
            }

            foreach (Wait next in reached.Waits) walk.Add(new Begun(next, first, at + 1 + next.Gap));
        }
    }

    /// <summary>A phrase begun at <paramref name="First"/> that needs its next word at <paramref name="Deadline"/> or before.</summary>
    internal readonly record struct Begun(Wait Wait, int First, int Deadline);

    /// <summary>The phrases begun while one utterance is read. Reused.</summary>
    internal sealed class Walk
    {
        private Begun[] _active = new Begun[MostActive], _next = new Begun[MostActive];
        private int _nextCount;

        public ReadOnlySpan<Begun> Active => _next.AsSpan(0, _nextCount);

        public void Clear() => _nextCount = 0;

        /// <summary>What was gathered becomes active; gathering starts anew. The span of <see cref="Active"/> taken before stays valid.</summary>
        public void Turn()
        {
            (_active, _next) = (_next, _active);
            _nextCount = 0;
        }

        /// <summary>Of two that wait for the same, the one begun later lives longer and has the shorter span: it replaces the other.</summary>
        public void Add(in Begun begun)
        {
            for (int i = 0; i < _nextCount; i++)
            {
                ref Begun known = ref _next[i];
                if (!ReferenceEquals(known.Wait, begun.Wait)) continue;
                if (begun.Deadline > known.Deadline || (begun.Deadline == known.Deadline && begun.First > known.First)) known = begun;
                return;
            }

            if (_nextCount < MostActive) _next[_nextCount++] = begun;
        }
    }

    /// <summary>What may follow a word within a gap.</summary>
    internal sealed class Wait(int gap)
    {
        private ushort[] _classes = [];
        private int[] _nodes = [];

        public int Gap { get; } = gap;

        public SortedDictionary<ushort, int>? Building { get; private set; } = [];

        public int Next(ushort wordClass)
        {
            int at = _classes.Length <= 6 ? Array.IndexOf(_classes, wordClass) : Array.BinarySearch(_classes, wordClass);
            return at < 0 ? -1 : _nodes[at];
        }

        public void Freeze()
        {
            _classes = [.. Building!.Keys];
            _nodes = [.. Building.Values];
            Building = null;
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

        public PhraseAutomaton Build()
        {
            // A word's own class is made when a phrase names it; ids 0 and 1 are "unknown" and "a number".
            _classes[NumberWord].Add(ClassOfNumber);
            var expander = new PhraseExpander(file.Lists, WordClass, ListClass);
            Wait anywhere = new(0), atStart = new(0);
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

            foreach (var node in _nodes)
            {
                foreach (var wait in node.Waits) wait.Freeze();
            }

            anywhere.Freeze();
            atStart.Freeze();
            var byHash = new Dictionary<ulong, ushort>(_words.Count);
            foreach (var (word, id) in _words)
            {
                if (id != NumberWord) byHash.Add(HashOf(word), id);
            }

            return new PhraseAutomaton(byHash, [.. _classes.Select(c => c.ToArray())], [.. _nodes], [.. _patterns], wordLists, anywhere, atStart);
        }

        private const ushort ClassOfNumber = 1;

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

        private static Wait WaitOf(Node node, int gap)
        {
            foreach (var wait in node.Waits)
            {
                if (wait.Gap == gap) return wait;
            }

            var made = new Wait(gap);
            node.Waits = [.. node.Waits, made];
            return made;
        }
    }
}
