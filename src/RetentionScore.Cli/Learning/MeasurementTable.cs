using System.Globalization;

namespace RetentionScore.Cli.Learning;

/// <summary>Measurements as a table in Markdown, as docs/benchmarks.md keeps it.</summary>
internal static class MeasurementTable
{
    /// <summary>Prints them.</summary>
    public static void Print(Screen screen, IReadOnlyList<Measurement> measured)
    {
        screen.Output.WriteLine("| set | what | n | of them | AUC | TF-IDF | difference | bar | best F1 | TF-IDF | bar | F1 at 0.35 | phrases alone | published rule | day's work |");
        screen.Output.WriteLine("|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|");
        foreach (Measurement m in measured)
        {
            screen.Output.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"| {m.Set} | {m.Name} | {m.Items} | {m.Positives} | {m.Auc:0.000} {Of(m.AucInterval)} | {Of(m.BaselineAuc)} | {Of(m.AucDifference)} | {Of(m.AucBar)} | {m.BestF1:0.000} {Of(m.BestF1Interval)} | {Of(m.BaselineBestF1)} | {Of(m.BestF1Bar)} | {m.F1:0.000} {Of(m.F1Interval)} | {m.PhrasesF1:0.000} | {Of(m.PublishedRuleF1)} | {Of(m.DaysWorkF1)} |"));
        }

        Measurement[] heldOut = [.. measured.Where(m => m.Set == "heldout")];
        if (heldOut.Length > 0)
        {
            screen.Output.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"held out: mean F1 {heldOut.Average(m => m.F1):0.000} of {heldOut.Length} signals, phrases alone {heldOut.Average(m => m.PhrasesF1):0.000}; fewest positives {heldOut.Min(m => m.Positives)}"));
        }
    }

    private static string Of(double? value) => value is { } known ? string.Create(CultureInfo.InvariantCulture, $"{known:0.000}") : "";

    private static string Of(Bootstrap.Interval? value) => value is { } known ? string.Create(CultureInfo.InvariantCulture, $"[{known.Low:0.000}, {known.High:0.000}]") : "";
}
