using System.Globalization;
using RetentionScore.LoadTests.Runs;

namespace RetentionScore.LoadTests.Servers;

/// <summary>The server that is measured: started for it, or one that runs already.</summary>
internal sealed class ServerUnderTest : IDisposable
{
    private readonly ServerProcess? process;

    private ServerUnderTest(ServerProcess? process, Uri grpc, Uri? ops)
    {
        this.process = process;
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
        if (settings.Target is { } target) return new ServerUnderTest(null, target, settings.Ops);
        int calls = Math.Max(20_000, 2 * (settings.Plan.Calls + settings.Plan.SlowCalls));
        string[] arguments =
        [
            "--Listen:Grpc=127.0.0.1:0",
            "--Listen:Ops=127.0.0.1:0",
            string.Create(CultureInfo.InvariantCulture, $"--Limits:MaxLiveCalls={calls}"),
            .. settings.ServerArguments,
        ];
        return Of(await ServerProcess.StartAsync(settings.Server, arguments, settings.ServerEnvironment).ConfigureAwait(false));
    }

    /// <summary>Starts an echo in the same layout.</summary>
    internal static async Task<ServerUnderTest> StartEchoAsync(Settings settings) =>
        Of(await ServerProcess.StartAsync(typeof(EchoServer).Assembly.Location, [EchoServer.Command], settings.ServerEnvironment).ConfigureAwait(false));

    public void Dispose()
    {
        Watch.Dispose();
        process?.Dispose();
    }

    private static ServerUnderTest Of(ServerProcess process) => new(process, process.Grpc, process.Ops);
}
