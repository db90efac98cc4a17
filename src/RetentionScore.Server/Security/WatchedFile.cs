namespace RetentionScore.Server.Security;

/// <summary>
/// What some files say, read again when one of them changes: looked at, at most once a second, when it is asked for. A state that cannot be read (half
/// written, a key that does not fit its certificate) leaves the former one in force. Safe for any thread.
/// </summary>
/// <typeparam name="T">What they say; immutable.</typeparam>
internal sealed class WatchedFile<T>
    where T : class
{
    private static readonly TimeSpan Often = TimeSpan.FromSeconds(1);
    private readonly string[] paths;
    private readonly Func<T> read;
    private readonly Action<string> failed;
    private readonly TimeProvider time;
    private readonly Lock reading = new();
    private volatile T? current;
    private string stamp = "";
    private long lookedAt;

    /// <summary>Reads the files for the first time.</summary>
    /// <param name="paths">All that is looked at.</param>
    /// <param name="read">Reads them; throws where they cannot be used.</param>
    /// <param name="failed">Told once for each state that cannot be read; never what a file holds.</param>
    /// <param name="time">Clock.</param>
    internal WatchedFile(string[] paths, Func<T> read, Action<string> failed, TimeProvider time)
    {
        (this.paths, this.read, this.failed, this.time) = (paths, read, failed, time);
        lookedAt = time.GetTimestamp();
        TryRead();
    }

    /// <summary>The latest state that could be read; null where there never was one.</summary>
    internal T? Current
    {
        get
        {
            if (time.GetElapsedTime(Volatile.Read(ref lookedAt)) >= Often && reading.TryEnter())
            {
                try
                {
                    Volatile.Write(ref lookedAt, time.GetTimestamp());
                    TryRead();
                }
                finally
                {
                    reading.Exit();
                }
            }

            return current;
        }
    }

    private void TryRead()
    {
        string now = Stamp();
        if (string.Equals(now, stamp, StringComparison.Ordinal)) return;
        stamp = now;
        try
        {
            current = read();
        }
        catch (Exception unusable)
        {
            failed($"{string.Join(", ", paths)}: {unusable.Message}");
        }
    }

    private string Stamp() => string.Join('|', paths.Select(StampOf));

    private static string StampOf(string path)
    {
        // Kubernetes exchanges the folder behind a link: the times of the link itself never change.
        FileSystemInfo? target = File.Exists(path) ? File.ResolveLinkTarget(path, returnFinalTarget: true) : null;
        var file = new FileInfo(target?.FullName ?? path);
        return file.Exists ? string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{file.LastWriteTimeUtc.Ticks}:{file.Length}") : "none";
    }
}
