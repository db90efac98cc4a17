using System.CommandLine;
using System.Globalization;
using RetentionScore.Cli.Replay;
using RetentionScore.Core.Signals;
using RetentionScore.Server.Scoring;

namespace RetentionScore.Cli;

/// <summary>What several commands take, with the same words and the same checks.</summary>
internal static class CommonArguments
{
    /// <summary>A file of calls that is there.</summary>
    public static Argument<string> CallFile()
    {
        var file = new Argument<string>("FILE") { Description = "Calls, one a line: {\"id\", \"turns\": [{\"speaker\", \"text\", \"start_ms\"?, \"end_ms\"?}]}; - is the standard input." };
        file.Validators.Add(result =>
        {
            string path = result.GetValueOrDefault<string>();
            if (path != Calls.CallFile.StandardInput && !File.Exists(path)) result.AddError($"FILE is '{path}', which is no file");
        });
        return file;
    }

    /// <summary>A file of weights instead of those that are built in; a damaged or foreign one is refused.</summary>
    public static Option<string?> Model()
    {
        var model = new Option<string?>("--model") { Description = "A file of weights, as train writes it, instead of the built-in one.", HelpName = "FILE" };
        model.Validators.Add(result =>
        {
            string? path = result.GetValueOrDefault<string?>();
            if (path is not null && ModelFile.Read(path).Problem is { } problem) result.AddError($"--model is '{path}', no file of weights that can be used: {problem}");
        });
        return model;
    }

    /// <summary>What reads signals: with the model of a file, or the built-in one.</summary>
    /// <exception cref="IOException">The file could be used a moment ago, and cannot now.</exception>
    public static SignalReader ReaderOf(string? model)
    {
        if (model is null) return SignalReader.BuiltIn;
        var (reader, problem) = ModelFile.Read(model);
        return reader ?? throw new IOException($"{model}: {problem}");
    }

    /// <summary>The address of a server, if any.</summary>
    public static Option<string?> Server(string description)
    {
        var server = new Option<string?>("--server") { Description = description, HelpName = "URL" };
        server.Validators.Add(result =>
        {
            string? address = result.GetValueOrDefault<string?>();
            if (address is null || !ScoringServer.IsAddress(address))
                result.AddError($"--server is '{address}', must be http://host:port or https://host:port");
        });
        return server;
    }

    /// <summary>How fast calls are played.</summary>
    public static Option<Pace> Speed(Pace usual, string description) => new("--speed")
    {
        Description = description,
        HelpName = "X|max",
        DefaultValueFactory = _ => usual,
        CustomParser = result =>
        {
            string told = result.Tokens[0].Value;
            if (told.Equals("max", StringComparison.OrdinalIgnoreCase)) return Pace.Max;
            if (double.TryParse(told, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double speed) && speed is >= Pace.Slowest and <= Pace.Fastest)
                return Pace.Of(speed);
            result.AddError(string.Create(CultureInfo.InvariantCulture, $"--speed is '{told}', must be {Pace.Slowest} to {Pace.Fastest}, or max"));
            return usual;
        },
    };
}
