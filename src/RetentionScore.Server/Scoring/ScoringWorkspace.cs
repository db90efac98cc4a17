using System.Text;
using RetentionScore.Core.Calls;

namespace RetentionScore.Server.Scoring;

/// <summary>
/// What scoring a message needs and nothing keeps: one for each thread, used between two awaits, so that ten thousand streams share a few. The
/// text of the message before is overwritten by the next.
/// </summary>
internal sealed class ScoringWorkspace
{
    [ThreadStatic]
    private static ScoringWorkspace? current;

    private byte[] utf8 = new byte[4096];

    /// <summary>This thread's; not to be held over an await.</summary>
    internal static ScoringWorkspace Current => current ??= new ScoringWorkspace();

    internal ScoringScratch Scratch { get; } = new();

    /// <summary>A text as Core reads it.</summary>
    internal ReadOnlySpan<byte> Utf8(ReadOnlySpan<char> text)
    {
        int most = Encoding.UTF8.GetMaxByteCount(text.Length);
        if (utf8.Length < most) utf8 = new byte[most];
        return utf8.AsSpan(0, Encoding.UTF8.GetBytes(text, utf8));
    }
}
