using System.Globalization;

namespace Grpc.Wire;

/// <summary>The value of <c>grpc-timeout</c>: at most eight digits and a unit (H, M, S, m, u, n).</summary>
internal static class GrpcTimeout
{
    private const long MaxDigits = 99_999_999;

    private static readonly (char Name, double Ticks)[] Units =
    [
        ('n', 0.01),
        ('u', TimeSpan.TicksPerMicrosecond),
        ('m', TimeSpan.TicksPerMillisecond),
        ('S', TimeSpan.TicksPerSecond),
        ('M', TimeSpan.TicksPerMinute),
        ('H', TimeSpan.TicksPerHour),
    ];

    /// <summary>The finest unit, not below a millisecond, that holds the time, rounded up: the server must not end before the client.</summary>
    internal static string Format(TimeSpan timeout)
    {
        foreach (var (name, ticks) in Units.AsSpan(2))
        {
            var count = Math.Ceiling(timeout.Ticks / ticks);
            if (count <= MaxDigits) return string.Create(CultureInfo.InvariantCulture, $"{Math.Max(1, (long)count)}{name}");
        }

        return "99999999H";
    }

    internal static bool TryParse(string? value, out TimeSpan timeout)
    {
        timeout = default;
        if (value is not { Length: >= 2 and <= 9 }) return false;
        if (!long.TryParse(value.AsSpan(0, value.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var count)) return false;
        foreach (var (name, ticks) in Units)
        {
            if (name != value[^1]) continue;
            timeout = TimeSpan.FromTicks((long)Math.Min(Math.Ceiling(count * ticks), TimeSpan.MaxValue.Ticks / 2));
            return true;
        }

        return false;
    }
}
