using System.Globalization;
using RetentionScore.Cli.Replay;

namespace RetentionScore.Cli.Demo;

/// <summary>A pace in words.</summary>
internal static class PaceText
{
    /// <summary>"7 times faster than spoken".</summary>
    public static string Of(Pace pace) => pace.IsMax
        ? "as fast as they go"
        : string.Create(CultureInfo.InvariantCulture, $"{pace.Speed:0.##} times faster than spoken");
}
