using Grpc.Core;

namespace RetentionScore.Interop.Client;

/// <summary>A case found something else than it wanted.</summary>
internal sealed class CheckFailedException(string message) : Exception(message);

internal static class Check
{
    public static readonly byte[] EveryByte = [.. Enumerable.Range(0, 256).Select(i => (byte)i)];

    public static void That(bool holds, string what)
    {
        if (!holds) throw new CheckFailedException(what);
    }

    public static void Equal<T>(T wanted, T actual, string what = "value") =>
        That(EqualityComparer<T>.Default.Equals(wanted, actual), $"{what}: got {actual}, wanted {wanted}");

    public static void Equal<T>(IEnumerable<T> wanted, IEnumerable<T> actual, string what = "values") =>
        That(wanted.SequenceEqual(actual), $"{what}: got {string.Join(' ', actual.Take(30))}, wanted {string.Join(' ', wanted.Take(30))}");

    public static void InRange(double value, double low, double high, string what) =>
        That(low <= value && value <= high, $"{what}: {value} is not in {low}..{high}");

    /// <summary>Awaits a call that must end with this status; returns the error.</summary>
    public static async Task<RpcException> FailsAsync(StatusCode code, Func<Task> call)
    {
        try
        {
            await call();
        }
        catch (RpcException error)
        {
            Equal(code, error.StatusCode, $"status ({error.Status.Detail})");
            return error;
        }

        throw new CheckFailedException($"no error, wanted {code}");
    }

    /// <summary>
    /// Of the keys that are wanted every value, in its order. The protocol lets anyone on the way join several texts of a key with commas; bytes
    /// stay apart.
    /// </summary>
    public static void EqualMetadata(Metadata wanted, Metadata actual, string what)
    {
        foreach (var key in wanted.Select(entry => entry.Key).Distinct(StringComparer.Ordinal))
        {
            Equal(Values(wanted, key), Values(actual, key), $"{what} {key}");
        }
    }

    private static string Values(Metadata metadata, string key)
    {
        var values = metadata.GetAll(key).Select(entry => entry.IsBinary ? Convert.ToHexString(entry.ValueBytes) : entry.Value);
        return key.EndsWith("-bin", StringComparison.Ordinal)
            ? string.Join(" and ", values)
            : string.Join(',', values).Replace(", ", ",", StringComparison.Ordinal);
    }
}
