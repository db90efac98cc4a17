using System.Diagnostics;

namespace RetentionScore.LoadTests.Servers;

/// <summary>A server started for the test, in a process of its own, on free ports; it goes with us.</summary>
internal sealed class ServerProcess : IDisposable
{
    private const string Listening = "Now listening on: ";
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60);

    private readonly Process process;
    private readonly List<string> said = [];
    private readonly List<Uri> addresses = [];
    private readonly TaskCompletionSource bothPorts = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private ServerProcess(ProcessStartInfo start)
    {
        process = new Process { StartInfo = start };
        process.OutputDataReceived += (_, line) => Said(line.Data);
        process.ErrorDataReceived += (_, line) => Said(line.Data);
        AppDomain.CurrentDomain.ProcessExit += Exit;
    }

    internal int Id => process.Id;

    internal Uri Grpc => addresses[0];

    internal Uri Ops => addresses[1];

    /// <summary>From the start of the process to the first 200 of /readyz.</summary>
    internal TimeSpan UntilReady { get; private set; }

    /// <summary>Starts a program that says where it listens: first gRPC, then /metrics and /readyz.</summary>
    /// <param name="program">A .dll to be run by dotnet, or an executable.</param>
    /// <param name="arguments">What it is told.</param>
    /// <param name="environment">NAME=value.</param>
    /// <exception cref="InvalidOperationException">It did not become ready; with what it said.</exception>
    internal static async Task<ServerProcess> StartAsync(string program, IEnumerable<string> arguments, IEnumerable<string> environment)
    {
        bool isDll = program.EndsWith(".dll", StringComparison.OrdinalIgnoreCase);
        var start = new ProcessStartInfo(isDll ? "dotnet" : program) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        if (isDll) start.ArgumentList.Add(program);
        foreach (string argument in arguments) start.ArgumentList.Add(argument);
        foreach (string setting in environment)
        {
            string[] pair = setting.Split('=', 2);
            start.Environment[pair[0]] = pair.ElementAtOrDefault(1) ?? "";
        }

        var server = new ServerProcess(start);
        try
        {
            long from = Stopwatch.GetTimestamp();
            server.process.Start();
            server.process.BeginOutputReadLine();
            server.process.BeginErrorReadLine();
            await server.ReadyAsync().ConfigureAwait(false);
            server.UntilReady = Stopwatch.GetElapsedTime(from);
            return server;
        }
        catch
        {
            server.Dispose();
            throw;
        }
    }

    /// <summary>The server that was built beside this program, in the same configuration.</summary>
    internal static string? FindBuilt()
    {
        string own = AppContext.BaseDirectory, bin = $"{Path.DirectorySeparatorChar}bin{Path.DirectorySeparatorChar}";
        int at = own.LastIndexOf(bin, StringComparison.Ordinal);
        if (at < 0) return null;
        string dll = Path.GetFullPath(Path.Combine(own[..at], "../../src/RetentionScore.Server", own[(at + 1)..], "RetentionScore.Server.dll"));
        return File.Exists(dll) ? dll : null;
    }

    public void Dispose()
    {
        AppDomain.CurrentDomain.ProcessExit -= Exit;
        Kill();
        process.Dispose();
    }

    private async Task ReadyAsync()
    {
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(5) };
        try
        {
            await bothPorts.Task.WaitAsync(StartLimit).ConfigureAwait(false);
            long from = Stopwatch.GetTimestamp();
            while (!await IsReadyAsync(http).ConfigureAwait(false))
            {
                if (Stopwatch.GetElapsedTime(from) > StartLimit) throw new TimeoutException();
                await Task.Delay(2).ConfigureAwait(false);
            }
        }
        catch (TimeoutException late)
        {
            throw new InvalidOperationException($"The server was not ready within {StartLimit.TotalSeconds} s. It said: {WhatItSaid()}", late);
        }
    }

    private async Task<bool> IsReadyAsync(HttpClient http)
    {
        try
        {
            using HttpResponseMessage answer = await http.GetAsync(new Uri(Ops, "/readyz")).ConfigureAwait(false);
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private void Said(string? line)
    {
        if (line is null)
        {
            if (process.HasExited) bothPorts.TrySetException(new InvalidOperationException($"The server ended. It said: {WhatItSaid()}"));
            return;
        }

        int at = line.IndexOf(Listening, StringComparison.Ordinal);
        lock (said)
        {
            if (said.Count < 50) said.Add(line);
            if (at < 0 || addresses.Count == 2) return;
            addresses.Add(new Uri(line[(at + Listening.Length)..]));
            if (addresses.Count == 2) bothPorts.TrySetResult();
        }
    }

    private string WhatItSaid()
    {
        lock (said) return string.Join('\n', said);
    }

    private void Exit(object? sender, EventArgs args) => Kill();

    private void Kill()
    {
        try
        {
            process.Kill(entireProcessTree: true);
            process.WaitForExit(5000);
        }
        catch (InvalidOperationException)
        {
            // It never started, or has gone.
        }
    }
}
