using System.Diagnostics;
using System.Globalization;
using RetentionScore.LoadTests.Loop;

namespace RetentionScore.LoadTests.Reports;

/// <summary>Tells on the error stream what goes on while it goes on: once a second on a terminal, less often elsewhere. Safe for any thread.</summary>
internal sealed class Progress : IDisposable
{
    private static readonly TimeSpan Often = TimeSpan.FromSeconds(1), Seldom = TimeSpan.FromSeconds(10);

    private readonly Timer timer;
    private readonly long from = Stopwatch.GetTimestamp();
    private readonly TimeSpan every = Console.IsErrorRedirected ? Seldom : Often;
    private volatile Record? record;
    private volatile string phase = "";
    private long answeredBefore;

    internal Progress() => timer = new Timer(_ => Tell(), null, every, every);

    /// <summary>Says what begins now.</summary>
    internal void Begin(string name, Record? of = null)
    {
        phase = name;
        record = of;
        Volatile.Write(ref answeredBefore, of?.AnsweredInAll ?? 0);
        Write($"{name} …", isLast: true);
    }

    public void Dispose()
    {
        timer.Dispose();
        if (!Console.IsErrorRedirected) Console.Error.Write("\r\e[K");
    }

    private void Tell()
    {
        if (record is not { } of) return;
        long answered = of.AnsweredInAll, before = Interlocked.Exchange(ref answeredBefore, answered);
        Write(string.Create(CultureInfo.InvariantCulture, $"{phase}: {(answered - before) / every.TotalSeconds:0} utterances/s, {of.FailedInAll} errors"), isLast: false);
    }

    private void Write(string text, bool isLast)
    {
        string line = string.Create(CultureInfo.InvariantCulture, $"[{Stopwatch.GetElapsedTime(from).TotalSeconds,5:0} s] {text}");
        if (Console.IsErrorRedirected) Console.Error.WriteLine(line);
        else Console.Error.Write(isLast ? $"\r\e[K{line}\n" : $"\r\e[K{line}");
    }
}
