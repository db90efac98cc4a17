using System.Diagnostics;
using System.Text.Json;
using RetentionScore.Client;
using RetentionScore.Nodes;
using RetentionScore.V1;

// 200 calls three times: undisturbed, with one node killed and another drained on the way, and the same on a trunk. `ok NAME` and `FAIL NAME: why` go to the output.
// With a third argument `rolling` every node is restarted and every certificate exchanged under the load generator's load.
// With `restart` it measures instead: 1,000 calls on one server with SQLite, kill -9, and how long each takes to go on;
// with `rate` how many utterances a second a journal takes.
const int Calls = 200;
if (args is [_, var folder, "restart" or "rate"])
{
    try
    {
        return args[2] == "rate" ? await JournalRate.MeasureAsync(Path.GetFullPath(folder)) : await Restart.MeasureAsync(Path.GetFullPath(folder));
    }
    catch (Exception exception)
    {
        Console.Error.WriteLine(exception); // and no abort, so that the server does not outlive it
        return 1;
    }
}

if (args is [var checkout, var results, "rolling"]) return await RollingRestart.RunAsync(Path.GetFullPath(checkout), Path.GetFullPath(results));

var clock = Stopwatch.StartNew();
string root = Path.GetFullPath(args[0]), log = Path.GetFullPath(args[1]);
Directory.CreateDirectory(log);
var recorded = Directory.GetFiles(Path.Combine(root, "tests", "calls"), "written-*.jsonl").Order(StringComparer.Ordinal).SelectMany(File.ReadLines).Select(Read).ToList();
int all = Enumerable.Range(0, Calls).Sum(i => recorded[i % recorded.Count].Count);
int failed = 0;
using Cluster cluster = await Cluster.StartAsync(root, log);
var options = new ScoringClientOptions { LongestBackOff = TimeSpan.FromMilliseconds(500), OpenLimit = TimeSpan.FromSeconds(2), HeartbeatInterval = TimeSpan.FromSeconds(2) };
await using var client = new ScoringClient([new Uri(cluster.Address)], options);

PlayedCall[] calm = await RoundAsync(OnAStream, "calm", TimeSpan.FromMilliseconds(50), null);
Verdict("undisturbed_everyCallEnds", calm.Select(call => call.Summary is null ? "no summary " + call.Problem : call.Problem));

PlayedCall[] rough = await DisturbedAsync("", "rough", OnAStream, killed: 0, drained: 1);
for (int node = 0; node < 2; node++) cluster.StartNode(node);
for (int node = 0; node < 2; node++) await cluster.ReadyAsync(node);
await Task.Delay(1500); // HAProxy looks twice
await using ScoringTrunk trunk = client.OpenTrunk(streamsPerAddress: 2 * Cluster.Nodes);
PlayedCall[] trunked = await DisturbedAsync("trunk_", "trunk", id => trunk.StartCallAsync(id), killed: 2, drained: 0);
Console.WriteLine($"{Calls} calls, {all} utterances a round; breaks: {rough.Sum(call => call.Status.Breaks)} on streams, {trunked.Sum(call => call.Status.Breaks)} on the trunk; first answers: {rough.Sum(call => call.Updates.Count)} and {trunked.Sum(call => call.Updates.Count)}; {clock.Elapsed.TotalSeconds:0.0} s in all");
return failed == 0 ? 0 : 1;

Task<ScoredCall> OnAStream(string id) => client.StartCallAsync(id);

async Task<PlayedCall[]> DisturbedAsync(string prefix, string name, Func<string, Task<ScoredCall>> start, int killed, int drained)
{
    Task<int>? exit = null;
    PlayedCall[] played = await RoundAsync(start, name, TimeSpan.FromMilliseconds(100), said =>
    {
        if (said == all / 4) cluster.Kill(killed);
        if (said != all / 2) return;
        cluster.Drain(drained);
        exit = cluster.ExitOfAsync(drained);
    });
    IEnumerable<string> Pairs(Func<PlayedCall, PlayedCall, string> problem) => calm.Zip(played, problem);
    // A node has a third of the streams; of a trunk's six it has two, with about as many calls.
    int least = prefix.Length == 0 ? Calls / 3 : Calls / 6;
    Verdict(prefix + "oneNodeKilledOneDrained_everyCallEnds", played.Select(call => call.Summary is null ? "no summary " + call.Problem : call.Problem));
    Verdict(prefix + "drainedNode_exitsWithZero", [exit is null ? "was not drained" : await exit is var code and not 0 ? $"exit code {code}" : ""]);
    Verdict(prefix + "calls_didMove", [played.Count(call => call.Status.Breaks > 0) is var moved && moved < least ? $"only {moved} calls were disturbed" : ""]);
    Verdict(prefix + "summaries_areThoseOfTheUndisturbedRun", Pairs((a, b) => Equals(a.Summary, b.Summary) ? "" : $"{b.Summary}\n   was {a.Summary}"));
    Verdict(prefix + "updates_areThoseOfTheUndisturbedRun", Pairs((a, b) => string.Join("; ", b.Updates.Where(u => !Equals(a.Updates.GetValueOrDefault(u.Key), u.Value)).Select(u => $"seq {u.Key}: {u.Value}\n   was {a.Updates.GetValueOrDefault(u.Key)}"))));
    Verdict(prefix + "lastUpdate_isThereAndTheSame", Pairs((a, b) => a.Updates.Count > 0 && a.Updates.Keys.Max() is var last && b.Updates.TryGetValue(last, out ScoreUpdate? update) && update.Equals(a.Updates[last]) ? "" : "another, or none"));
    Verdict(prefix + "utterances_noneMissingNoneTwice", Pairs((a, b) => b.Summary is { } s && s.Utterances == a.Summary?.Utterances ? "" : $"{b.Summary?.Utterances} utterances, {a.Summary?.Utterances} were said"));
    Verdict(prefix + "kept_noneLost", played.Select(call => call.Status is { Lost: 0, HistoryLost: false } ? "" : $"{call.Status.Lost} lost, history lost: {call.Status.HistoryLost}"));
    Verdict(prefix + "recommendations_noneRaisedTwice", played.Select(call => string.Join(", ", call.Raised.Where(r => r.Value > 1).Select(r => $"{r.Key} {r.Value} times"))));
    Verdict(prefix + "recommendations_noneMissing", Pairs((a, b) => b.Summary?.PromptsRaised == a.Summary?.PromptsRaised ? "" : $"{b.Summary?.PromptsRaised}, {a.Summary?.PromptsRaised} were raised undisturbed"));
    return played;
}

async Task<PlayedCall[]> RoundAsync(Func<string, Task<ScoredCall>> start, string name, TimeSpan pace, Action<int>? at)
{
    int said = 0;
    return await Task.WhenAll(Enumerable.Range(0, Calls).Select(i => PlayedCall.PlayAsync(
        start, $"{name}-{i}", recorded[i % recorded.Count], pace, () => at?.Invoke(Interlocked.Increment(ref said)))));
}

void Verdict(string name, IEnumerable<string> problems)
{
    var bad = problems.Select((problem, call) => (problem, call)).Where(p => p.problem.Length > 0).ToList();
    if (bad.Count == 0)
    {
        Console.WriteLine($"ok nodes_{name}");
        return;
    }

    failed++;
    Console.WriteLine($"FAIL nodes_{name}: {bad.Count} calls, call {bad[0].call}: {bad[0].problem}");
}

static List<(Speaker Speaker, string Text)> Read(string line)
{
    using JsonDocument call = JsonDocument.Parse(line);
    return [.. call.RootElement.GetProperty("turns").EnumerateArray().Select(turn => (
        string.Equals(turn.GetProperty("speaker").GetString(), "AGENT", StringComparison.Ordinal) ? Speaker.Agent : Speaker.Customer,
        turn.GetProperty("text").GetString() ?? ""))];
}
