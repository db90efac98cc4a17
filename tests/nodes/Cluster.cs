using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using RetentionScore.Server;
using RetentionScore.Server.Tests.Journal;

namespace RetentionScore.Nodes;

/// <summary>HAProxy as deploy/haproxy has it, three servers and their PostgreSQL, all processes of their own on loopback, with TLS if told to. Owns them.</summary>
internal sealed class Cluster : IDisposable
{
    internal const int Nodes = 3;

    private readonly PostgresServer postgres = new();
    private readonly List<Process> processes = [];
    private readonly Process[] nodes = new Process[Nodes];
    private readonly int[] ports = FreePorts(2 * Nodes + 1);
    private readonly string log;
    private readonly Certificates? tls;
    private readonly string database;

    private Cluster(string log, Certificates? tls)
    {
        this.log = log;
        this.tls = tls;
        database = postgres.NewDatabase();
    }

    internal string Address => $"{Scheme}://localhost:{ports[2 * Nodes]}";

    private string Scheme => tls is null ? "http" : "https";

    private string AdminSocket => Path.Combine(log, "haproxy.sock");

    /// <summary>Starts everything; returns when HAProxy finds all nodes ready.</summary>
    internal static async Task<Cluster> StartAsync(string root, string log, Certificates? tls = null)
    {
        var cluster = new Cluster(log, tls);
        for (int i = 0; i < Nodes; i++) cluster.StartNode(i);
        for (int i = 0; i < Nodes; i++) await cluster.ReadyAsync(i);
        cluster.StartHaproxy(root);
        await ListeningAsync(cluster.ports[2 * Nodes]);
        return cluster;
    }

    /// <summary>Starts a node, the first time or again, with the same ports.</summary>
    internal void StartNode(int node)
    {
        string[] arguments =
        [
            $"--Node=node{node + 1}", $"--Listen:Grpc=127.0.0.1:{ports[node]}", $"--Listen:Ops=127.0.0.1:{ports[Nodes + node]}", "--Journal:Store=postgres",
            $"--Journal:ConnectionString={database}", "--Calls:TickInterval=0", "--Drain:LameDuck=1s", "--Drain:Time=3s",
        ];
        if (tls is not null) arguments = [.. arguments, $"--Tls:CertificatePath={tls.NodeCertificate}", $"--Tls:KeyPath={tls.NodeKey}"];
        nodes[node] = Start($"node{node + 1}", "dotnet", [], [typeof(ServerHost).Assembly.Location, .. arguments]);
    }

    /// <summary>Returns when a node takes calls.</summary>
    internal async Task ReadyAsync(int node)
    {
        using var http = new HttpClient(tls?.Trusting() ?? new SocketsHttpHandler()) { BaseAddress = new Uri($"{Scheme}://127.0.0.1:{ports[Nodes + node]}") };
        await UntilAsync(async () => (await http.GetAsync(new Uri("/readyz", UriKind.Relative))).IsSuccessStatusCode);
    }

    /// <summary>What new connections to a node, or to HAProxy (null), are shown: the certificate's serial number.</summary>
    internal async Task<string> ShownByAsync(int? node)
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync(IPAddress.Loopback, node is { } one ? ports[one] : ports[2 * Nodes]);
        string shown = "";
        await using var stream = new SslStream(socket.GetStream());
        var options = new SslClientAuthenticationOptions { TargetHost = "localhost", ApplicationProtocols = [SslApplicationProtocol.Http2] };
        options.RemoteCertificateValidationCallback = (_, certificate, _, _) =>
        {
            shown = certificate!.GetSerialNumberString();
            return shown.Length > 0;
        };
        await stream.AuthenticateAsClientAsync(options);
        return shown;
    }

    /// <summary>Tells HAProxy by its socket to use what is in its certificate's file now.</summary>
    internal async Task ExchangeProxyCertificateAsync()
    {
        string pem = (await File.ReadAllTextAsync(tls!.ProxyCertificate)).TrimEnd();
        foreach (string command in new[] { $"set ssl cert {tls.ProxyCertificate} <<\n{pem}\n\n", $"commit ssl cert {tls.ProxyCertificate}\n" })
        {
            using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(AdminSocket));
            await using var stream = new NetworkStream(socket);
            await stream.WriteAsync(System.Text.Encoding.ASCII.GetBytes(command));
            using var answer = new StreamReader(stream);
            string said = await answer.ReadToEndAsync();
            if (!said.Contains("created", StringComparison.Ordinal) && !said.Contains("updated", StringComparison.Ordinal) && !said.Contains("Success", StringComparison.Ordinal))
                throw new InvalidOperationException($"HAProxy says: {said}");
        }
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

    private void StartHaproxy(string root)
    {
        var environment = new Dictionary<string, string>(StringComparer.Ordinal) { ["LISTEN"] = $"127.0.0.1:{ports[2 * Nodes]}", ["ADMIN"] = AdminSocket };
        for (int i = 0; i < Nodes; i++)
        {
            environment[$"NODE{i + 1}"] = $"127.0.0.1:{ports[i]}";
            environment[$"OPS{i + 1}"] = ports[Nodes + i].ToString(CultureInfo.InvariantCulture);
        }

        if (tls is not null)
        {
            environment["CERTIFICATE"] = tls.ProxyCertificate;
            environment["AUTHORITY"] = tls.Authority;
        }

        Start("haproxy", "haproxy", environment, "-db", "-f", Path.Combine(root, "deploy", "haproxy", tls is null ? "haproxy.cfg" : "haproxy-tls.cfg"));
    }

    private Process Start(string name, string program, Dictionary<string, string> environment, params string[] arguments)
    {
        var info = new ProcessStartInfo(program, arguments) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach ((string key, string value) in environment) info.Environment[key] = value;
        Process process = Process.Start(info) ?? throw new InvalidOperationException($"{program} did not start");
        processes.Add(process);
        var output = new StreamWriter(Path.Combine(log, $"{name}.log"), append: true) { AutoFlush = true };
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
        int[] free = [.. sockets.Select(socket => ((IPEndPoint)socket.LocalEndPoint!).Port)];
        foreach (Socket socket in sockets) socket.Dispose();
        return free;
    }
}
