using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using RetentionScore.Server;
using RetentionScore.Server.Tests.Journal;

namespace RetentionScore.Nodes;

/// <summary>HAProxy as deploy/haproxy has it, three servers and their PostgreSQL, all processes of their own on loopback. Owns them.</summary>
internal sealed class Cluster : IDisposable
{
    private readonly PostgresServer postgres = new();
    private readonly List<Process> processes = [];
    private readonly List<Process> nodes = [];
    private readonly string log;

    private Cluster(string log) => this.log = log;

    internal string Address { get; private set; } = "";

    /// <summary>Starts everything; returns when HAProxy finds all nodes ready.</summary>
    internal static async Task<Cluster> StartAsync(string root, string log)
    {
        var cluster = new Cluster(log);
        int[] ports = FreePorts(8);
        string database = cluster.postgres.NewDatabase();
        string server = typeof(ServerHost).Assembly.Location;
        for (int i = 0; i < 3; i++)
        {
            cluster.nodes.Add(cluster.Start($"node{i + 1}", "dotnet", [],
                server, $"--Node=node{i + 1}", $"--Listen:Grpc=127.0.0.1:{ports[i]}", $"--Listen:Ops=127.0.0.1:{ports[3 + i]}", "--Journal:Store=postgres",
                $"--Journal:ConnectionString={database}", "--Calls:TickInterval=0", "--Drain:LameDuck=1s", "--Drain:Time=3s"));
        }

        foreach (int ops in ports[3..6]) await ReadyAsync(ops);
        cluster.Address = $"http://127.0.0.1:{ports[6]}";
        var environment = new Dictionary<string, string>(StringComparer.Ordinal) { ["LISTEN"] = $"127.0.0.1:{ports[6]}" };
        for (int i = 0; i < 3; i++)
        {
            environment[$"NODE{i + 1}"] = $"127.0.0.1:{ports[i]}";
            environment[$"OPS{i + 1}"] = ports[3 + i].ToString(CultureInfo.InvariantCulture);
        }

        cluster.Start("haproxy", "haproxy", environment, "-db", "-f", Path.Combine(root, "deploy", "haproxy", "haproxy.cfg"));
        await ListeningAsync(ports[6]);
        return cluster;
    }

    /// <summary>SIGKILL: gone between two instructions.</summary>
    internal void Kill(int node) => nodes[node].Kill();

    /// <summary>SIGTERM: it drains and goes.</summary>
    internal void Drain(int node)
    {
        using Process kill = Process.Start("kill", ["-TERM", nodes[node].Id.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
    }

    /// <summary>The exit code of a node that drained.</summary>
    internal async Task<int> ExitOfAsync(int node)
    {
        await nodes[node].WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(20));
        return nodes[node].ExitCode;
    }

    public void Dispose()
    {
        foreach (Process process in processes)
        {
            if (!process.HasExited) process.Kill();
            process.WaitForExit();
            process.Dispose();
        }

        postgres.Dispose();
    }

    private Process Start(string name, string program, Dictionary<string, string> environment, params string[] arguments)
    {
        var info = new ProcessStartInfo(program, arguments) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach ((string key, string value) in environment) info.Environment[key] = value;
        Process process = Process.Start(info) ?? throw new InvalidOperationException($"{program} did not start");
        processes.Add(process);
        var output = new StreamWriter(Path.Combine(log, $"{name}.log")) { AutoFlush = true };
        void Write(object _, DataReceivedEventArgs line)
        {
            lock (output) output.WriteLine(line.Data);
        }

        process.OutputDataReceived += Write;
        process.ErrorDataReceived += Write;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return process;
    }

    private static async Task ReadyAsync(int ops)
    {
        using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{ops}") };
        await UntilAsync(async () => (await http.GetAsync(new Uri("/readyz", UriKind.Relative))).IsSuccessStatusCode);
    }

    private static Task ListeningAsync(int port) => UntilAsync(async () =>
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync(IPAddress.Loopback, port);
        return true;
    });

    private static async Task UntilAsync(Func<Task<bool>> holds)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (true)
        {
            try
            {
                if (await holds()) return;
            }
            catch (Exception exception) when (exception is HttpRequestException or SocketException)
            {
                // Not yet.
            }

            await Task.Delay(50, limit.Token);
        }
    }

    private static int[] FreePorts(int count)
    {
        Socket[] sockets = [.. Enumerable.Range(0, count).Select(_ => new Socket(SocketType.Stream, ProtocolType.Tcp))];
        foreach (Socket socket in sockets) socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        int[] ports = [.. sockets.Select(socket => ((IPEndPoint)socket.LocalEndPoint!).Port)];
        foreach (Socket socket in sockets) socket.Dispose();
        return ports;
    }
}
