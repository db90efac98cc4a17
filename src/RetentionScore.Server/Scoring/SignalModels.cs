using RetentionScore.Core.Signals;
using RetentionScore.Server.Security;

namespace RetentionScore.Server.Scoring;

/// <summary>
/// The model that calls are opened with. Where it is that of a file, it is read again when the file changes: calls that live keep the model they
/// began with, those that begin or are restored afterwards take the new one. A file that cannot be used leaves the former model in force. Safe for any
/// thread.
/// </summary>
internal sealed partial class SignalModels
{
    private readonly WatchedFile<SignalReader>? file;
    private volatile SignalReader current;
    private volatile bool isRefused;

    /// <summary>One model for good.</summary>
    internal SignalModels(SignalReader reader) => current = reader;

    private SignalModels(string path, TimeProvider time, ILogger<SignalModels> logger)
    {
        file = new WatchedFile<SignalReader>([path], () => Read(path, logger), why => Refuse(logger, why), time);
        // The options were checked when they were read: only a file that was exchanged since then is not there.
        current = file.Current ?? throw new IOException($"{path}: {ModelFile.Read(path).Problem}");
    }

    /// <summary>What calls that begin now are read with.</summary>
    internal SignalReader Current => current;

    /// <summary>Whether the file that is there now cannot be used.</summary>
    internal bool IsRefused => isRefused;

    /// <summary>Whether there is a file to look at.</summary>
    internal bool IsWatched => file is not null;

    /// <summary>The model of a file.</summary>
    /// <exception cref="IOException">It cannot be used.</exception>
    internal static SignalModels OfFile(string path, TimeProvider time, ILogger<SignalModels> logger) => new(path, time, logger);

    /// <summary>Looks whether the file has changed; not for a thread that scores, as a model takes some tens of milliseconds to read.</summary>
    internal void Look() => current = file?.Current ?? current;

    private SignalReader Read(string path, ILogger logger)
    {
        var (reader, problem) = ModelFile.Read(path);
        if (reader is null) throw new FormatException(problem);
        isRefused = false;
        Loaded(logger, reader.Version, path);
        return reader;
    }

    private void Refuse(ILogger logger, string why)
    {
        isRefused = true;
        Refused(logger, current?.Version ?? "none", why);
    }

    [LoggerMessage(1, LogLevel.Information, "The model {Model} of {Path} reads calls that begin from now on.")]
    private static partial void Loaded(ILogger logger, string model, string path);

    [LoggerMessage(2, LogLevel.Warning, "A model cannot be used; {Model} stays in force. {Why}")]
    private static partial void Refused(ILogger logger, string model, string why);
}
