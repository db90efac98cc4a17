using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Grpc.Core;
using Grpc.Wire;

namespace RetentionScore.Grpc.Tests.Internals;

public sealed class WireTests
{
    private static readonly Config Runs = Config.QuickThrowOnFailure.WithMaxTest(500);

    [Fact]
    public void PercentEncoding_AnyText_IsPrintableAsciiAndDecodesToItself() => Prop.ForAll<NonNull<string>>(text =>
    {
        // What is not Unicode (half of a surrogate pair) becomes U+FFFD.
        var valid = Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text.Get));
        var encoded = PercentEncoding.Encode(text.Get);
        return encoded.All(c => c is >= ' ' and <= '~') && string.Equals(PercentEncoding.Decode(encoded), valid, StringComparison.Ordinal);
    }).Check(Runs);

    [Theory]
    [InlineData("%", "%")]
    [InlineData("%4", "%4")]
    [InlineData("%zz", "%zz")]
    [InlineData("a%20b%", "a b%")]
    [InlineData("%ff", "\uFFFD")]
    [InlineData("%c3%bc", "\u00fc")]
    [InlineData("\u00fc%41", "\u00fcA")]
    [InlineData("\ud83d\ude00%41", "\ud83d\ude00A")]
    public void PercentDecode_WellOrBadlyEncoded_NeverFails(string text, string expected) => Assert.Equal(expected, PercentEncoding.Decode(text));

    [Fact]
    public void PercentDecode_AnyText_NeverFails() => Prop.ForAll<NonNull<string>>(text => PercentEncoding.Decode(text.Get + "%41") is not null).Check(Runs);

    [Fact]
    public void BinaryValue_AnyBytes_PaddedOrNotDecodeToThemselves() => Prop.ForAll<NonNull<byte[]>>(bytes =>
        !BinaryValue.Encode(bytes.Get).Contains('=', StringComparison.Ordinal)
        && BinaryValue.TryDecode(BinaryValue.Encode(bytes.Get), out var plain) && plain.SequenceEqual(bytes.Get)
        && BinaryValue.TryDecode(Convert.ToBase64String(bytes.Get), out var padded) && padded.SequenceEqual(bytes.Get)).Check(Runs);

    [Theory]
    [InlineData("A")]
    [InlineData("AAAAA")]
    [InlineData("A*A=")]
    [InlineData("\u00e4\u00e4\u00e4\u00e4")]
    public void BinaryValue_NotBase64_False(string text) => Assert.False(BinaryValue.TryDecode(text, out _));

    [Fact]
    public void BinaryHeader_CommaJoined_IsSeveralEntries()
    {
        var metadata = new Metadata();
        Assert.True(metadata.TryAddHeader("x-bin", ["AQ==,Ag", "Aw"]));
        Assert.Equal([1, 2, 3], metadata.Select(entry => entry.ValueBytes.Single()).Select(b => (int)b));
        Assert.False(metadata.TryAddHeader("y-bin", ["AQ,*"]));
        Assert.True(metadata.TryAddHeader("z", ["a", "b"]));
        Assert.Equal("a,b", metadata.GetValue("z"));
    }

    [Fact]
    public void Timeout_AnyTime_IsAtMostEightDigitsAndNotShorter() => Prop.ForAll<PositiveInt, uint>((milliseconds, factor) =>
    {
        var timeout = TimeSpan.FromMilliseconds((double)milliseconds.Get * Math.Max(1, factor));
        var text = GrpcTimeout.Format(timeout);
        return text.Length <= 9 && GrpcTimeout.TryParse(text, out var parsed) && parsed >= timeout;
    }).Check(Runs);

    [Theory]
    [InlineData("1H", 3600)]
    [InlineData("2M", 120)]
    [InlineData("3S", 3)]
    [InlineData("4000m", 4)]
    [InlineData("5000000u", 5)]
    [InlineData("99999999n", 0.1)]
    public void Timeout_EachUnit_IsRead(string text, double seconds)
    {
        Assert.True(GrpcTimeout.TryParse(text, out var timeout));
        Assert.Equal(seconds, timeout.TotalSeconds, 6);
    }

    [Fact]
    public void Timeout_TheLongest_IsRead()
    {
        Assert.True(GrpcTimeout.TryParse("99999999H", out var timeout));
        Assert.True(timeout > TimeSpan.FromDays(365 * 1000));
    }

    [Fact]
    public void Timeout_AnyText_NeverFails() => Prop.ForAll<string>(
        text => !GrpcTimeout.TryParse(text, out var timeout) || timeout >= TimeSpan.Zero).Check(Runs);
}
