using System.Text;

namespace RetentionScore.Benchmarks;

/// <summary>What is said in the benchmarks.</summary>
internal static class Talk
{
    private const string Words =
        "well i've been thinking about it and we are moving house next month so i would like to cancel the broadband please if that is all right with you "
        + "because the new place has its own line already and there is no point in paying for two of them is there anyway that is how it stands with us now";

    /// <summary>The first so many of some sixty words, as UTF-8.</summary>
    internal static byte[] Of(int words) => Encoding.UTF8.GetBytes(string.Join(' ', Words.Split(' ').Take(words)));
}
