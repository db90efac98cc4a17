using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Grpc.Core;
using Grpc.Net.Client;
using RetentionScore.Chaos;
using RetentionScore.Client;
using RetentionScore.Client.Tests;
using RetentionScore.V1;

// Chaos SERVER.dll SCRATCH SECONDS SEED: real kills, cuts and full disks, then every call compared with a plain fold.
string program = args[0], scratch = args[1];
int seconds = int.Parse(args[2], CultureInfo.InvariantCulture), seed = int.Parse(args[3], CultureInfo.InvariantCulture);
const int SdkCalls = 24, RawCalls = 8;
TimeSpan endLimit = TimeSpan.FromSeconds(60);

Console.WriteLine($"chaos: {seconds} s with seed {seed}, {SdkCalls} calls of the SDK, half of them on a trunk, and {RawCalls} of a raw client at a time");
var tally = new Tally();
var platform = new JumpingTime();
using var server = new ServerProcess(program, Path.Combine(scratch, "journal.db"), FreePort(), FreePort());
await server.StartAsync();
await using var sdkRelay = new Relay(server.Address);
await using var rawRelay = new Relay(server.Address);
var options = new ScoringClientOptions { AnswerLimit = TimeSpan.FromSeconds(2), OpenLimit = TimeSpan.FromSeconds(3), LongestBackOff = TimeSpan.FromSeconds(1), TimeProvider = platform };
await using var client = new ScoringClient([sdkRelay.Address], options);
var summaries = new ConcurrentDictionary<string, (CallScript Script, CallSummary Summary)>(StringComparer.Ordinal);

using var over = new CancellationTokenSource();
await using ScoringTrunk trunk = client.OpenTrunk();
var onStreams = new SdkCaller(start => client.StartCallAsync(start), tally, endLimit);
var onTheTrunk = new SdkCaller(start => trunk.StartCallAsync(start), tally, endLimit);
Task[] callers = [.. Enumerable.Range(0, SdkCalls + RawCalls).Select(lane => Task.Run(() => CallAsync(lane)))];
await new Faults(server, [sdkRelay, rawRelay], platform, tally, seed).RunAsync(TimeSpan.FromSeconds(seconds));
await over.CancelAsync();
await Task.WhenAll(callers).WaitAsync(TimeSpan.FromMinutes(3));
await AskAgainAsync();

foreach (string name in tally.Names) Console.WriteLine($"  {name}: {tally[name]}");
Console.WriteLine($"  lost: {tally["lost"]}");
Console.WriteLine($"  double-counted: {tally["double-counted"]}");
string[] tests =
[
    "nothingLost", "nothingCountedTwice", "everyScoreAsInThePlainFold", "everyCallAsInThePlainFold", "noRecommendationTwice", "noSendHoldsThePlatformUp",
    "summariesStand", "everyCallerLives",
];
if (tally["calls"] < SdkCalls + RawCalls) tally.Problem("everyCallerLives", $"only {tally["calls"]} calls ended");
int failed = 0;
foreach (string test in tests)
{
    string[] problems = tally.Problems(test);
    Console.WriteLine(problems.Length == 0 ? $"ok chaos_{test}" : $"FAIL chaos_{test}: {problems.Length} times (seed {seed}), such as {problems[0]}");
    foreach (string problem in problems.Take(5)) Console.Error.WriteLine($"{test}: {problem}");
    failed += problems.Length;
}

return failed == 0 ? 0 : 1;

async Task CallAsync(int lane)
{
    using var channel = GrpcChannel.ForAddress(rawRelay.Address);
    var service = new ScoringService.ScoringServiceClient(channel);
    for (int i = 0; !over.IsCancellationRequested; i++)
    {
        int own = unchecked(seed * 1_000_003 + lane * 10_007 + i);
        CallScript script = CallScript.Of($"chaos-{lane}-{i}", own);
        try
        {
            SdkCaller sdk = lane % 2 == 0 ? onStreams : onTheTrunk;
            if (lane < SdkCalls) tally.Count(lane % 2 == 0 ? "calls on streams" : "calls on the trunk");
            CallSummary? summary = lane < SdkCalls ? await sdk.RunAsync(script, own, 1) : await new RawCaller(service, tally, script, own).RunAsync(endLimit + endLimit, 1);
            if (summary is not null) summaries[script.Start.CallId] = (script, summary);
        }
        catch (Exception bug)
        {
            tally.Problem("everyCallerLives", $"{script.Start.CallId}: {bug}");
        }
    }
}

// What was told to be durable is there after all that: the end sent again is answered with the same summary.
async Task AskAgainAsync()
{
    using var channel = GrpcChannel.ForAddress(server.Address);
    var service = new ScoringService.ScoringServiceClient(channel);
    foreach ((string id, (CallScript script, CallSummary summary)) in summaries)
    {
        try
        {
            using var stream = service.ScoreCall(new Metadata { { "call-id", id } }, deadline: DateTime.UtcNow.AddSeconds(10));
            CallStart start = script.Start.Clone();
            (start.ResumeFrom, start.Attempt) = ((uint)script.Messages.Length, long.MaxValue);
            await stream.RequestStream.WriteAsync(new ScoreCallRequest { Start = start });
            await stream.RequestStream.WriteAsync(script.Messages[^1]);
            while (await stream.ResponseStream.MoveNext(CancellationToken.None))
            {
                if (stream.ResponseStream.Current.Summary is not { } again) continue;
                tally.Count("summaries asked for again");
                if (!Tally.Bare(again).Equals(Tally.Bare(summary))) tally.Problem("summariesStand", $"{id}: {again} instead of {summary}");
                break;
            }
        }
        catch (RpcException refused)
        {
            tally.Problem("summariesStand", $"{id}: {refused.Status}");
        }
    }
}

static int FreePort()
{
    using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
    return ((IPEndPoint)socket.LocalEndPoint!).Port;
}
