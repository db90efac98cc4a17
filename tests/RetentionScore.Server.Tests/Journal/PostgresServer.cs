using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Npgsql;

namespace RetentionScore.Server.Tests.Journal;

/// <summary>A real PostgreSQL (Debian's package postgresql) on a free port of loopback, in a folder that goes with it.</summary>
public sealed class PostgresServer : IDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(20);

    private readonly string folder = Directory.CreateTempSubdirectory("postgres-").FullName;
    private readonly int port = FreePort();
    private Process? process;
    private int databases;

    public PostgresServer()
    {
        Run("chmod", "711", folder);
        if (Environment.UserName == "root") Run("chown", "postgres", folder);
        Run(Tool("initdb"), "-D", Data, "-A", "trust", "-U", "postgres", "--no-sync", "-E", "UTF8", "--locale=C");
        Start();
    }

    private string Data => Path.Combine(folder, "data");

    /// <summary>Makes an empty database; returns how to reach it.</summary>
    internal string NewDatabase()
    {
        string name = string.Create(CultureInfo.InvariantCulture, $"t{Interlocked.Increment(ref databases)}");
        using var admin = new NpgsqlConnection(Connection("postgres"));
        admin.Open();
        using NpgsqlCommand create = admin.CreateCommand();
        create.CommandText = $"CREATE DATABASE {name}";
        create.ExecuteNonQuery();
        return Connection(name);
    }

    /// <summary>Starts it, again after <see cref="Kill"/>.</summary>
    internal void Start()
    {
        ProcessStartInfo info = Command(Tool("postgres"), "-D", Data, "-p", port.ToString(CultureInfo.InvariantCulture), "-k", folder, "-h", "127.0.0.1", "-F");
        info.RedirectStandardError = info.RedirectStandardOutput = true;
        process = Process.Start(info)!;
        process.ErrorDataReceived += (_, _) => { };
        process.BeginErrorReadLine();
        process.BeginOutputReadLine();
        var clock = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                using var connection = new NpgsqlConnection(Connection("postgres"));
                connection.Open();
                return;
            }
            catch (NpgsqlException) when (clock.Elapsed < StartLimit)
            {
                Thread.Sleep(20);
            }
        }
    }

    /// <summary>It is gone, and whatever was connected to it.</summary>
    internal void Kill()
    {
        NpgsqlConnection.ClearAllPools();
        Run(Tool("pg_ctl"), "-D", Data, "-m", "immediate", "-w", "stop");
        process?.WaitForExit();
        process?.Dispose();
        process = null;
    }

    public void Dispose()
    {
        if (process is not null) Kill();
        Directory.Delete(folder, recursive: true);
    }

    private string Connection(string database) => $"Host=127.0.0.1;Port={port};Username=postgres;Database={database};Maximum Pool Size=10;Timeout=2";

    private static string Tool(string name) => Directory.GetDirectories("/usr/lib/postgresql").Select(version => Path.Combine(version, "bin", name)).Last(File.Exists);

    /// <summary>PostgreSQL refuses to run as root.</summary>
    private static ProcessStartInfo Command(params string[] command) =>
        Environment.UserName == "root" ? new ProcessStartInfo("runuser", ["-u", "postgres", "--", .. command]) : new ProcessStartInfo(command[0], command[1..]);

    private static void Run(string tool, params string[] arguments)
    {
        ProcessStartInfo info = tool.StartsWith('/') ? Command([tool, .. arguments]) : new ProcessStartInfo(tool, arguments);
        info.RedirectStandardOutput = info.RedirectStandardError = true;
        using Process run = Process.Start(info)!;
        Task<string> said = run.StandardError.ReadToEndAsync();
        run.StandardOutput.ReadToEnd();
        run.WaitForExit();
        if (run.ExitCode != 0) throw new InvalidOperationException($"{tool} ended with {run.ExitCode}: {said.Result}");
    }

    private static int FreePort()
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }
}
