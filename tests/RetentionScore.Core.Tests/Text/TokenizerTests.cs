using System.Text;
using RetentionScore.Core.Text;

namespace RetentionScore.Core.Tests.Text;

public class TokenizerTests
{
    [Theory]
    [InlineData("I'd like to CANCEL!", "I'd|like|to|CANCEL", "id like to cancel")]
    [InlineData("um i i want to uh cancel", "i i|want|to|cancel", "i want to cancel")]
    [InlineData("call 0800 123", "call|0800|123", "call 0000 000")]
    [InlineData("see http://a.b/c and @me ok", "see|and|ok", "see and ok")]
    [InlineData("é’s Ünder", "é’s|Ünder", "és ünder")]
    [InlineData("a-b", "a|b", "a b")]
    [InlineData("", "", "")]
    public void Read_Text_GivesNormalisedWordsAndTheirPlaces(string text, string places, string words)
    {
        var buffer = new TokenBuffer();
        Tokenizer.Read(Encoding.UTF8.GetBytes(text), buffer);
        string[] wanted = words.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(places.Split('|', StringSplitOptions.RemoveEmptyEntries), buffer.Tokens.ToArray().Select(t => text[t.BeginChar..t.EndChar]));
        Assert.Equal(wanted.Select(Hash), buffer.Tokens.ToArray().Select(t => t.Hash));
    }

    [Fact]
    public void Read_LongText_KeepsTheFirstAndTheLast256Words()
    {
        string[] words = [.. Enumerable.Range(0, 1300).Select(i => "w" + string.Concat($"{i}".Select(c => (char)('a' + c - '0'))))];
        var buffer = new TokenBuffer();
        Tokenizer.Read(Encoding.UTF8.GetBytes(string.Join(' ', words)), buffer);
        Assert.Equal(1300, buffer.WordsSeen);
        Assert.Equal(words.Take(256).Concat(words.Skip(1300 - 256)).Select(Hash), buffer.Tokens.ToArray().Select(t => t.Hash));
    }

    [Fact]
    public void Read_InvalidUtf8AndPairs_CountsUtf16Units()
    {
        byte[] bytes = [.. "😀 "u8, 0xFF, (byte)' ', .. "end"u8];
        var buffer = new TokenBuffer();
        Tokenizer.Read(bytes, buffer);
        string text = Encoding.UTF8.GetString(bytes);
        Token last = buffer.Tokens[^1];
        Assert.Equal("end", text[last.BeginChar..last.EndChar]);
    }

    private static ulong Hash(string word) => Encoding.UTF8.GetBytes(word).Aggregate(Fnv.Offset, Fnv.Add);
}
