using System.Globalization;

namespace RetentionScore.LoadTests.Runs;

/// <summary>A bound on a figure: NAME=VALUE, where times take us, ms or s and everything else is a plain number.</summary>
/// <param name="Name">Of the figure.</param>
/// <param name="Bound">In the figure's unit.</param>
internal readonly record struct Budget(string Name, double Bound)
{
    private static readonly Dictionary<string, (bool IsLeast, bool IsTimeMs, Func<PhaseResult, double> Of)> Figures = new(StringComparer.Ordinal)
    {
        ["p50"] = (false, true, result => result.LatencyMs(50)),
        ["p90"] = (false, true, result => result.LatencyMs(90)),
        ["p99"] = (false, true, result => result.LatencyMs(99)),
        ["p999"] = (false, true, result => result.LatencyMs(99.9)),
        ["max"] = (false, true, result => result.MaxMs),
        ["answer_p99"] = (false, true, result => result.AnswerMsAtMost(0.99)),
        ["answer_p999"] = (false, true, result => result.AnswerMsAtMost(0.999)),
        ["open_p99"] = (false, true, result => result.OpeningMs(99)),
        ["cpu"] = (false, true, result => result.CpuUsPerUtterance / 1000),
        ["alloc"] = (false, false, result => result.BytesPerUtterance),
        ["gc_pause"] = (false, true, result => result.GcPauseMs),
        ["rss_mb"] = (false, false, result => result.ResidentMb),
        ["errors"] = (false, false, result => result.Errors),
        ["unanswered"] = (false, false, result => result.Record.Unanswered),
        ["achieved"] = (true, false, result => result.Record.Utterances / (double)result.Record.Sent),
        ["utterances"] = (true, false, result => result.Record.Utterances),
        ["live"] = (true, false, result => result.LiveCalls),
        ["opened"] = (true, false, result => result.Record.Opened),
        ["finished"] = (true, false, result => result.Record.Finished),
        ["thrown_out"] = (true, false, result => result.Record.ThrownOut),
    };

    /// <summary>What can be bounded, for the help.</summary>
    internal static string Names => string.Join(", ", Figures.Select(figure => figure.Value.IsLeast ? $"{figure.Key} (at least)" : figure.Key));

    /// <summary>Reads "p99=1ms,errors=0".</summary>
    /// <returns>The budgets, or why not.</returns>
    internal static (Budget[] Budgets, string? Problem) Parse(string text)
    {
        var budgets = new List<Budget>();
        foreach (string one in text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            string[] pair = one.Split('=', 2);
            if (pair.Length != 2 || !Figures.TryGetValue(pair[0], out var figure)) return ([], $"'{one}' is no NAME=VALUE of {Names}");
            if (Value(pair[1], figure.IsTimeMs) is not { } bound) return ([], $"'{one}': must be {(figure.IsTimeMs ? "a time such as 500us, 1ms or 2s" : "a number")}");
            budgets.Add(new Budget(pair[0], bound));
        }

        return ([.. budgets], null);
    }

    /// <summary>What is broken; null where the bound holds. A figure that could not be had breaks it.</summary>
    internal string? Check(PhaseResult result)
    {
        var figure = Figures[Name];
        double value = figure.Of(result);
        bool holds = figure.IsLeast ? value >= Bound : value <= Bound;
        string unit = figure.IsTimeMs ? " ms" : "";
        return holds ? null : string.Create(CultureInfo.InvariantCulture, $"{result.Name}: {Name} is {value:0.###}{unit}, must be at {(figure.IsLeast ? "least" : "most")} {Bound:0.###}{unit}");
    }

    private static double? Value(string text, bool isTime)
    {
        (string Unit, double Ms)[] units = isTime ? [("us", 0.001), ("ms", 1), ("s", 1000)] : [("", 1)];
        foreach ((string unit, double ms) in units)
        {
            if (text.EndsWith(unit, StringComparison.Ordinal)
                && double.TryParse(text.AsSpan(0, text.Length - unit.Length), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double value)) return value * ms;
        }

        return null;
    }
}
