using System.Diagnostics;
using System.Globalization;

namespace RetentionScore.Cli.Scoring;

/// <summary>How far a long file has come: one line that is written over, for a person at a terminal, and gone at the end.</summary>
internal sealed class ProgressLine(Screen screen) : IDisposable
{
    private static readonly TimeSpan FirstAfter = TimeSpan.FromSeconds(1), Every = TimeSpan.FromMilliseconds(200);
    private readonly Stopwatch sinceStart = Stopwatch.StartNew();
    private TimeSpan next = FirstAfter;
    private int width;

    /// <summary>Shows the line when it is time.</summary>
    /// <param name="share">Of the file, 0 to 1; null where that is not known.</param>
    /// <param name="calls">So far.</param>
    public void Show(double? share, int calls)
    {
        // Rows on the same terminal are progress enough.
        if (!screen.ErrorIsTerminal || screen.CanRedraw || sinceStart.Elapsed < next) return;
        next = sinceStart.Elapsed + Every;
        string line = string.Create(CultureInfo.InvariantCulture, $"{calls} calls") + (share is { } part ? string.Create(CultureInfo.InvariantCulture, $", {part * 100:0} %") : "");
        screen.Error.Write('\r' + line.PadRight(width));
        width = line.Length;
    }

    /// <summary>Clears the line.</summary>
    public void Dispose()
    {
        if (width > 0) screen.Error.Write('\r' + new string(' ', width) + '\r');
        width = 0;
    }
}
