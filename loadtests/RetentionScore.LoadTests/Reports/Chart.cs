using System.Globalization;
using System.Text;

namespace RetentionScore.LoadTests.Reports;

/// <summary>A line of a chart.</summary>
internal sealed record Series(string Name, IReadOnlyList<(double X, double Y)> Points);

/// <summary>A chart of lines as SVG. Its upper axis may be logarithmic, as latencies want it, and so may the lower.</summary>
internal sealed class Chart(string title, string xName, string yName, bool isXLog, bool isYLog, IReadOnlyList<Series> series)
{
    private const double Width = 860, Height = 460, Left = 70, Right = 130, Top = 44, Bottom = 52;
    private static readonly string[] Colours = ["#2563eb", "#059669", "#d97706", "#dc2626", "#7c3aed", "#475569"];

    private readonly StringBuilder svg = new();
    private double minX, maxX, minY, maxY;

    internal void Save(string path)
    {
        var points = series.SelectMany(line => line.Points).Where(IsDrawn).ToList();
        if (points.Count == 0) return;
        (minX, maxX) = Range(points.Select(point => point.X), isXLog);
        (minY, maxY) = Range(points.Select(point => point.Y), isYLog);
        Add($"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {Width} {Height}\" font-family=\"sans-serif\" font-size=\"12\">");
        Add($"<rect width=\"{Width}\" height=\"{Height}\" fill=\"#fff\"/><text x=\"{Left}\" y=\"24\" font-size=\"15\" font-weight=\"600\">{Escape(title)}</text>");
        foreach (double x in Ticks(minX, maxX, isXLog)) Add($"<line x1=\"{X(x)}\" x2=\"{X(x)}\" y1=\"{Top}\" y2=\"{Height - Bottom}\" stroke=\"#e5e7eb\"/><text x=\"{X(x)}\" y=\"{Height - Bottom + 18}\" text-anchor=\"middle\">{Label(x)}</text>");
        foreach (double y in Ticks(minY, maxY, isYLog)) Add($"<line x1=\"{Left}\" x2=\"{Width - Right}\" y1=\"{Y(y)}\" y2=\"{Y(y)}\" stroke=\"#e5e7eb\"/><text x=\"{Left - 8}\" y=\"{Y(y) + 4}\" text-anchor=\"end\">{Label(y)}</text>");
        Add($"<text x=\"{(Left + Width - Right) / 2}\" y=\"{Height - 12}\" text-anchor=\"middle\">{Escape(xName)}</text>");
        Add($"<text transform=\"translate(18 {(Top + Height - Bottom) / 2}) rotate(-90)\" text-anchor=\"middle\">{Escape(yName)}</text>");
        for (int i = 0; i < series.Count; i++) Draw(series[i], Colours[i % Colours.Length], Top + 12 + i * 18);
        Add($"</svg>\n");
        File.WriteAllText(path, svg.ToString());
    }

    private void Draw(Series line, string colour, double legendY)
    {
        var points = line.Points.Where(IsDrawn).ToList();
        var path = new StringBuilder();
        foreach (var (x, y) in points) path.Append(CultureInfo.InvariantCulture, $"{X(x):0.#},{Y(y):0.#} ");
        Add($"<polyline fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\" points=\"{path}\"/>");
        foreach (var (x, y) in points) Add($"<circle cx=\"{X(x):0.#}\" cy=\"{Y(y):0.#}\" r=\"2.5\" fill=\"{colour}\"/>");
        Add($"<text x=\"{Width - Right + 12}\" y=\"{legendY}\" fill=\"{colour}\">{Escape(line.Name)}</text>");
    }

    private bool IsDrawn((double X, double Y) point) =>
        double.IsFinite(point.X) && double.IsFinite(point.Y) && (!isXLog || point.X > 0) && (!isYLog || point.Y > 0);

    private double X(double value) => Left + Share(value, minX, maxX, isXLog) * (Width - Left - Right);

    private double Y(double value) => Height - Bottom - Share(value, minY, maxY, isYLog) * (Height - Top - Bottom);

    private static double Share(double value, double min, double max, bool isLog) => isLog ? Math.Log(value / min) / Math.Log(max / min) : (value - min) / (max - min);

    private static (double Min, double Max) Range(IEnumerable<double> values, bool isLog)
    {
        double min = values.Min(), max = values.Max();
        if (isLog) return (Math.Pow(10, Math.Floor(Math.Log10(min))), Math.Pow(10, Math.Ceiling(Math.Log10(max * 1.001))));
        return (0, max > 0 ? max * 1.05 : 1);
    }

    private static IEnumerable<double> Ticks(double min, double max, bool isLog)
    {
        if (isLog)
        {
            for (double tick = min; tick <= max * 1.001; tick *= 10) yield return tick;
            yield break;
        }

        double step = Math.Pow(10, Math.Floor(Math.Log10(max / 4)));
        while (max / step > 8) step *= max / step > 20 ? 5 : 2;
        for (double tick = 0; tick <= max; tick += step) yield return tick;
    }

    private static string Label(double value) => value >= 1000
        ? value.ToString("#,0", CultureInfo.InvariantCulture)
        : value.ToString("0.###", CultureInfo.InvariantCulture);

    private static string Escape(string text) => System.Net.WebUtility.HtmlEncode(text);

    private void Add(FormattableString text) => svg.AppendLine(FormattableString.Invariant(text));
}
