using System.Text.Json;

namespace RetentionScore.Cli.Tests;

/// <summary>What a command wrote and how it ended.</summary>
internal sealed record Outcome(int ExitCode, string Output, string Error)
{
    public string[] Lines => Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    public JsonElement[] Json => [.. Lines.Select(line => JsonDocument.Parse(line).RootElement)];
}

/// <summary>Runs the command in this process, as its Program does, with what it writes kept.</summary>
internal static class Shell
{
    internal static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    internal static async Task<Outcome> RunAsync(params string[] args)
    {
        var output = new StringWriter { NewLine = "\n" };
        var error = new StringWriter { NewLine = "\n" };
        using var tooLong = new CancellationTokenSource(Limit);
        int code = await CommandLine.RunAsync(args, new Screen(output, error, outputIsTerminal: false, errorIsTerminal: false), tooLong.Token).WaitAsync(Limit);
        return new Outcome(code, output.ToString(), error.ToString());
    }
}

/// <summary>A file of calls that is gone after the test.</summary>
internal sealed class TemporaryFile : IDisposable
{
    internal TemporaryFile(params string[] lines) => File.WriteAllLines(Path, lines);

    internal string Path { get; } = System.IO.Path.Combine(System.IO.Path.GetTempPath(), $"retentionscore-{Guid.NewGuid():N}.jsonl");

    /// <summary>The bundled calls as a file.</summary>
    internal static TemporaryFile OfBundledCalls()
    {
        using Stream stream = typeof(CommandLine).Assembly.GetManifestResourceStream("RetentionScore.Cli.Demo.calls.jsonl")!;
        using var reader = new StreamReader(stream);
        return new TemporaryFile(reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    public void Dispose() => File.Delete(Path);
}
