using System.Globalization;
using RetentionScore.LoadTests.Runs;

namespace RetentionScore.LoadTests.Servers;

/// <summary>The server that is measured: started for it, or one that runs already.</summary>
internal sealed class ServerUnderTest : IDisposable
{
    private readonly ServerProcess? process;

    private readonly string? directory;

    private ServerUnderTest(ServerProcess? process, Uri grpc, Uri? ops, string? directory)
    {
        this.process = process;
        this.directory = directory;
        Grpc = grpc;
        Watch = new ServerWatch(process?.Id, ops);
    }

    internal Uri Grpc { get; }

    internal ServerWatch Watch { get; }

    /// <summary>From the start of the process to ready; null for a server that ran already.</summary>
    internal TimeSpan? UntilReady => process?.UntilReady;

    /// <summary>Starts the server, or takes the one that is named.</summary>
    internal static async Task<ServerUnderTest> StartAsync(Settings settings)
    {
        if (settings.Target is { } target) return new ServerUnderTest(null, target, settings.Ops, directory: null);
        int calls = Math.Max(20_000, 2 * (settings.Plan.Calls + settings.Plan.SlowCalls));
        string own = Directory.CreateTempSubdirectory("retentionscore-load-").FullName;
        string[] arguments =
        [
            "--Listen:Grpc=127.0.0.1:0",
            "--Listen:Ops=127.0.0.1:0",
            string.Create(CultureInfo.InvariantCulture, $"--Limits:MaxLiveCalls={calls}"),
            $"--Journal:Store={settings.Journal}",
            $"--Journal:Path={Path.Combine(own, "journal.db")}",
            .. settings.ServerArguments,
        ];
        try
        {
            return Of(await ServerProcess.StartAsync(settings.Server, arguments, settings.ServerEnvironment).ConfigureAwait(false), own);
        }
        catch
        {
            Directory.Delete(own, recursive: true);
            throw;
        }
    }

    /// <summary>Starts an echo in the same layout.</summary>
    internal static async Task<ServerUnderTest> StartEchoAsync(Settings settings) =>
        Of(await ServerProcess.StartAsync(typeof(EchoServer).Assembly.Location, [EchoServer.Command], settings.ServerEnvironment).ConfigureAwait(false), directory: null);

    public void Dispose()
    {
        Watch.Dispose();
        process?.Dispose();
        if (directory is not null) Directory.Delete(directory, recursive: true);
    }

    private static ServerUnderTest Of(ServerProcess process, string? directory) => new(process, process.Grpc, process.Ops, directory);
}
