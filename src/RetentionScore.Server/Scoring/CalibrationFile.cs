using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using RetentionScore.Core.Risk;
using RetentionScore.Server.Scoring.Wire;

namespace RetentionScore.Server.Scoring;

/// <summary>
/// A calibration as a file, as <c>retentionscore calibrate</c> writes it: by score
/// <code>{"overall": {"scale": 1.1, "offset": -0.2, "basis": "MEASURED", "data": "complaints within 14 days, May 2027", "n": 1840}, …}</code>
/// Scores that are not in it keep what is shipped.
/// </summary>
public static class CalibrationFile
{
    private static readonly JsonSerializerOptions Json = new()
    {
        WriteIndented = true,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Reads a file. Throws <see cref="FormatException"/> naming score, member and what it may be.</summary>
    public static Calibration Read(string path)
    {
        Dictionary<string, Written> written;
        try
        {
            written = JsonSerializer.Deserialize<Dictionary<string, Written>>(File.ReadAllText(path), Json) ?? throw new FormatException("no object of scores");
        }
        catch (JsonException broken)
        {
            throw new FormatException($"line {broken.LineNumber + 1}: no calibration as docs/model-card.md has it", broken);
        }

        Calibration calibration = Calibration.Shipped;
        foreach ((string name, Written one) in written)
        {
            if (!TryParse(name, out Score score)) throw new FormatException($"'{name}' must be one of {Choice}");
            if (!(one.Scale > 0) || !double.IsFinite(one.Scale)) throw new FormatException($"{name}: scale must be above 0");
            if (!double.IsFinite(one.Offset)) throw new FormatException($"{name}: offset must be a number");
            if (!Bases.TryGetValue(one.Basis, out CalibrationBasis basis)) throw new FormatException($"{name}: basis must be one of {string.Join(", ", Bases.Keys)}");
            calibration = calibration.With(score, new Platt(one.Scale, one.Offset, basis, one.Data, one.Count));
        }

        return calibration;
    }

    /// <summary>The text of a file.</summary>
    public static string Write(IEnumerable<(Score Score, Platt Platt)> scores) => JsonSerializer.Serialize(
        scores.ToDictionary(
            one => NameOf(one.Score),
            one => new Written(one.Platt.Scale, one.Platt.Offset, Bases.First(basis => basis.Value == one.Platt.Basis).Key, one.Platt.Data, one.Platt.Count),
            StringComparer.Ordinal),
        Json);

    /// <summary>The contract's name of a score.</summary>
    public static string NameOf(Score score) => UpdateMessage.ScoreNames[(int)score];

    /// <summary>All names of scores.</summary>
    public static string Choice => string.Join(", ", UpdateMessage.ScoreNames);

    /// <summary>The score of a name.</summary>
    public static bool TryParse(string name, out Score score)
    {
        int at = UpdateMessage.ScoreNames.IndexOf(name, StringComparer.Ordinal);
        score = (Score)Math.Max(at, 0);
        return at >= 0;
    }

    private static readonly Dictionary<string, CalibrationBasis> Bases = new(StringComparer.Ordinal)
    {
        ["MEASURED"] = CalibrationBasis.Measured,
        ["WRITTEN_CALLS"] = CalibrationBasis.WrittenCalls,
        ["EXPERT"] = CalibrationBasis.Expert,
    };

    private sealed record Written(
        [property: JsonPropertyName("scale")] double Scale,
        [property: JsonPropertyName("offset")] double Offset,
        [property: JsonPropertyName("basis")] string Basis,
        [property: JsonPropertyName("data")] string Data,
        [property: JsonPropertyName("n")] int Count);
}
