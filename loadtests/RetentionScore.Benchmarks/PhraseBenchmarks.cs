using System.Globalization;
using System.Text;
using BenchmarkDotNet.Attributes;
using RetentionScore.Core;
using RetentionScore.Core.Calls;
using RetentionScore.Core.Policy;
using RetentionScore.Core.Signals;
using RetentionScore.Core.Text;

namespace RetentionScore.Benchmarks;

/// <summary>
/// Finding phrases, by how many there are. Phrases are made of words as common as words are (Zipf over 3,000), three to five of them, some with a
/// gap; so is what is said, and every tenth word begins one of the first hundred phrases, which all sets share. The same phrases on every machine.
/// </summary>
[MemoryDiagnoser]
public class PhraseBenchmarks
{
    private const int Vocabulary = 3000, Shared = 100, Said = 2000, UtteranceWords = 12;

    private readonly PhraseWalk walk = new();
    private readonly PhraseAutomaton.Match[] matches = new PhraseAutomaton.Match[512];
    private PhraseAutomaton phrases = null!;
    private readonly ScoringScratch scratch = new();
    private ushort[][] utterances = [];
    private byte[][] texts = [];
    private CallSession session = null!;
    private uint seq;

    [Params(100, 1000, 5000)]
    public int Phrases { get; set; }

    /// <summary>Phrases found in all that is said; the shared ones at every number of phrases.</summary>
    internal int Found { get; private set; }

    [GlobalSetup]
    public void Build()
    {
        var words = new Zipf(Vocabulary);
        var text = new StringBuilder();
        foreach (var (list, _) in WordKindLists.Names) text.Append(CultureInfo.InvariantCulture, $"@{list} = unsaid\n");
        text.Append("[cancel_request]\n");
        var first = new List<string[]>();
        for (int i = 0; i < Phrases; i++)
        {
            string[] phrase = [.. Enumerable.Range(0, 3 + i % 3).Select(_ => words.Next())];
            if (i < Shared) first.Add(phrase);
            text.Append("0.9 ").AppendJoin(i % 4 == 3 ? " ..2 " : " ", phrase).Append('\n');
        }

        var file = new PatternFile();
        file.Add("made", text.ToString());
        phrases = PhraseAutomaton.Build(file);
        string[][] said = [.. Speak(first).Chunk(UtteranceWords)];
        utterances = [.. said.Select(Read)];
        texts = [.. said.Select(line => Encoding.UTF8.GetBytes(string.Join(' ', line)))];
        session = new CallSession(RetentionPolicy.Default, CallContext.Empty, new SignalReader(phrases, SignalReader.BuiltIn.Model));
    }

    /// <summary>One pass over everything that is said: some 170 utterances.</summary>
    [Benchmark(OperationsPerInvoke = Said / UtteranceWords)]
    public int Find()
    {
        int found = 0;
        foreach (ushort[] utterance in utterances) found += phrases.Find(utterance, PhraseAutomaton.Sides.Customer, walk, matches);
        return Found = found;
    }

    /// <summary>The same lines, scored.</summary>
    [Benchmark(OperationsPerInvoke = Said / UtteranceWords)]
    public uint Observe()
    {
        foreach (byte[] text in texts)
        {
            int at = (int)(seq++ % 100_000) * 3000;
            session.Observe(new Utterance { Seq = seq, Speaker = Speaker.Customer, Text = text, StartMs = at, EndMs = at + 2500 }, scratch);
        }

        return session.LastSeq;
    }

    private static List<string> Speak(List<string[]> phrases)
    {
        var words = new Zipf(Vocabulary, seed: 7);
        var said = new List<string>();
        while (said.Count < Said)
        {
            if (said.Count % 10 == 0) said.AddRange(phrases[said.Count / 10 % phrases.Count]);
            said.Add(words.Next());
        }

        return said;
    }

    private ushort[] Read(string[] words)
    {
        var tokens = new TokenBuffer();
        Tokenizer.Read(Encoding.UTF8.GetBytes(string.Join(' ', words)), tokens);
        var ids = new ushort[tokens.Tokens.Length];
        for (int i = 0; i < ids.Length; i++) ids[i] = phrases.WordOf(tokens.Tokens[i]);
        return ids;
    }

    /// <summary>Made-up words, the n-th as common as 1/n, drawn by a generator of our own.</summary>
    private sealed class Zipf
    {
        private readonly double[] sums;
        private ulong state;

        internal Zipf(int count, ulong seed = 1)
        {
            state = seed;
            sums = new double[count];
            double sum = 0;
            for (int i = 0; i < count; i++) sums[i] = sum += 1.0 / (i + 1);
        }

        internal string Next()
        {
            state = state * 6364136223846793005 + 1442695040888963407;
            double at = (state >> 11) / (double)(1UL << 53) * sums[^1];
            int index = Array.BinarySearch(sums, at);
            return Name(index < 0 ? ~index : index);
        }

        /// <summary>Letters only: digits would all be read as one.</summary>
        private static string Name(int index)
        {
            string number = index.ToString("D4", CultureInfo.InvariantCulture);
            return $"w{string.Concat(number.Select(digit => (char)('a' + digit - '0')))}";
        }
    }
}
