using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using RetentionScore.Fuzz;
using RetentionScore.Fuzz.Inputs;

// dotnet RetentionScore.Fuzz.dll ROOT
// RETENTIONSCORE_FUZZ_INPUTS: how many (100000). RETENTIONSCORE_FUZZ_SEED: which (20261). RETENTIONSCORE_FUZZ_ONLY: one input by its number, told in full.
// Prints a line for each check, `ok NAME` or `FAIL NAME: why`, and tables of what was sent and what came back.
const int Workers = 48;
const int Told = 10;
string root = args[0];
int inputs = Setting("INPUTS", 100_000), seed = Setting("SEED", 20_261), only = Setting("ONLY", -1);
bool failed = false;

Seeds seeds = Seeds.Read(root);
var kinds = new Kinds(seeds, seed);
await using ServerProcess server = await ServerProcess.StartAsync(root);
using var sender = new Sender(server.Grpc);
if (only >= 0)
{
    Input input = kinds.Of(only);
    Answer answer = await sender.SendAsync(input, 0);
    Console.WriteLine($"{input.Kind} {input.Path} {string.Join(", ", input.Headers)}\n{Convert.ToHexString(input.Body)}\n{input.Expected}\n{answer.Told}\n{Verdict.Of(input, answer) ?? "as it should be"}");
    foreach (string line in server.Log) Console.WriteLine(line);
    return 0;
}

Console.WriteLine($"seed {seed}, {inputs} inputs");
Check("fuzz_goldenCallsBefore_sameScoresAsInProcess", await Golden.CheckAsync(seeds, sender, "before"));

var outcomes = new ConcurrentDictionary<(string Kind, string Outcome), int>();
var problems = new ConcurrentDictionary<string, ConcurrentQueue<string>>();
double residentWarm = 0;
int next = 0;
var clock = Stopwatch.StartNew();
await Task.WhenAll(Enumerable.Range(0, Workers).Select(worker => Task.Run(async () =>
{
    for (int index; (index = Interlocked.Increment(ref next) - 1) < inputs && server.IsAlive;)
    {
        Input input = kinds.Of(index);
        Answer answer = await sender.SendAsync(input, worker);
        outcomes.AddOrUpdate((input.Kind, answer.Outcome), 1, (_, count) => count + 1);
        if (Verdict.Of(input, answer) is { } problem)
            problems.GetOrAdd($"{input.Kind}: {problem}", _ => []).Enqueue($"input {index}: {answer.Told}");
        // Pools, caches and compiled code are there.
        if (index == inputs / 4) residentWarm = await server.MetricAsync("resident_memory_bytes");
    }
})));
clock.Stop();

foreach (var kind in outcomes.GroupBy(outcome => outcome.Key.Kind).OrderBy(kind => kind.Key, StringComparer.Ordinal))
{
    string statuses = string.Join(", ", kind.OrderByDescending(outcome => outcome.Value).Select(outcome => $"{outcome.Key.Outcome} {outcome.Value}"));
    Console.WriteLine($"{kind.Key,-28} {kind.Sum(outcome => outcome.Value),7}  {statuses}");
}

foreach (var status in outcomes.GroupBy(outcome => outcome.Key.Outcome).OrderByDescending(status => status.Sum(outcome => outcome.Value)))
    Console.WriteLine($"{"all: " + status.Key,-28} {status.Sum(outcome => outcome.Value),7}");
Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{clock.Elapsed.TotalSeconds:F1} s, {inputs / clock.Elapsed.TotalSeconds:F0} inputs a second"));

Check("fuzz_server_isAlive", server.IsAlive ? null : "the process is gone: " + string.Join(" | ", server.Log.TakeLast(20)));
Check($"fuzz_everyInput_isAnsweredAsTheProtocolSays", problems.IsEmpty ? null : $"{problems.Sum(problem => problem.Value.Count)} are not, in {problems.Count} ways");
foreach (var (problem, examples) in problems.OrderByDescending(problem => problem.Value.Count).Take(Told))
    Console.WriteLine($"  {examples.Count} × {problem}; {examples.First()}");
Check("fuzz_goldenCallsAfter_sameScoresAsInProcess", await Golden.CheckAsync(seeds, sender, "after"));
await CheckNothingIsLeftAsync();
CheckLog();
Check("fuzz_plantedText_isNotInMetrics", (await server.MetricsAsync()).Contains(Seeds.Planted, StringComparison.OrdinalIgnoreCase) ? "it is" : null);
int? code = await server.StopAsync();
Check("fuzz_server_stopsWithZero", code == 0 ? null : $"it ended with {code}");
Check("fuzz_plantedText_isNotInTheJournal", Directory.EnumerateFiles(server.Journal).FirstOrDefault(HasPlanted) is { } file ? $"it is in {Path.GetFileName(file)}" : null);
return failed ? 1 : 0;

async Task CheckNothingIsLeftAsync()
{
    double live = 0, streams = 0;
    for (int i = 0; i < 60; i++)
    {
        (live, streams) = (await server.MetricAsync("live_calls"), await server.MetricAsync("open_streams"));
        if (live == 0 && streams == 0) break;
        await Task.Delay(500);
    }

    Check("fuzz_liveCallsAndStreams_returnToZero", live == 0 && streams == 0 ? null : $"{live} calls, {streams} streams");
    double resident = await server.MetricAsync("resident_memory_bytes"), heap = await server.MetricAsync("gc_heap_bytes");
    const double Slack = 128 * 1024 * 1024;
    Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"resident after a quarter {residentWarm / 1e6:F0} MB, at the end {resident / 1e6:F0} MB; heap {heap / 1e6:F0} MB"));
    Check("fuzz_memory_returns", resident <= residentWarm + Slack ? null : string.Create(CultureInfo.InvariantCulture, $"{resident / 1e6:F0} MB, it was {residentWarm / 1e6:F0} MB after a quarter"));
}

void CheckLog()
{
    string[] log = [.. server.Log];
    string? wrong = log.FirstOrDefault(line => line.StartsWith("fail:", StringComparison.Ordinal) || line.StartsWith("crit:", StringComparison.Ordinal) || line.Contains("Unhandled exception", StringComparison.Ordinal));
    Check("fuzz_log_hasNoError", wrong is null ? null : string.Join(" | ", log.SkipWhile(line => line != wrong).Take(6)));
    Check("fuzz_plantedText_isNotInTheLog", log.FirstOrDefault(line => line.Contains(Seeds.Planted, StringComparison.OrdinalIgnoreCase)));
    Console.WriteLine($"{log.Length} lines of log");
}

static bool HasPlanted(string file) => File.ReadAllBytes(file).AsSpan().IndexOf(System.Text.Encoding.UTF8.GetBytes(Seeds.Planted)) >= 0;

void Check(string name, string? problem)
{
    failed |= problem is not null;
    Console.WriteLine(problem is null ? $"ok {name}" : $"FAIL {name}: {problem}");
}

static int Setting(string name, int missing) =>
    Environment.GetEnvironmentVariable($"RETENTIONSCORE_FUZZ_{name}") is { } value ? int.Parse(value, CultureInfo.InvariantCulture) : missing;
