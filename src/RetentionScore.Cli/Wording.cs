using System.Globalization;
using RetentionScore.Cli.Calls;
using RetentionScore.V1;

namespace RetentionScore.Cli;

/// <summary>How calls are spoken of to a person.</summary>
internal static class Wording
{
    /// <summary>A time on a call's clock: 1:07.</summary>
    public static string Clock(int ms) => string.Create(CultureInfo.InvariantCulture, $"{ms / 60_000}:{ms / 1000 % 60:00}");

    /// <summary>What is recommended, in capitals and without the one it is meant for: PROCESS CANCELLATION, TAKE OVER.</summary>
    public static string Action(Recommendation recommendation) =>
        ContractNames.Of(recommendation.Action).Replace("SUPERVISOR_", "", StringComparison.Ordinal).Replace('_', ' ');

    /// <summary>Who is meant: agent, supervisor, system.</summary>
    public static string Audience(Recommendation recommendation) => ContractNames.Spoken(recommendation.Audience);

    /// <summary>A stage of the request to leave: "-" for none.</summary>
    public static string Stage(CancelStage stage) => stage <= CancelStage.None ? "-" : ContractNames.Spoken(stage);

    /// <summary>A band: "-" before anything was scored.</summary>
    public static string Band(RiskBand band) => band == RiskBand.Unspecified ? "-" : ContractNames.Of(band);

    /// <summary>Text of at most that many characters.</summary>
    public static string Cut(string text, int width) => text.Length <= width ? text : width <= 1 ? "…" : text[..(width - 1)].TrimEnd() + "…";
}
