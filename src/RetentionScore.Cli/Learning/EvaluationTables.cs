using System.Globalization;
using RetentionScore.Cli.Calibrating;

namespace RetentionScore.Cli.Learning;

/// <summary>An evaluation as tables in Markdown, as docs/evaluation.md keeps them.</summary>
internal static class EvaluationTables
{
    private const double LeastSlope = 0.7, MostSlope = 1.3, LeastSkill = 0.2, MostAucLoss = 3, MostF1Loss = 6, HeldOutBar = 0.82;

    /// <summary>Prints all that was measured.</summary>
    public static void Print(TextWriter output, Evaluation all)
    {
        output.WriteLine(Line($"Model {all.Model}; a signal is told from a probability of {all.OperatingPoint:0.00} on."));
        if (all.Tasks.Count > 0) Tasks(output, all.Tasks);
        Measurement[] heldOut = [.. all.Tasks.Where(task => task.Set == "heldout")];
        if (heldOut.Length > 0)
        {
            output.WriteLine(Line(
                $"\nHeld out, mean of {heldOut.Length} signals: F1 {heldOut.Average(m => m.F1):0.000} (bar {HeldOutBar}: {Verdict(heldOut.Average(m => m.F1) >= HeldOutBar)}), best F1 {heldOut.Average(m => m.BestF1):0.000}, AUC {heldOut.Average(m => m.Auc):0.000}; phrases alone F1 {heldOut.Average(m => m.PhrasesF1 ?? 0):0.000}; TF-IDF best F1 {heldOut.Average(m => m.BaselineBestF1):0.000}, AUC {heldOut.Average(m => m.BaselineAuc):0.000}. Fewest positives: {heldOut.Min(m => m.Positives)} (bar 40: {Verdict(heldOut.Min(m => m.Positives) >= 40)})."));
        }

        if (all.Calls.Count > 0) Calls(output, all.Calls);
        if (all.Tasks.Count > 0) Losses(output, all.Tasks);
        Calibrations(output, all);
    }

    private static void Tasks(TextWriter output, IReadOnlyList<Measurement> tasks)
    {
        output.WriteLine("\n| set | what | n | of them | AUC | TF-IDF | difference | best F1 | TF-IDF | difference | F1 as shipped | phrases | published rule | day's rule | bars (AUC, best F1) |");
        output.WriteLine("|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|");
        foreach (Measurement m in tasks)
        {
            string bars = m.IsReached is { } reached ? $"{Of(m.AucBar)}, {Of(m.BestF1Bar)}: {Verdict(reached)}" : "";
            output.WriteLine(Line(
                $"| {m.Set} | {m.Name} | {m.Items} | {m.Positives} | {m.Auc:0.000} {Of(m.AucInterval)} | {m.BaselineAuc:0.000} | {Of(m.AucDifference)} | {m.BestF1:0.000} {Of(m.BestF1Interval)} | {m.BaselineBestF1:0.000} | {Of(m.BestF1Difference)} | {m.F1:0.000} {Of(m.F1Interval)} | {Of(m.PhrasesF1)} | {Of(m.PublishedRuleF1)} | {Of(m.DaysWorkF1)} | {bars} |"));
        }
    }

    private static void Calls(TextWriter output, IReadOnlyList<Bar> calls)
    {
        output.WriteLine("\n| calls | what | calls | of | bar |\n|---|---|---|---|---|");
        foreach (Bar bar in calls)
        {
            string bound = bar.Least is { } least ? Line($"at least {least}") : bar.Most is { } most ? Line($"at most {most}") : "";
            output.WriteLine(Line($"| {bar.Set} | {bar.Name} | {bar.Count} | {bar.Of} | {bound}{(bar.IsReached is { } reached ? $": {Verdict(reached)}" : "")} |"));
        }
    }

    private static void Losses(TextWriter output, IReadOnlyList<Measurement> tasks)
    {
        output.WriteLine("\n| set | what | one word in ten dropped: points of AUC | of best F1 | | misheard words: points of AUC | of best F1 |\n|---|---|---|---|---|---|---|");
        foreach (Measurement m in tasks.Where(task => task.Set != "heldout")) Row(m.Set, m.Name, m.Losses["dropped"], m.Losses["misheard"]);
        Measurement[] heldOut = [.. tasks.Where(task => task.Set == "heldout")];
        if (heldOut.Length == 0) return;
        Measurement.Loss Mean(string way) => new(heldOut.Average(m => m.Losses[way].Auc), heldOut.Average(m => m.Losses[way].BestF1));
        Row("heldout", "mean of the signals", Mean("dropped"), Mean("misheard"));

        void Row(string set, string name, Measurement.Loss dropped, Measurement.Loss misheard) => output.WriteLine(Line(
            $"| {set} | {name} | {dropped.Auc:0.0} | {dropped.BestF1:0.0} | {Verdict(dropped.Auc <= MostAucLoss && dropped.BestF1 <= MostF1Loss)} | {misheard.Auc:0.0} | {misheard.BestF1:0.0} |"));
    }

    private static void Calibrations(TextWriter output, Evaluation all)
    {
        if (all.Risks.Count > 0) output.WriteLine("\n| calls | risk | after | n | base rate | mean told | AUC | slope | skill | ECE |\n|---|---|---|---|---|---|---|---|---|---|");
        foreach (JudgedRisk risk in all.Risks)
        {
            Reliability of = risk.Reliability;
            string after = risk.Mark is { } mark ? Line($"{mark} %") : "all";
            output.WriteLine(Line(
                $"| {risk.Set} | {risk.Score} | {after} | {of.Count} | {of.BaseRate:0.000} | {of.MeanTold:0.000} | {of.Auc:0.000} {Of(risk.AucInterval)} | {SlopeOf(of)} | {of.BrierSkill:0.00} | {of.Ece:0.000} |"));
        }

        output.WriteLine("\n| set | what | n | base rate | slope | skill | ECE | slope 0.7 to 1.3, skill 0.2 |\n|---|---|---|---|---|---|---|---|");
        foreach (JudgedRisk risk in all.Risks.Where(risk => risk.Mark is null)) Row(risk.Set, risk.Score, risk.Reliability);
        foreach (Measurement m in all.Tasks) Row(m.Set, m.Name, m.Calibration);

        void Row(string set, string name, Reliability of) => output.WriteLine(Line(
            $"| {set} | {name} | {of.Count} | {of.BaseRate:0.000} | {SlopeOf(of)} | {of.BrierSkill:0.00} | {of.Ece:0.000} | {Verdict(of.Slope is >= LeastSlope and <= MostSlope && of.BrierSkill >= LeastSkill)} |"));
        static string SlopeOf(Reliability of) => Line($"{of.Slope:0.00} [{of.SlopeLow:0.00}, {of.SlopeHigh:0.00}]");
    }

    private static string Verdict(bool reached) => reached ? "reached" : "missed";

    private static string Line(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private static string Of(double? value) => value is { } known ? Line($"{known:0.000}") : "";

    private static string Of(Bootstrap.Interval value) => Line($"[{value.Low:0.000}, {value.High:0.000}]");
}
