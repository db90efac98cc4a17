namespace RetentionScore.Cli.Learning;

/// <summary>What is done without any learning, for requests to cancel: 1 for a hit, 0 for none.</summary>
internal static class KeywordRules
{
    private static readonly string[] PublishedVerbs = ["cancel", "terminate", "stop", "end", "close", "delete"];
    private static readonly string[] PublishedObjects = ["account", "subscription", "plan", "membership", "service"];
    private static readonly string[][] Wishes = [["want"], ["like"], ["need"], ["please"], ["can", "you"]];
    private static readonly string[][] Leavings = [["cancel"], ["disconnect"], ["terminate"], ["close"], ["leave"], ["switch"], ["get", "rid"], ["take", "off"], ["stop"], ["end"]];

    /// <summary>The rule as contact centres publish it: a verb within 5 words of an object.</summary>
    public static double Published(string text)
    {
        string[] words = text.Split(' ');
        for (int i = 0; i < words.Length; i++)
        {
            if (!PublishedVerbs.Contains(words[i], StringComparer.Ordinal)) continue;
            for (int j = Math.Max(0, i - 5); j < Math.Min(words.Length, i + 6); j++)
            {
                if (PublishedObjects.Contains(words[j], StringComparer.Ordinal)) return 1;
            }
        }

        return 0;
    }

    /// <summary>A day's work: a word of leaving within 4 words after a wish.</summary>
    public static double DaysWork(string text)
    {
        string[] words = text.Split(' ');
        for (int i = 0; i < words.Length; i++)
        {
            if (!Wishes.Any(wish => StandsAt(words, i, wish))) continue;
            for (int j = i + 1; j <= i + 4; j++)
            {
                if (Leavings.Any(leaving => StandsAt(words, j, leaving))) return 1;
            }
        }

        return 0;
    }

    private static bool StandsAt(string[] words, int at, string[] phrase) => at + phrase.Length <= words.Length && words.AsSpan(at, phrase.Length).SequenceEqual(phrase);
}
