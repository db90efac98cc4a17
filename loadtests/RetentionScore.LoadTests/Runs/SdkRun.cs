using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography.X509Certificates;
using Grpc.Net.Client;
using RetentionScore.Client;
using RetentionScore.LoadTests.Loop;
using RetentionScore.LoadTests.Reports;
using RetentionScore.LoadTests.Sdk;
using RetentionScore.LoadTests.Servers;

namespace RetentionScore.LoadTests.Runs;

/// <summary>
/// Calls through the C# SDK, which goes on after breaks: for rolling restarts, fail-over and whatever else happens to the servers meanwhile. Arrivals are
/// fixed beforehand as everywhere here, so an utterance that waited for a node to come back is as late as it was. At the end every call has to have
/// its summary, and the summary to count what was said.
/// </summary>
internal static class SdkRun
{
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(10);

    internal static async Task<Outcome> RunAsync(Settings settings, string? authorityPath, Progress progress)
    {
        using ServerUnderTest server = await ServerUnderTest.StartAsync(settings);
        LoadPlan plan = settings.Plan;
        var options = new ScoringClientOptions
        {
            SendLimit = AnswerLimit, // a lane waits for nobody: it only wants to know when the answer came
            OpenLimit = TimeSpan.FromSeconds(3),
            LongestBackOff = TimeSpan.FromSeconds(1),
            MaxWaitingUpdates = 1_000_000,
            CreateChannel = authorityPath is null ? null : address => Trusting(address, authorityPath),
        };
        await using var client = new ScoringClient([server.Grpc], options);
        var tally = new SdkTally();
        double nsPerCallMs = (double)plan.Calls * plan.Scripts.Sum(script => script.Utterances) / plan.Scripts.Sum(script => script.CycleMs) / plan.Rate * 1e9;

        ServerSample before = server.Watch.Take();
        long from = Stopwatch.GetTimestamp(), until = from + (long)plan.Duration.TotalNanoseconds;
        string name = string.Create(CultureInfo.InvariantCulture, $"sdk {plan.Rate:0}/s");
        var phase = new PhaseRecord(from);
        tally.Record.Begin(phase);
        progress.Begin(name, tally.Record);
        await Task.WhenAll(Enumerable.Range(0, plan.Calls).Select(i =>
            new SdkLane(i, client, plan.Scripts, nsPerCallMs, tally).RunAsync(from + (long)(plan.Ramp.TotalNanoseconds * i / plan.Calls), until)));
        ServerSample after = server.Watch.Take();
        await after.Metrics; // before the server goes
        var result = new PhaseResult(name, plan.Rate, Stopwatch.GetElapsedTime(from).TotalSeconds, phase, before, after);
        return new Outcome([result])
        {
            Figures =
            {
                ["calls_ended"] = tally.Ended,
                ["utterances_said"] = tally.Said,
                ["utterances_missing"] = tally.Missing,
                ["utterances_double"] = tally.Double,
                ["streams_broken"] = tally.Breaks,
                ["calls_moved"] = tally.Moved,
            },
        };
    }

    /// <summary>A channel that believes one authority and no other.</summary>
    private static GrpcChannel Trusting(Uri address, string authorityPath)
    {
        var authorities = new X509Certificate2Collection();
        authorities.ImportFromPemFile(authorityPath);
        var handler = new SocketsHttpHandler { EnableMultipleHttp2Connections = true, KeepAlivePingDelay = TimeSpan.FromSeconds(20), KeepAlivePingTimeout = TimeSpan.FromSeconds(10) };
        handler.SslOptions.CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        handler.SslOptions.CertificateChainPolicy.CustomTrustStore.AddRange(authorities);
        return GrpcChannel.ForAddress(address, new GrpcChannelOptions { HttpHandler = handler, DisposeHttpClient = true });
    }
}
