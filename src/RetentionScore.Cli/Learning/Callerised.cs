using System.Text.RegularExpressions;

namespace RetentionScore.Cli.Learning;

/// <summary>Written text as a recogniser would write it if it were said: lower case, no punctuation, handles, addresses or hash signs.</summary>
internal static partial class Callerised
{
    /// <summary>The text of it.</summary>
    public static string Of(string text)
    {
        text = Handle().Replace(Address().Replace(text, " "), " ").Replace('’', '\'');
        return Space().Replace(NotSaid().Replace(text, " "), " ").Trim().ToLowerInvariant();
    }

    [GeneratedRegex(@"https?://\S+|www\.\S+", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Address();

    [GeneratedRegex(@"@\w+", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Handle();

    [GeneratedRegex(@"[^\p{L}\p{M}\p{Nd}' ]", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex NotSaid();

    [GeneratedRegex(@"\s+", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Space();
}
