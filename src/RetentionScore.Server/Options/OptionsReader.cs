using System.Collections.Immutable;
using System.Globalization;
using System.Net;

namespace RetentionScore.Server.Options;

/// <summary>Reads typed values out of a section, collects what is wrong, and knows which keys nobody asked for. For one thread.</summary>
internal sealed class OptionsReader(IConfigurationSection section, IEnumerable<string>? alreadyWrong)
{
    private readonly HashSet<string> known = new(StringComparer.OrdinalIgnoreCase);
    private readonly List<string> problems = [.. alreadyWrong ?? []];

    /// <summary>All problems, those of unknown keys last.</summary>
    internal ImmutableArray<string> Problems()
    {
        foreach (IConfigurationSection child in section.GetChildren()) ReportUnknown(child, child.Key);
        return [.. problems];
    }

    internal string Text(string key, string missing, int maxLength)
    {
        if (Value(key) is not { } value) return missing;
        if (value.Length is > 0 && value.Length <= maxLength) return value;
        return Wrong(key, value, $"1 to {maxLength} characters", missing);
    }

    /// <summary>Text that may be missing; empty is missing, so that a default can be taken back.</summary>
    internal string? OptionalText(string key, int maxLength)
    {
        if (Value(key) is not { Length: > 0 } value) return null;
        return value.Length <= maxLength ? value : Wrong<string?>(key, value, $"at most {maxLength} characters", null);
    }

    internal bool Flag(string key, bool missing)
    {
        if (Value(key) is not { } value) return missing;
        return bool.TryParse(value, out bool flag) ? flag : Wrong(key, value, "true or false", missing);
    }

    /// <summary>Something that is wrong with values that were read one by one.</summary>
    internal void Report(string key, string value, string limit) => Wrong<object?>(key, value, limit, null);

    internal int Count(string key, int missing, int min, int max)
    {
        if (Value(key) is not { } value) return missing;
        if (int.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int count) && count >= min && count <= max) return count;
        return Wrong(key, value, $"a whole number from {min} to {max}", missing);
    }

    internal T Choice<T>(string key, T missing)
        where T : struct, Enum
    {
        if (Value(key) is not { } value) return missing;
        if (!char.IsAsciiDigit(value.FirstOrDefault()) && Enum.TryParse(value, ignoreCase: true, out T choice)) return choice;
        return Wrong(key, value, $"one of {string.Join(", ", Enum.GetNames<T>()).ToLowerInvariant()}", missing);
    }

    internal bool Switch(string key, bool missing)
    {
        if (Value(key) is not { } value) return missing;
        return bool.TryParse(value, out bool on) ? on : Wrong(key, value, "true or false", missing);
    }

    /// <summary>A key that has to be there because of another.</summary>
    internal void Missing(string key, string limit) => problems.Add($"{OptionsSource.Root}:{key} is missing: must be {limit}");

    internal TimeSpan Duration(string key, TimeSpan missing, TimeSpan min, TimeSpan max)
    {
        if (Value(key) is not { } value) return missing;
        if (TryParseDuration(value, out TimeSpan duration) && duration >= min && duration <= max) return duration;
        return Wrong(key, value, $"a time from {Told(min)} to {Told(max)}, such as 500ms, 10s or 5m", missing);
    }

    internal IPEndPoint EndPoint(string key, IPEndPoint missing)
    {
        if (Value(key) is not { } value) return missing;
        // Without a colon the parser would take a bare address, and listen on a port that nobody chose.
        string address = value.StartsWith("localhost:", StringComparison.OrdinalIgnoreCase) ? $"127.0.0.1{value[9..]}" : value;
        if (address.LastIndexOf(':') > address.LastIndexOf(']') && IPEndPoint.TryParse(address, out IPEndPoint? endPoint)) return endPoint;
        return Wrong(key, value, "an IP address and a port from 0 to 65535, such as 127.0.0.1:5080", missing);
    }

    private static bool TryParseDuration(string value, out TimeSpan duration)
    {
        (string unit, double seconds)[] units = [("ms", 0.001), ("s", 1), ("m", 60), ("h", 3600), ("", 1)];
        foreach ((string unit, double seconds) in units)
        {
            if (!value.EndsWith(unit, StringComparison.Ordinal)) continue;
            if (!double.TryParse(value.AsSpan(0, value.Length - unit.Length), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double number)) continue;
            duration = number * seconds < TimeSpan.MaxValue.TotalSeconds / 2 ? TimeSpan.FromSeconds(number * seconds) : TimeSpan.MaxValue;
            return true;
        }

        return TimeSpan.TryParseExact(value, @"hh\:mm\:ss", CultureInfo.InvariantCulture, out duration);
    }

    private static string Told(TimeSpan time) => string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds}s");

    private string? Value(string key)
    {
        known.Add(key);
        return section[key];
    }

    private T Wrong<T>(string key, string value, string limit, T missing)
    {
        problems.Add($"{OptionsSource.Root}:{key} = '{value}': must be {limit}");
        return missing;
    }

    private void ReportUnknown(IConfigurationSection at, string key)
    {
        IConfigurationSection[] children = [.. at.GetChildren()];
        if (children.Length == 0)
        {
            if (!known.Contains(key)) problems.Add($"{OptionsSource.Root}:{key} = '{at.Value}': unknown key");
            return;
        }

        foreach (IConfigurationSection child in children) ReportUnknown(child, $"{key}:{child.Key}");
    }
}
