using System.Diagnostics;
using System.Text.Json;

namespace RetentionScore.Nodes;

/// <summary>
/// Every node is restarted, one after another, behind HAProxy with TLS on both sides, and all certificates are exchanged, while the load generator plays
/// calls through the SDK. Its report has to say that nothing was lost.
/// </summary>
internal static class RollingRestart
{
    private static readonly TimeSpan Length = TimeSpan.FromSeconds(45), Limit = TimeSpan.FromSeconds(100);

    internal static async Task<int> RunAsync(string root, string log)
    {
        Directory.CreateDirectory(log);
        using var certificates = new Certificates(log);
        using Cluster cluster = await Cluster.StartAsync(root, log, certificates);
        string report = Path.Combine(log, "rolling.json");
        File.Delete(report);
        using Process load = StartLoad(root, cluster.Address, certificates.Authority, report);
        Task<string> said = load.StandardOutput.ReadToEndAsync(), complained = load.StandardError.ReadToEndAsync();
        var problems = new List<string>();
        string formerNode = await cluster.ShownByAsync(0), formerProxy = await cluster.ShownByAsync(null);

        // Two nodes live on through the exchange of their files, HAProxy through that of its own; then each node in turn goes and comes back.
        await Task.Delay(TimeSpan.FromSeconds(2));
        certificates.Exchange();
        await cluster.ExchangeProxyCertificateAsync();
        await Task.Delay(TimeSpan.FromSeconds(2));
        for (int node = 0; node < Cluster.Nodes; node++)
        {
            if (await cluster.ShownByAsync(node) is var shown && (shown == formerNode || shown != certificates.NodeSerial)) problems.Add($"node {node + 1} still shows its former certificate");
        }

        if (await cluster.ShownByAsync(null) is var proxy && (proxy == formerProxy || proxy != certificates.ProxySerial)) problems.Add("HAProxy still shows its former certificate");
        Verdict("certificates_areExchangedUnderLoad", problems);

        var exits = new List<string>();
        for (int node = 0; node < Cluster.Nodes; node++)
        {
            cluster.Drain(node);
            if (await cluster.ExitOfAsync(node) is var code and not 0) exits.Add($"node {node + 1} ended with {code}");
            cluster.StartNode(node);
            await cluster.ReadyAsync(node);
            await Task.Delay(TimeSpan.FromSeconds(1.5)); // until HAProxy has seen it twice
        }

        Verdict("nodes_drainAndComeBack", [.. exits, .. load.HasExited ? (string[])["the load was over before the last node was back"] : []]);
        await load.WaitForExitAsync().WaitAsync(Limit);
        Console.WriteLine((await said).TrimEnd());
        if (load.ExitCode != 0) Console.WriteLine((await complained).TrimEnd());
        using JsonDocument json = JsonDocument.Parse(await File.ReadAllTextAsync(report));
        double Figure(string name) => json.RootElement.GetProperty(name).GetDouble();
        Verdict("load_isWithinItsBudget", load.ExitCode == 0 ? [] : [$"exit code {load.ExitCode}"]);
        Verdict("load_didMove", Figure("calls_moved") > 0 ? [] : ["no call went on at another node: the restart was not felt"]);
        Verdict("utterances_noneMissingNoneTwice", Figure("utterances_missing") == 0 && Figure("utterances_double") == 0 && Figure("utterances_said") > 0
            ? [] : [$"{Figure("utterances_missing")} missing, {Figure("utterances_double")} twice of {Figure("utterances_said")}"]);
        return failed ? 1 : 0;
    }

    private static bool failed;

    private static void Verdict(string name, List<string> problems)
    {
        if (problems.Count > 0) failed = true;
        Console.WriteLine(problems.Count > 0 ? $"FAIL rolling_{name}: {string.Join("; ", problems)}" : $"ok rolling_{name}");
    }

    private static Process StartLoad(string root, string address, string authority, string report)
    {
        string program = Path.Combine(root, "loadtests", "RetentionScore.LoadTests", "bin", "Release", "net10.0", "retentionscore-load.dll");
        string[] arguments =
        [
            program, "sdk", "--target", address, "--ca", authority, "--calls", "100", "--rate", "200", "--ramp", "1s",
            "--duration", $"{Length.TotalSeconds}s", "--budget", "errors=0,unanswered=0", "--json", report,
        ];
        return Process.Start(new ProcessStartInfo("dotnet", arguments) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true })
            ?? throw new InvalidOperationException("the load generator did not start");
    }
}
