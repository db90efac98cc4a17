using System.Globalization;

namespace RetentionScore.Cli.Demo;

/// <summary>A score of 0 to 1 as a bar with its per cent behind it.</summary>
internal static class Gauge
{
    /// <summary>Columns that a gauge takes.</summary>
    public const int Width = Cells + 4;

    private const int Cells = 5;

    /// <summary>The gauge as markup; blank where there is no score.</summary>
    public static string Of(float? score)
    {
        if (score is not { } value) return new string(' ', Width);
        int halves = (int)MathF.Round(Math.Clamp(value, 0, 1) * Cells * 2);
        string bar = new string('━', halves / 2) + (halves % 2 == 1 ? "╸" : "");
        Tone tone = Tone.OfRisk(value);
        return tone.Paint(bar) + $"[grey23]{new string('━', Cells - bar.Length)}[/]"
            + tone.Paint(string.Create(CultureInfo.InvariantCulture, $"{MathF.Round(value * 100),4:0}"));
    }
}
