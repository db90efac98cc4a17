using System.Text.Json;

namespace RetentionScore.Cli.Tests.Scoring;

/// <summary>A file of weights of one's own.</summary>
public sealed class ModelTests : IDisposable
{
    private const string Call = """{"id": "c1", "turns": [{"speaker": "CUSTOMER", "text": "can you put me through to whoever runs this place"}]}""";
    private readonly string folder = Directory.CreateTempSubdirectory("model-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task Score_WithTheShippedWeightsAsAFile_SaysTheSame()
    {
        using var file = new TemporaryFile(Call);
        Outcome builtIn = await Shell.RunAsync("score", file.Path, "--output", "jsonl", "--explain");
        Outcome own = await Shell.RunAsync("score", file.Path, "--output", "jsonl", "--explain", "--model", Weights());
        Assert.Equal(0, own.ExitCode);
        Assert.Equal(builtIn.Output, own.Output);
    }

    [Theory]
    [InlineData("score", "FILE")]
    [InlineData("evaluate", "--data", ".", "--labels", ".")]
    [InlineData("calibrate", "--calls", ".")]
    [InlineData("demo", "--once")]
    [InlineData("serve", "--check-config")]
    public async Task Model_ThatIsDamaged_IsRefused_NamingFileAndWhy(string command, params string[] rest)
    {
        byte[] bytes = await File.ReadAllBytesAsync(Weights());
        bytes[^1000] ^= 1;
        string damaged = Path.Combine(folder, "damaged.bin");
        await File.WriteAllBytesAsync(damaged, bytes);
        using var file = new TemporaryFile(Call);
        Outcome outcome = await Shell.RunAsync([command, .. rest.Select(argument => argument == "FILE" ? file.Path : argument), "--model", damaged]);
        Assert.Equal(2, outcome.ExitCode);
        Assert.Contains($"--model is '{damaged}'", outcome.Error, StringComparison.Ordinal);
        Assert.Contains("damaged: its checksum is another", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Serve_WithAModel_HasItAsAnOption()
    {
        Outcome outcome = await Shell.RunAsync("serve", "--check-config", "--model", Weights());
        Assert.Equal(0, outcome.ExitCode);
        Assert.Equal(Weights(), JsonDocument.Parse(outcome.Output).RootElement.GetProperty("RetentionScore").GetProperty("Scoring").GetProperty("ModelPath").GetString());
    }

    private static string Weights()
    {
        string at = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(at, "RetentionScore.sln"))) at = Path.GetDirectoryName(at)!;
        return Path.Combine(at, "src", "RetentionScore.Core", "Signals", "Linear", "weights.bin");
    }
}
