using System.Globalization;

namespace RetentionScore.Cli.Demo;

/// <summary>A score of 0 to 1 as a bar with its per cent behind it; the line that it fills is thin, so that it reads without colour too.</summary>
internal static class Gauge
{
    /// <summary>Columns that a gauge takes.</summary>
    public const int Width = Cells + 4;

    private const int Cells = 5;

    /// <summary>A risk: the higher, the redder. Markup; blank where there is no score.</summary>
    public static string OfRisk(float? score) => Draw(score, Tone.OfRisk(score ?? 0));

    /// <summary>Something that is neither good nor bad: a customer may want to leave. Markup; blank where there is no score.</summary>
    public static string OfWish(float? score) => Draw(score, Tone.Accent);

    private static string Draw(float? score, Tone tone)
    {
        if (score is not { } value) return new string(' ', Width);
        int halves = (int)MathF.Round(Math.Clamp(value, 0, 1) * Cells * 2);
        string bar = new string('━', halves / 2) + (halves % 2 == 1 ? "╸" : "");
        return tone.Paint(bar) + $"[grey23]{new string('─', Cells - bar.Length)}[/]"
            + tone.Paint(string.Create(CultureInfo.InvariantCulture, $"{MathF.Round(value * 100),4:0}"));
    }
}
