using System.Globalization;

namespace RetentionScore.Server.Auditing;

/// <summary>Checks the chain of an audit log. A log cut off at its end cannot be told by the log alone: keep the last hash elsewhere.</summary>
public static class AuditFile
{
    /// <summary>What a log was found to be.</summary>
    /// <param name="Entries">Lines that hold together, from the first.</param>
    /// <param name="LastHash">SHA-256 of the last of them, to be kept elsewhere.</param>
    /// <param name="Problem">Which line breaks the chain, and how; null where none does.</param>
    public readonly record struct Verdict(long Entries, string LastHash, string? Problem);

    /// <summary>Follows the chain.</summary>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static Verdict Verify(string path)
    {
        string before = AuditEntry.Nothing;
        long number = 0;
        using FileStream file = AuditWriter.WhenFree(path, () => new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        using var reader = new StreamReader(file);
        while (reader.ReadLine() is { } line)
        {
            string where = string.Create(CultureInfo.InvariantCulture, $"line {number + 1}");
            if (AuditEntry.Read(line) is not { } entry) return new Verdict(number, before, $"{where} is no entry");
            if (entry.Number != number + 1)
                return new Verdict(number, before, string.Create(CultureInfo.InvariantCulture, $"{where} has the number {entry.Number}"));
            if (!string.Equals(entry.Before, before, StringComparison.Ordinal)) return new Verdict(number, before, $"{where} does not follow the line before it");
            before = AuditEntry.HashOf(line);
            number++;
        }

        return new Verdict(number, before, null);
    }
}
