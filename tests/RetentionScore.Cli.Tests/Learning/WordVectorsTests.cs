using System.Text;
using RetentionScore.Cli.Learning;
using RetentionScore.Core.Text;

namespace RetentionScore.Cli.Tests.Learning;

public sealed class WordVectorsTests : IDisposable
{
    private readonly string _file = Path.Combine(Path.GetTempPath(), $"vectors-{Guid.NewGuid():N}.json");

    [Fact]
    public void Read_FileOfVectors_KeepsTheOrderOfWords_AndLeavesOutWhatHasNone()
    {
        WordVectors vectors = Read("""{"dimensions": 100, "words": ["leave", "unknown", "quit"], "vectors": {"quit": [0, 2, 1], "leave": [1, 2, 3]}}""");
        Assert.Equal(["leave", "quit"], vectors.Commonest(10).Select(word => Encoding.UTF8.GetString(word.Letters)));
        Assert.Equal(0, vectors.RowOf(HashOf("leave")));
        Assert.Equal(-1, vectors.RowOf(HashOf("unknown")));
        Assert.Single(vectors.Commonest(1));
    }

    [Fact]
    public void Dot_AndAddScaled_AreOfTheSameNumbers()
    {
        WordVectors vectors = Read("""{"words": ["leave"], "vectors": {"leave": [1, 2, 3]}}""");
        var row = new float[WordVectors.Dimensions];
        vectors.AddScaled(0, 2, row);
        Assert.Equal(2 * row[0], row[1], 1e-6f);
        Assert.Equal(3 * row[0], row[2], 1e-6f);
        Assert.True(row[0] > 0);
        Assert.All(row[3..], number => Assert.Equal(0, number));
        float squares = row.Sum(number => number * number);
        Assert.Equal(squares / 2, vectors.Dot(0, row), 1e-4f);
    }

    [Theory]
    [InlineData("""{"words": ["leave"]}""")]
    [InlineData("""{"vectors": {"leave": [1]}}""")]
    [InlineData("""{"other": [1, {"words": []}]}""")]
    public void Read_AnotherFile_IsRefused(string json) => Assert.Throws<FormatException>(() => Read(json));

    public void Dispose() => File.Delete(_file);

    private WordVectors Read(string json)
    {
        File.WriteAllText(_file, json);
        return WordVectors.Read(_file);
    }

    private static ulong HashOf(string word)
    {
        var buffer = new TokenBuffer();
        Tokenizer.Read(Encoding.UTF8.GetBytes(word), buffer);
        return buffer.Tokens[0].Hash;
    }
}
