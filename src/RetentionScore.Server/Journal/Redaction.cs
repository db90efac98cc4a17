using System.Text;
using System.Text.RegularExpressions;

namespace RetentionScore.Server.Journal;

/// <summary>
/// Takes out of a text what names a person or pays for something, before it is kept: e-mail addresses, numbers of cards (those that pass Luhn's
/// check), national ids (US, UK), telephone and any other long numbers, also where digits are spoken. It rather takes too much than too little; it
/// cannot know names. Stateless.
/// </summary>
internal static partial class Redaction
{
    /// <summary>The text with [email], [card], [id] and [number] in the places of what was taken out.</summary>
    internal static byte[] Of(ReadOnlySpan<byte> utf8)
    {
        string text = Encoding.UTF8.GetString(utf8);
        text = Email().Replace(text, "[email]");
        text = SpokenEmail().Replace(text, "[email]");
        text = NationalId().Replace(text, "[id]");
        text = Digits().Replace(text, static match => IsCard(match.ValueSpan) ? "[card]" : "[number]");
        text = SpokenDigits().Replace(text, "[number]");
        return Encoding.UTF8.GetBytes(text);
    }

    /// <summary>13 to 19 digits that pass Luhn's check.</summary>
    private static bool IsCard(ReadOnlySpan<char> number)
    {
        int sum = 0, digits = 0;
        for (int i = number.Length - 1; i >= 0; i--)
        {
            if (!char.IsAsciiDigit(number[i])) continue;
            int digit = number[i] - '0';
            if (digits++ % 2 == 1) digit = digit > 4 ? digit * 2 - 9 : digit * 2;
            sum += digit;
        }

        return digits is >= 13 and <= 19 && sum % 10 == 0;
    }

    [GeneratedRegex(@"[\w.+-]+@[\w-]+(?:\.[\w-]+)+", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Email();

    [GeneratedRegex(@"\b[\w.+-]+ at [\w-]+(?: dot [\w-]+)+\b", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex SpokenEmail();

    [GeneratedRegex(
        @"\b\d{3}[- ]\d{2}[- ]\d{4}\b|\b[A-CEGHJ-PR-TW-Z]{2} ?\d{2} ?\d{2} ?\d{2} ?[A-D]\b", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex NationalId();

    [GeneratedRegex(@"\+?\d(?:[ .()/-]{0,2}\d){6,18}", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Digits();

    [GeneratedRegex(
        @"\b(?:(?:zero|oh|one|two|three|four|five|six|seven|eight|nine|double|triple)\b[ ,-]*){7,}", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex SpokenDigits();
}
