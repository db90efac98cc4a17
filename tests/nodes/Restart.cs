using System.Diagnostics;
using System.Globalization;
using Grpc.Core;
using Grpc.Net.Client;
using RetentionScore.Server;
using RetentionScore.V1;

namespace RetentionScore.Nodes;

/// <summary>How long a call takes to go on after kill -9: from its new start to the first new score, with everybody coming back at once.</summary>
internal static class Restart
{
    private const int Calls = 1000;
    private const uint Before = 40;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    internal static async Task<int> MeasureAsync(string folder)
    {
        Directory.CreateDirectory(folder);
        string path = Path.Combine(folder, "journal.db");
        foreach (string file in Directory.GetFiles(folder, "journal.db*")) File.Delete(file);
        (Process server, string address) = await StartAsync(path);
        List<GrpcChannel> channels = Channels(address);
        await Task.WhenAll(Enumerable.Range(0, Calls).Select(i => TalkAsync(Client(channels, i), i, resumeFrom: 1, attempt: 1, first: 1, last: Before)));
        server.Kill();
        await server.WaitForExitAsync();
        server.Dispose();
        channels.ForEach(channel => channel.Dispose());

        var clock = Stopwatch.StartNew();
        (server, address) = await StartAsync(path);
        TimeSpan ready = clock.Elapsed;
        channels = Channels(address);
        TimeSpan[] took = await Task.WhenAll(Enumerable.Range(0, Calls).Select(i => TalkAsync(Client(channels, i), i, Before + 1, attempt: 2, Before + 1, Before + 1)));
        Array.Sort(took);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{Calls} calls of {Before} messages: server ready {ready.TotalSeconds:0.00} s after its start; start to first new score p50 {took[Calls / 2].TotalMilliseconds:0} ms, p99 {took[Calls * 99 / 100].TotalMilliseconds:0} ms, all at once"));

        // One after another: what a restore costs by itself.
        took = new TimeSpan[200];
        for (int i = 0; i < took.Length; i++) took[i] = await TalkAsync(Client(channels, i), i, Before + 2, attempt: 3, Before + 2, Before + 2);
        Array.Sort(took);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"a new start of a call in memory, one at a time: p50 {took[100].TotalMilliseconds:0.0} ms, p99 {took[198].TotalMilliseconds:0.0} ms"));
        channels.ForEach(channel => channel.Dispose());
        server.Kill();
        await server.WaitForExitAsync();
        return 0;
    }

    private static List<GrpcChannel> Channels(string address) => [.. Enumerable.Range(0, 8).Select(_ => GrpcChannel.ForAddress(address))];

    private static ScoringService.ScoringServiceClient Client(List<GrpcChannel> channels, int call) => new(channels[call % channels.Count]);

    private static async Task<TimeSpan> TalkAsync(ScoringService.ScoringServiceClient client, int id, uint resumeFrom, ulong attempt, uint first, uint last)
    {
        await Task.Yield();
        var clock = Stopwatch.StartNew();
        TimeSpan answered = TimeSpan.Zero;
        using var call = client.ScoreCall(new Metadata { { "call-id", $"c{id}" } }, DateTime.UtcNow + Limit);
        await call.RequestStream.WriteAsync(new ScoreCallRequest { Start = new CallStart { CallId = $"c{id}", ResumeFrom = resumeFrom, Attempt = attempt } });
        for (uint seq = first; seq <= last; seq++)
        {
            var utterance = new Utterance { Seq = seq, Speaker = seq % 2 == 0 ? Speaker.Customer : Speaker.Agent, Text = "please cancel my internet service now", StartMs = (int)seq * 3000, EndMs = (int)seq * 3000 + 2000 };
            await call.RequestStream.WriteAsync(new ScoreCallRequest { Utterance = utterance });
        }

        if (first == 1) await call.RequestStream.WriteAsync(new ScoreCallRequest { Heartbeat = new Heartbeat { Flush = true } });
        while (await call.ResponseStream.MoveNext(CancellationToken.None))
        {
            ScoreCallResponse response = call.ResponseStream.Current;
            if (response.Opened is { } opened && opened.NextSeq != first) throw new InvalidOperationException($"c{id} goes on at {opened.NextSeq}, not at {first}");
            if (response.Update is { Seq: var seq } && seq == last) answered = clock.Elapsed;
            if (answered != TimeSpan.Zero && (first != 1 || response.Heartbeat is not null)) break;
        }

        return answered;
    }

    private static async Task<(Process Server, string Address)> StartAsync(string path)
    {
        var info = new ProcessStartInfo("dotnet", [typeof(ServerHost).Assembly.Location, "--Listen:Grpc=127.0.0.1:0", "--Listen:Ops=127.0.0.1:0", "--Journal:Store=sqlite", $"--Journal:Path={path}", "--Limits:StartsPerSecond=100000", "--Limits:TenantStartsPerSecond=100000"])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
        };
        Process server = Process.Start(info) ?? throw new InvalidOperationException("the server did not start");
        AppDomain.CurrentDomain.ProcessExit += (_, _) =>
        {
            try
            {
                server.Kill();
            }
            catch (InvalidOperationException)
            {
                // It is gone.
            }
        };
        string? address = null;
        while (await server.StandardOutput.ReadLineAsync().WaitAsync(Limit) is { } line && !line.Contains("Application started", StringComparison.Ordinal))
        {
            int at = line.IndexOf("http://", StringComparison.Ordinal);
            if (at >= 0) address ??= line[at..].Trim();
        }

        _ = server.StandardOutput.ReadToEndAsync();
        return (server, address ?? throw new InvalidOperationException("the server does not listen"));
    }
}
