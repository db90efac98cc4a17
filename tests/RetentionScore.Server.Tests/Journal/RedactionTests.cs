using System.Text;
using RetentionScore.Server.Journal;

namespace RetentionScore.Server.Tests.Journal;

public sealed class RedactionTests
{
    [Theory]
    [InlineData("my card is 4111 1111 1111 1111 thanks", "my card is [card] thanks")]
    [InlineData("4111-1111-1111-1112 is none", "[number] is none")]
    [InlineData("write to jo.doe+x@example.co.uk please", "write to [email] please")]
    [InlineData("it's jane at example dot com", "it's [email]")]
    [InlineData("social is 078-05-1120", "social is [id]")]
    [InlineData("my number QQ123456C no, AB 12 34 56 C", "my number QQ123456C no, [id]")]
    [InlineData("call +1 (555) 010-9999 today", "call [number] today")]
    [InlineData("five five five oh one two three, ok", "[number]ok")]
    [InlineData("I have called 3 times in 18 months about 250 dollars", "I have called 3 times in 18 months about 250 dollars")]
    [InlineData("", "")]
    public void Text_IsRedacted(string said, string kept) => Assert.Equal(kept, Encoding.UTF8.GetString(Redaction.Of(Encoding.UTF8.GetBytes(said))));
}
