using System.Security.Cryptography;
using RetentionScore.Core.Signals;
using RetentionScore.Core.Signals.Linear;

namespace RetentionScore.Core.Tests.Signals;

/// <summary>A file of weights is read whole or refused with a reason.</summary>
public class LinearFileTests
{
    private static readonly LinearTables Side = new(
        [new LinearHead(Signal.CancelRequest, -1, 0.5, 0.25, 1, 0, true)], [11], [300], [12, 13], [-5, 7], new short[DirectFeature.Count]);

    private static byte[] Good() => LinearFile.Write("test-1", Side, LinearTables.None);

    [Fact]
    public void Read_OfWhatWasWritten_GivesTheSameTables()
    {
        var (model, problem) = LinearFile.Read(Good());
        Assert.Null(problem);
        Assert.Equal("test-1", model!.Name);
        LinearTables read = model.SideOf(Speaker.Customer)!.Tables;
        Assert.Equal(Side.Heads, read.Heads);
        Assert.Equal(Side.WordRows, read.WordRows);
        Assert.Equal(Side.FeatureKeys, read.FeatureKeys);
        Assert.Equal(Side.FeatureRows, read.FeatureRows);
    }

    [Fact]
    public void Read_WithAnyByteChanged_IsRefused()
    {
        byte[] bytes = Good();
        for (int i = 0; i < bytes.Length; i++)
        {
            bytes[i] ^= 1;
            var (model, problem) = LinearFile.Read(bytes);
            Assert.Null(model);
            Assert.NotNull(problem);
            bytes[i] ^= 1;
        }
    }

    [Fact]
    public void Read_OfAShortFileWithAGoodChecksum_SaysThatItEndsTooEarly()
    {
        byte[] cut = Good()[..60];
        byte[] bytes = [.. cut, .. SHA256.HashData(cut)];
        Assert.Contains("ends too early", LinearFile.Read(bytes).Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void BuiltIn_HasAModel() => Assert.NotNull(SignalReader.BuiltIn.Model);
}
