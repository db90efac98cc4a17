using RetentionScore.Server.Security;

namespace RetentionScore.Server.Tests.Security;

/// <summary>Files that change under a running server.</summary>
public sealed class WatchedFileTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("retentionscore-watched-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    /// <summary>As Kubernetes mounts a secret: key → ..data/key, ..data → a folder that is exchanged as a whole; the new key is as long as the old.</summary>
    [Fact]
    public void Current_FolderBehindALinkIsExchanged_IsReadAgain()
    {
        string Write(string name, string content, DateTime written)
        {
            string path = Path.Combine(Directory.CreateDirectory(Path.Combine(folder, name)).FullName, "key");
            File.WriteAllText(path, content);
            File.SetLastWriteTimeUtc(path, written);
            return name;
        }

        string data = Path.Combine(folder, "..data"), key = Path.Combine(folder, "key");
        DateTime noon = new(2026, 1, 1, 12, 0, 0, DateTimeKind.Utc);
        Directory.CreateSymbolicLink(data, Write("..one", "first", noon));
        File.CreateSymbolicLink(key, Path.Combine("..data", "key"));
        var time = new FakeTime();
        var watched = new WatchedFile<string>([key], () => File.ReadAllText(key), _ => { }, time);
        Assert.Equal("first", watched.Current);

        Directory.Delete(data);
        Directory.CreateSymbolicLink(data, Write("..two", "later", noon.AddMinutes(1)));
        time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal("later", watched.Current);
    }
}
