using System.Text;

namespace RetentionScore.Cli.Calls;

/// <summary>
/// Reads a file of calls, one a line:
/// <code>
/// {"id": "c1", "context": {"tenure_months": 12}, "language": "en", "policy": "default", "disposition": "CANCELLED", "labels": {…}, "turns": [
///   {"seq": 1, "speaker": "CUSTOMER", "text": "cancel it please", "start_ms": 0, "end_ms": 1900, "asr_confidence": 0.9},
///   {"seq": 2, "event": "HOLD_STARTED", "at_ms": 2500, "detail": "", "context": {…}},
///   {"seq": 3, "speaker": "CUSTOMER", "text": "cancel the tv please", "corrects_seq": 1}]}
/// </code>
/// Only <c>id</c>, <c>turns</c> and of each turn <c>speaker</c> and <c>text</c>, or <c>event</c>, are needed. Where <c>seq</c> is told it must rise;
/// messages are numbered by their place. What is not known here is passed over. Empty lines do not count as calls.
/// </summary>
internal static class CallFile
{
    /// <summary>The path of the standard input.</summary>
    public const string StandardInput = "-";

    /// <summary>The lines of a file, read as they are asked for; none is held.</summary>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be read.</exception>
    public static IEnumerable<CallLine> Read(string path)
    {
        using Stream stream = path == StandardInput ? Console.OpenStandardInput() : File.OpenRead(path);
        foreach (CallLine line in Read(stream)) yield return line;
    }

    /// <summary>The lines of a stream, in UTF-8.</summary>
    public static IEnumerable<CallLine> Read(Stream stream)
    {
        using var reader = new StreamReader(stream, Encoding.UTF8, leaveOpen: true);
        bool any = false;
        for (int number = 1; reader.ReadLine() is { } text; number++)
        {
            if (string.IsNullOrWhiteSpace(text)) continue;
            bool isFirst = !any;
            any = true;
            if (isFirst && text.AsSpan().TrimStart()[0] == '[')
            {
                // Every line of it would be wrong in its own way.
                yield return new CallLine(number, null, "a JSON list, must be one call a line (jq -c '.[]' makes such a file of it)", null);
                yield break;
            }

            var (call, problem) = CallLineReader.Read(text);
            yield return new CallLine(number, call, problem, Share(stream));
        }
    }

    /// <summary>A pipe does not know how long it is.</summary>
    private static double? Share(Stream stream) => stream.CanSeek && stream.Length > 0 ? (double)stream.Position / stream.Length : null;
}
