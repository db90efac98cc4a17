using System.Globalization;
using RetentionScore.Core.Signals;

namespace RetentionScore.Server.Scoring;

/// <summary>A model of signals as a file, as <c>retentionscore train</c> writes it. Nothing of a file that is damaged or foreign is used.</summary>
public static class ModelFile
{
    /// <summary>A reader with the model of a file; or, in one line without the path, why there is none.</summary>
    public static (SignalReader? Reader, string? Problem) Read(string path)
    {
        try
        {
            using FileStream file = File.OpenRead(path);
            // Nobody reads a file of gigabytes to find that it is none of ours.
            if (file.Length > SignalReader.MostModelBytes)
                return (null, string.Create(CultureInfo.InvariantCulture, $"{file.Length} bytes, must be at most {SignalReader.MostModelBytes}"));
            byte[] bytes = new byte[file.Length];
            file.ReadExactly(bytes);
            return SignalReader.WithModel(bytes);
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            return (null, unreadable.Message);
        }
    }
}
