using System.Diagnostics;
using System.Globalization;

namespace RetentionScore.Chaos;

/// <summary>The real server as a process of its own, with its journal in a file. It can be killed, frozen, and refused more disk.</summary>
internal sealed class ServerProcess(string program, string journal, int grpc, int ops) : IDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60);

    private readonly HttpClient http = new() { BaseAddress = new Uri($"http://127.0.0.1:{ops}"), Timeout = TimeSpan.FromSeconds(1) };
    private readonly StreamWriter log = new(journal + ".log", append: true);
    private Process? process;

    internal Uri Address { get; } = new($"http://127.0.0.1:{grpc}");

    /// <summary>Whether it runs; a server that ended by itself is a problem of its own.</summary>
    internal bool IsRunning => process is { HasExited: false };

    internal async Task StartAsync()
    {
        // The longer a commit waits for more, the more a kill takes with it: 5 ms would hardly ever show a promise that is not kept.
        string[] flags =
        [
            $"--Listen:Grpc=127.0.0.1:{grpc}", $"--Listen:Ops=127.0.0.1:{ops}", "--Journal:Store=sqlite", $"--Journal:Path={journal}", "--Journal:MaxRetryDelay=200ms", "--Journal:BatchDelay=150ms",
            "--Calls:TickInterval=0", "--Calls:RetryAfter=100ms", "--Drain:LameDuck=0", "--Drain:Time=1s",
        ];
        // A file that may not grow is an error of the write, as a full disk is, not a signal that ends the process.
        var start = new ProcessStartInfo("bash", ["-c", "trap '' XFSZ; exec dotnet \"$@\"", "server", program, .. flags]) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        process = Process.Start(start)!;
        process.OutputDataReceived += Log;
        process.ErrorDataReceived += Log;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        var clock = Stopwatch.StartNew();
        while (!await IsReadyAsync())
        {
            if (process.HasExited) throw new InvalidOperationException($"the server ended with {process.ExitCode}: see {journal}.log");
            if (clock.Elapsed > StartLimit) throw new TimeoutException("the server did not get ready");
            await Task.Delay(50);
        }
    }

    /// <summary>SIGKILL.</summary>
    internal async Task KillAsync()
    {
        process!.Kill();
        await process.WaitForExitAsync();
        process.Dispose();
    }

    /// <summary>SIGSTOP and, after a time, SIGCONT.</summary>
    internal async Task FreezeAsync(TimeSpan time)
    {
        await SignalAsync("STOP");
        await Task.Delay(time);
        await SignalAsync("CONT");
    }

    /// <summary>SIGTERM: the server drains. Waits for its end.</summary>
    internal async Task DrainAsync()
    {
        await SignalAsync("TERM");
        await process!.WaitForExitAsync().WaitAsync(StartLimit);
        process.Dispose();
    }

    /// <summary>No file of the server may be written beyond its first page, as if the disk were full, or again as much as there is room.</summary>
    internal Task SetDiskFullAsync(bool isFull) =>
        ShellAsync($"prlimit --pid {Pid} --fsize={(isFull ? "4096" : "unlimited")}:unlimited");

    public void Dispose()
    {
        if (IsRunning) process!.Kill();
        http.Dispose();
        lock (log) log.Dispose();
    }

    private string Pid => process!.Id.ToString(CultureInfo.InvariantCulture);

    private Task SignalAsync(string signal) => ShellAsync($"kill -{signal} {Pid}");

    private static async Task ShellAsync(string command)
    {
        using Process shell = Process.Start(new ProcessStartInfo("bash", ["-c", command]))!;
        await shell.WaitForExitAsync();
        if (shell.ExitCode != 0) throw new InvalidOperationException($"'{command}' ended with {shell.ExitCode}");
    }

    private async Task<bool> IsReadyAsync()
    {
        try
        {
            using HttpResponseMessage ready = await http.GetAsync(new Uri("/readyz", UriKind.Relative));
            return ready.IsSuccessStatusCode;
        }
        catch (Exception notYet) when (notYet is HttpRequestException or TaskCanceledException)
        {
            return false;
        }
    }

    private void Log(object sender, DataReceivedEventArgs line)
    {
        lock (log)
        {
            if (line.Data is not null && log.BaseStream.CanWrite) log.WriteLine(line.Data);
        }
    }
}
