using System.Text;

namespace RetentionScore.Server.Auditing;

/// <summary>What happened, before it is a line: see <see cref="AuditEntry"/>.</summary>
internal sealed record Happening(DateTimeOffset At, string What, string Who, string Tenant, string Call);

/// <summary>Where a log goes on.</summary>
/// <param name="Number">Of its last line; 0 where it has none.</param>
/// <param name="Hash">Of its last line.</param>
/// <param name="Length">Of the file, in bytes: as long as it is that, nobody else has written.</param>
internal sealed record AuditTail(long Number, string Hash, long Length);

/// <summary>
/// The file of an audit log, open to one writer at a time, of whatever process: a server and a command may write to the same log. What a crash left
/// of a last line is taken off. Owns the file's handle; for one thread.
/// </summary>
internal sealed class AuditWriter : IDisposable
{
    private const int LongestLine = 64 * 1024;
    private const int Tries = 40;
    private const byte LineEnd = (byte)'\n';
    private static readonly TimeSpan BetweenTries = TimeSpan.FromMilliseconds(25);

    private readonly FileStream file;

    private AuditWriter(FileStream file, AuditTail tail) => (this.file, Tail) = (file, tail);

    /// <summary>Where it goes on after what was written.</summary>
    internal AuditTail Tail { get; private set; }

    /// <summary>Opens the log, or makes it; waits about a second for another writer.</summary>
    /// <param name="path">The file.</param>
    /// <param name="known">Where it went on when this process last wrote; null to read it.</param>
    /// <exception cref="IOException">It cannot be opened, or somebody else has it.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be written.</exception>
    internal static AuditWriter Open(string path, AuditTail? known)
    {
        FileStream opened = WhenFree(path, () => new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        try
        {
            AuditTail tail = known is not null && known.Length == opened.Length ? known : Read(opened);
            opened.SetLength(tail.Length);
            opened.Seek(0, SeekOrigin.End);
            return new AuditWriter(opened, tail);
        }
        catch
        {
            opened.Dispose();
            throw;
        }
    }

    /// <summary>Writes a line, through to the system.</summary>
    internal void Write(Happening what, string node)
    {
        string line = new AuditEntry(Tail.Number + 1, what.At, what.What, what.Who, what.Tenant, what.Call, node, Tail.Hash).Line();
        file.Write(Encoding.UTF8.GetBytes(line + "\n"));
        file.Flush();
        Tail = new AuditTail(Tail.Number + 1, AuditEntry.HashOf(line), file.Position);
    }

    public void Dispose() => file.Dispose();

    /// <summary>Opens a log that somebody may be writing to at this moment; waits about a second for him.</summary>
    internal static FileStream WhenFree(string path, Func<FileStream> open)
    {
        for (int tried = 1; ; tried++)
        {
            try
            {
                return open();
            }
            catch (IOException) when (tried < Tries && File.Exists(path))
            {
                Thread.Sleep(BetweenTries);
            }
        }
    }

    /// <summary>The last whole line, from the end of the file.</summary>
    private static AuditTail Read(FileStream opened)
    {
        var end = new byte[Math.Min(opened.Length, 2 * LongestLine)];
        opened.Seek(-end.Length, SeekOrigin.End);
        opened.ReadExactly(end);
        int whole = Array.LastIndexOf(end, LineEnd) + 1;
        if (whole == 0) return new AuditTail(0, AuditEntry.Nothing, 0);
        int from = whole == 1 ? 0 : Array.LastIndexOf(end, LineEnd, whole - 2) + 1;
        string last = Encoding.UTF8.GetString(end, from, whole - 1 - from);
        long length = opened.Length - end.Length + whole;
        // A last line that is none was made by nobody of ours: what follows begins anew, and the chain shows the break.
        return AuditEntry.Read(last) is { } entry ? new AuditTail(entry.Number, AuditEntry.HashOf(last), length) : new AuditTail(0, AuditEntry.Nothing, length);
    }
}
