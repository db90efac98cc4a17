using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using RetentionScore.Fuzz.Inputs;

namespace RetentionScore.Fuzz;

/// <summary>A real server process, its log and its metrics.</summary>
internal sealed class ServerProcess : IAsyncDisposable
{
    private readonly Process process;
    private readonly HttpClient ops = new();

    private ServerProcess(Process process, string journal) => (this.process, Journal) = (process, journal);

    internal Uri Grpc { get; private set; } = null!;

    /// <summary>The directory of its journal.</summary>
    internal string Journal { get; }

    internal ConcurrentQueue<string> Log { get; } = [];

    internal bool IsAlive => !process.HasExited;

    internal static async Task<ServerProcess> StartAsync(string root)
    {
        string journal = Directory.CreateTempSubdirectory("fuzz-journal-").FullName;
        var info = new ProcessStartInfo("dotnet", [
            Path.Combine(root, "src/RetentionScore.Server/bin/Release/net10.0/RetentionScore.Server.dll"),
            "--Listen:Grpc=127.0.0.1:0", "--Listen:Ops=127.0.0.1:0", "--Drain:LameDuck=0", "--Drain:Time=1s",
            "--Journal:Store=sqlite", $"--Journal:Path={journal}/journal.db",
            // Calls that nobody ends must be gone soon.
            "--Calls:ResumeWindow=1s", "--Limits:MaxLiveCalls=200000", "--Limits:StartsPerSecond=0",
            string.Create(CultureInfo.InvariantCulture, $"--Limits:MaxMessageBytes={CallInputs.MaxMessageBytes}"),
            string.Create(CultureInfo.InvariantCulture, $"--Limits:MaxTranscriptMessages={OtherInputs.MaxTranscriptMessages}"),
            // What is shed depends on the machine; it has tests of its own.
            "--Limits:QueueTarget=60s", "--Limits:MaxTranscripts=64"])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        info.Environment["DOTNET_gcServer"] = "0";
        info.Environment["DOTNET_GCHeapHardLimit"] = "0x20000000"; // 512 MiB: who leaks, dies
        var server = new ServerProcess(Process.Start(info)!, journal);
        var addresses = new List<Uri>();
        var ready = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        server.process.OutputDataReceived += (_, line) =>
        {
            if (line.Data is not { } text) return;
            server.Log.Enqueue(text);
            int at = text.IndexOf("Now listening on: ", StringComparison.Ordinal);
            if (at >= 0) addresses.Add(new Uri(text[(at + 18)..]));
            if (text.Contains("Application started", StringComparison.Ordinal)) ready.TrySetResult();
        };
        server.process.ErrorDataReceived += (_, line) =>
        {
            if (line.Data is { } text) server.Log.Enqueue($"fail: {text}");
        };
        server.process.BeginOutputReadLine();
        server.process.BeginErrorReadLine();
        await ready.Task.WaitAsync(TimeSpan.FromSeconds(30));
        server.Grpc = addresses[0];
        server.ops.BaseAddress = addresses[1];
        return server;
    }

    internal Task<string> MetricsAsync() => ops.GetStringAsync(new Uri("/metrics", UriKind.Relative)).WaitAsync(TimeSpan.FromSeconds(20));

    internal async Task<double> MetricAsync(string name)
    {
        string line = (await MetricsAsync()).Split('\n').Single(line => line.StartsWith($"retentionscore_{name} ", StringComparison.Ordinal));
        return double.Parse(line[(line.IndexOf(' ', StringComparison.Ordinal) + 1)..], CultureInfo.InvariantCulture);
    }

    /// <summary>Asks it to stop; its exit code, or null where it did not.</summary>
    internal async Task<int?> StopAsync()
    {
        if (IsAlive)
        {
            using Process kill = Process.Start("kill", ["-TERM", process.Id.ToString(CultureInfo.InvariantCulture)]);
            await kill.WaitForExitAsync();
        }

        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            return null;
        }

        return process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (IsAlive) process.Kill(entireProcessTree: true);
        await process.WaitForExitAsync();
        process.Dispose();
        ops.Dispose();
        Directory.Delete(Journal, recursive: true);
    }
}
