using System.Globalization;
using RetentionScore.Cli.Calls;

namespace RetentionScore.Cli.Replay;

/// <summary>
/// Ids of calls on the wire: the file's id, this run and the line, because a server knows a call for a while after its end, and a second run of the
/// same file is not the same call. Immutable.
/// </summary>
internal sealed class WireId(string run)
{
    private const int MaxChars = 128;

    /// <summary>Ids of a run that began now.</summary>
    public static WireId OfThisRun(TimeProvider time) =>
        new(time.GetUtcNow().ToUnixTimeMilliseconds().ToString("x", CultureInfo.InvariantCulture));

    /// <summary>The id of a call on the wire.</summary>
    public string Of(RecordedCall call, int line)
    {
        string suffix = string.Create(CultureInfo.InvariantCulture, $".{run}.{line}");
        int room = MaxChars - suffix.Length;
        return (call.Id.Length > room ? call.Id[..room] : call.Id) + suffix;
    }
}
