using System.Globalization;
using System.Text.Json;
using RetentionScore.Core.Risk;
using RetentionScore.Server.Scoring;

namespace RetentionScore.Cli.Calibrating;

/// <summary>
/// What became of calls, one a line: {"call_id": "c1", "score": "overall", "p": 0.31, "outcome": true}, <c>p</c> being what the server told (of the last update, or of
/// any one), <c>outcome</c> whether it came true: a complaint within 14 days, a second call within 7, a chargeback.
/// </summary>
internal static class Outcomes
{
    /// <summary>Reads a file; wrong lines are told and passed over.</summary>
    public static IEnumerable<LabelledScore> Read(string path, Action<string> wrong)
    {
        int number = 0;
        foreach (string line in File.ReadLines(path))
        {
            number++;
            if (string.IsNullOrWhiteSpace(line)) continue;
            string? problem = TryRead(line, out LabelledScore read);
            if (problem is null) yield return read;
            else wrong(string.Create(CultureInfo.InvariantCulture, $"{path}:{number}: {problem}"));
        }
    }

    private static string? TryRead(string line, out LabelledScore read)
    {
        read = default;
        JsonElement at;
        try
        {
            at = JsonDocument.Parse(line).RootElement;
        }
        catch (JsonException)
        {
            return "not JSON";
        }

        if (at.ValueKind != JsonValueKind.Object) return "must be an object";
        if (!at.TryGetProperty("call_id", out JsonElement id) || id.ValueKind != JsonValueKind.String) return "call_id must be a string";
        if (!at.TryGetProperty("score", out JsonElement name) || name.ValueKind != JsonValueKind.String || !CalibrationFile.TryParse(name.GetString()!, out Score score))
            return $"score must be one of {CalibrationFile.Choice}";
        if (!at.TryGetProperty("p", out JsonElement p) || p.ValueKind != JsonValueKind.Number || p.GetDouble() is < 0 or > 1) return "p must be a number from 0 to 1";
        if (!at.TryGetProperty("outcome", out JsonElement outcome) || outcome.ValueKind is not (JsonValueKind.True or JsonValueKind.False))
            return "outcome must be true or false";
        read = new LabelledScore(score, id.GetString()!, "", 0, JudgedCalls.LogOddsOf((float)p.GetDouble()), outcome.GetBoolean());
        return null;
    }
}
