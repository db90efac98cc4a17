using System.Globalization;
using System.Text;
using RetentionScore.Server.Scoring;

namespace RetentionScore.Cli.Calibrating;

/// <summary>What scores said against what came true, a panel a score, as SVG: ten bins of equal count, with 95% intervals (Wilson 1927).</summary>
internal static class ReliabilityPlot
{
    private const int Bins = 10, Side = 150, Margin = 34, Columns = 4;
    private const double Normal95 = 1.96;

    /// <summary>The picture.</summary>
    /// <param name="calls">What scores said; what is drawn is shifted to the base rate of each score, as what is judged is not its share.</param>
    public static string Draw(IEnumerable<LabelledScore> calls)
    {
        (string Name, LabelledScore[] Sample)[] panels =
            [.. calls.GroupBy(one => one.Score).OrderBy(score => score.Key).Select(score => (CalibrationFile.NameOf(score.Key), score.ToArray()))];
        int rows = (panels.Length + Columns - 1) / Columns, width = Columns * (Side + Margin) + Margin, height = rows * (Side + 2 * Margin) + Margin / 2;
        var svg = new StringBuilder();
        svg.Append(CultureInfo.InvariantCulture, $"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" font-family=\"sans-serif\" font-size=\"10\">\n");
        svg.Append(CultureInfo.InvariantCulture, $"<rect width=\"{width}\" height=\"{height}\" fill=\"#fff\"/>\n");
        for (int i = 0; i < panels.Length; i++) Panel(svg, panels[i].Name, panels[i].Sample, Margin + i % Columns * (Side + Margin), Margin + i / Columns * (Side + 2 * Margin));
        return svg.Append("</svg>\n").ToString();
    }

    private static void Panel(StringBuilder svg, string name, LabelledScore[] sample, int left, int top)
    {
        double shift = Reliability.ShiftToBaseRate(sample);
        (double P, bool Outcome)[] told = [.. sample.Select(one => (PlattFit.Probability(one.LogOdds + shift), one.Outcome)).OrderBy(one => one.Item1)];
        double X(double p) => left + p * Side;
        double Y(double share) => top + (1 - share) * Side;
        svg.Append(CultureInfo.InvariantCulture, $"<g><text x=\"{left}\" y=\"{top - 8}\" font-weight=\"bold\">{name} (n {sample.Length})</text>");
        svg.Append(CultureInfo.InvariantCulture, $"<rect x=\"{left}\" y=\"{top}\" width=\"{Side}\" height=\"{Side}\" fill=\"none\" stroke=\"#999\"/>");
        svg.Append(CultureInfo.InvariantCulture, $"<line x1=\"{X(0)}\" y1=\"{Y(0)}\" x2=\"{X(1)}\" y2=\"{Y(1)}\" stroke=\"#bbb\" stroke-dasharray=\"3 3\"/>");
        svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{left}\" y=\"{top + Side + 12}\">0</text><text x=\"{left + Side - 6}\" y=\"{top + Side + 12}\">1</text><text x=\"{left + Side / 2 - 14}\" y=\"{top + Side + 12}\">told</text>");
        for (int bin = 0; bin < Bins; bin++)
        {
            var inBin = told[(told.Length * bin / Bins)..(told.Length * (bin + 1) / Bins)];
            if (inBin.Length == 0) continue;
            double p = inBin.Average(one => one.P), share = inBin.Average(one => one.Outcome ? 1.0 : 0.0);
            var (low, high) = Wilson(share, inBin.Length);
            svg.Append(CultureInfo.InvariantCulture, $"\n<line x1=\"{X(p):0.0}\" y1=\"{Y(low):0.0}\" x2=\"{X(p):0.0}\" y2=\"{Y(high):0.0}\" stroke=\"#1f6fb2\"/>");
            svg.Append(CultureInfo.InvariantCulture, $"<circle cx=\"{X(p):0.0}\" cy=\"{Y(share):0.0}\" r=\"3\" fill=\"#1f6fb2\"/>");
        }

        svg.Append("</g>\n");
    }

    private static (double Low, double High) Wilson(double share, int n)
    {
        double z = Normal95 * Normal95, middle = (share + z / (2 * n)) / (1 + z / n);
        double half = Normal95 * Math.Sqrt(share * (1 - share) / n + z / (4.0 * n * n)) / (1 + z / n);
        return (middle - half, middle + half);
    }
}
