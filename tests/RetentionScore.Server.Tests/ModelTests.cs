using RetentionScore.Core.Signals;
using RetentionScore.Server.Options;
using RetentionScore.Server.Scoring;
using RetentionScore.Server.Tests.Metrics;

namespace RetentionScore.Server.Tests;

/// <summary>A model of one's own, over the wire: it is told, it is exchanged while calls are held, and what cannot be used is refused.</summary>
public sealed class ModelTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("model-").FullName;

    private string ModelPath => Path.Combine(folder, "model.bin");

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task Model_OfAFile_IsToldEverywhere()
    {
        await File.WriteAllBytesAsync(ModelPath, Models.Empty("house-7"));
        await using TestServer server = await StartAsync();
        using TestCall call = server.Call();
        Assert.Equal("house-7", (await call.OpenAsync("c")).ModelVersion);
        ScoreUpdate update = await call.SayAsync(1, "I want to cancel my service.");
        Assert.True(update.Risk.CancelIntent > 0.5, "phrases are read under any model");
        await call.EndAsync(2);
        Assert.Equal("house-7", (await server.Client.GetServerInfoAsync(new GetServerInfoRequest())).ModelVersion);
        MetricsPage page = await MetricsPage.OfAsync(server);
        Assert.Equal(1, page["call_score_count{score=\"overall\",policy=\"default-1\",model=\"house-7\"}"]);
        Assert.Equal(1, page["signals_total{policy=\"default-1\",signal=\"cancel_request\",model=\"house-7\"}"]);
        Assert.Equal(1, page[$"build_info{{version=\"{ScoringServiceEndpoint.Version}\",model=\"house-7\"}}"]);
        Assert.Equal(0, page["model_refused"]);
    }

    [Fact]
    public async Task Model_BuiltIn_IsToldByItsName()
    {
        await using TestServer server = await TestServer.StartAsync();
        using TestCall call = server.Call();
        Assert.Equal(SignalReader.BuiltIn.Version, (await call.OpenAsync("c")).ModelVersion);
        Assert.Equal(SignalReader.BuiltIn.Version, (await server.Client.GetServerInfoAsync(new GetServerInfoRequest())).ModelVersion);
        Assert.StartsWith("linear-", SignalReader.BuiltIn.Version, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Model_Exchanged_CallsKeepWhatTheyBeganWith_AndNewOnesTakeTheNew()
    {
        var time = new FakeTime();
        await File.WriteAllBytesAsync(ModelPath, Models.Called("house-1"));
        await using TestServer server = await StartAsync(time);
        using TestCall before = server.Call(), after = server.Call();
        Assert.Equal("house-1", (await before.OpenAsync(new CallStart { CallId = "before", ResumeFrom = 1, Explain = true })).ModelVersion);

        await ExchangeAsync(server, time, Models.Empty("house-2"), () => server.Service<SignalModels>().Current.Version == "house-2");
        Assert.Equal("house-2", (await after.OpenAsync(new CallStart { CallId = "after", ResumeFrom = 1, Explain = true })).ModelVersion);
        Assert.Contains((await before.SayAsync(1, Models.OnlyLearned.Text)).Signals, signal => signal.Name == Models.OnlyLearned.Signal);
        Assert.DoesNotContain((await after.SayAsync(1, Models.OnlyLearned.Text)).Signals, signal => signal.Name == Models.OnlyLearned.Signal);
        await before.EndAsync(2);
        await after.EndAsync(2);
        MetricsPage page = await MetricsPage.OfAsync(server);
        Assert.Equal(1, page[$"signals_total{{policy=\"default-1\",signal=\"{Models.OnlyLearned.Signal}\",model=\"house-1\"}}"]);
        Assert.Equal(0, page[$"signals_total{{policy=\"default-1\",signal=\"{Models.OnlyLearned.Signal}\",model=\"house-2\"}}"]);
        Assert.Equal(0, page[$"build_info{{version=\"{ScoringServiceEndpoint.Version}\",model=\"house-1\"}}"]);
        Assert.Equal(1, page[$"build_info{{version=\"{ScoringServiceEndpoint.Version}\",model=\"house-2\"}}"]);
    }

    [Theory]
    [MemberData(nameof(Unusable))]
    public async Task Model_ExchangedForAFileThatCannotBeUsed_FormerStays_AndItIsTold(string what, string why)
    {
        var time = new FakeTime();
        await File.WriteAllBytesAsync(ModelPath, Models.Empty("house-1"));
        await using TestServer server = await StartAsync(time);
        await ExchangeAsync(server, time, Bytes(what), () => server.Service<SignalModels>().IsRefused);
        using TestCall call = server.Call();
        Assert.Equal("house-1", (await call.OpenAsync("c")).ModelVersion);
        string told = Assert.Single(server.Log.Lines, line => line.StartsWith("Warning A model cannot be used", StringComparison.Ordinal));
        Assert.True(told.Contains(ModelPath, StringComparison.Ordinal) && told.Contains("house-1 stays", StringComparison.Ordinal) && told.Contains(why, StringComparison.Ordinal), $"{what}: {told}");
        Assert.Equal(1, (await MetricsPage.OfAsync(server))["model_refused"]);

        // And a good one after it is taken.
        await ExchangeAsync(server, time, Models.Empty("house-3"), () => server.Service<SignalModels>().Current.Version == "house-3");
        Assert.Equal(0, (await MetricsPage.OfAsync(server))["model_refused"]);
    }

    [Theory]
    [MemberData(nameof(Unusable))]
    public async Task Start_WithAFileThatCannotBeUsed_IsRefused_NamingFileAndWhy(string what, string why)
    {
        await File.WriteAllBytesAsync(ModelPath, Bytes(what));
        string problem = Assert.Single(OptionsSource.Read([$"--Scoring:ModelPath={ModelPath}"]).Problems);
        Assert.StartsWith($"RetentionScore:Scoring:ModelPath = '{ModelPath}': must be a file of weights: ", problem, StringComparison.Ordinal);
        Assert.True(problem.Contains(why, StringComparison.Ordinal), $"{what}: {problem}");
        // Whoever builds a server from options of his own is told, too.
        IOException thrown = Assert.Throws<IOException>(() => ServerHost.Build(TestServer.FreePorts with { Scoring = new ScoringOptions { ModelPath = ModelPath } }));
        Assert.Contains(why, thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Start_WithoutTheFile_IsRefused()
    {
        string problem = Assert.Single(OptionsSource.Read([$"--Scoring:ModelPath={ModelPath}"]).Problems);
        Assert.Contains("Could not find file", problem, StringComparison.Ordinal);
    }

    public static TheoryData<string, string> Unusable() => new()
    {
        { "a bit changed", "damaged: its checksum is another" },
        { "half of it", "damaged: its checksum is another" },
        { "nothing", "no file of weights" },
        { "another file", "no file of weights" },
        { "a later format", "format 99, this build reads format" },
        { "too large", "must be at most" },
        { "cut and sealed anew", "damaged: it ends too early" },
        { "a name that is none", "its name must be" },
    };

    private static byte[] Bytes(string what)
    {
        byte[] shipped = [.. Models.Shipped];
        switch (what)
        {
            case "a bit changed":
                shipped[shipped.Length / 2] ^= 1;
                return shipped;
            case "half of it": return shipped[..(shipped.Length / 2)];
            case "nothing": return [];
            case "another file": return [.. "{\"overall\": {}}"u8];
            case "a later format":
                shipped[4] = 99;
                return shipped;
            case "too large": return new byte[SignalReader.MostModelBytes + 1];
            case "cut and sealed anew": return Models.Sealed(Models.Empty("house-2")[..80]);
            case "a name that is none": return Models.Empty("a\nb");
            default: throw new ArgumentOutOfRangeException(nameof(what), what, null);
        }
    }

    private static async Task ExchangeAsync(TestServer server, FakeTime time, byte[] bytes, Func<bool> until)
    {
        string path = server.Service<ServerOptions>().Scoring.ModelPath!;
        await File.WriteAllBytesAsync(path + ".new", bytes);
        File.Move(path + ".new", path, overwrite: true);
        for (int i = 0; i < 100 && !until(); i++)
        {
            time.Advance(TimeSpan.FromSeconds(1));
            await Task.Delay(20);
        }

        Assert.True(until());
    }

    private Task<TestServer> StartAsync(TimeProvider? time = null) =>
        TestServer.StartAsync(options => options with { Scoring = new ScoringOptions { ModelPath = ModelPath } }, time);
}
