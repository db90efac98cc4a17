using System.Diagnostics;
using Microsoft.Extensions.Configuration;
using RetentionScore.Server.Options;

namespace RetentionScore.Server.Tests;

public sealed class OptionsTests
{
    private static OptionsOutcome Read(params (string Key, string Value)[] settings) => OptionsSource.From(
        new ConfigurationBuilder().AddInMemoryCollection(settings.Select(s => KeyValuePair.Create($"RetentionScore:{s.Key}", (string?)s.Value))).Build());

    [Fact]
    public void Nothing_IsTheDefaults()
    {
        OptionsOutcome read = Read();
        Assert.Empty(read.Problems);
        Assert.Equal(new ServerOptions(), read.Options);
        Assert.Equal("127.0.0.1:5080", read.Options.Listen.Grpc.ToString());
        Assert.Equal(TimeSpan.FromSeconds(10), read.Options.Drain.LameDuck);
    }

    [Fact]
    public void ShippedSettings_AreTheDefaults()
    {
        Assert.True(File.Exists(Path.Combine(AppContext.BaseDirectory, "appsettings.json")));
        OptionsOutcome read = OptionsSource.Read([]);
        Assert.Empty(read.Problems);
        // Whoever embeds the server says where it may write; the programs write where programs do.
        var shipped = new ServerOptions { Journal = new JournalOptions { Store = JournalStore.Sqlite } };
        Assert.Equal(shipped, read.Options);
        Assert.EndsWith(Path.Combine("retentionscore", "journal.db"), read.Options.Journal.Path, StringComparison.Ordinal);
    }

    [Fact]
    public void Journal_WithPostgresButNoDatabase_IsAProblem()
    {
        Assert.Contains("RetentionScore:Journal:ConnectionString is missing: must be an Npgsql connection string with Journal:Store=postgres", Read(("Journal:Store", "postgres")).Problems);
        Assert.Contains("RetentionScore:Journal:Store = 'mysql': must be one of memory, sqlite, postgres", Read(("Journal:Store", "mysql")).Problems);
        Assert.True(Read(("Journal:StoreText", "true")).Options.Journal.StoreText);
    }

    [Theory]
    [InlineData("0.0.0.0:5080", "127.0.0.1:5081", "Listen:Grpc = '0.0.0.0:5080': must be on loopback while there are no credentials")]
    [InlineData("127.0.0.1:5080", "[::]:5081", "Listen:Ops = '[::]:5081': must be on loopback while there are no credentials")]
    public void BeyondLoopback_WithoutCredentials_IsRefused_SayingHowToAllowIt(string grpc, string ops, string problem)
    {
        string told = Assert.Single(Read(("Listen:Grpc", grpc), ("Listen:Ops", ops)).Problems);
        Assert.StartsWith($"RetentionScore:{problem}", told, StringComparison.Ordinal);
        Assert.Contains("Security:AllowAnonymous=true", told, StringComparison.Ordinal);
        Assert.Empty(Read(("Listen:Grpc", grpc), ("Listen:Ops", ops), ("Security:AllowAnonymous", "true")).Problems);
    }

    [Fact]
    public void BeyondLoopback_WithCredentialsInTheClear_IsRefused_SayingHowToAllowIt()
    {
        string path = Path.GetTempFileName();
        File.WriteAllText(path, "[]");
        string told = Assert.Single(Read(("Listen:Grpc", "0.0.0.0:5080"), ("Security:ApiKeysPath", path)).Problems);
        Assert.Contains("Security:AllowPlaintext=true", told, StringComparison.Ordinal);
        Assert.Empty(Read(("Listen:Grpc", "0.0.0.0:5080"), ("Security:ApiKeysPath", path), ("Security:AllowPlaintext", "true")).Problems);
        File.Delete(path);
    }

    [Theory]
    [InlineData("Security:Jwt:Issuer", "me", "RetentionScore:Security:Jwt = '': must be all of Issuer, Audience and Jwks, or none")]
    [InlineData("Security:ApiKeysPath", "/nowhere/keys.json", "RetentionScore:Security:ApiKeysPath = '/nowhere/keys.json': must be a file of keys: ")]
    [InlineData("Tls:CertificatePath", "/nowhere/cert.pem", "RetentionScore:Tls:KeyPath = '': must be set where the other of certificate and key is")]
    [InlineData("Tls:ClientCaPath", "/nowhere/ca.pem", "RetentionScore:Tls:ClientCaPath = '/nowhere/ca.pem': must be set with Tls:CertificatePath and Tls:KeyPath only")]
    [InlineData("Security:AllowAnonymous", "maybe", "RetentionScore:Security:AllowAnonymous = 'maybe': must be true or false")]
    public void Security_HalfConfigured_IsAProblem(string key, string value, string problem) =>
        Assert.StartsWith(problem, Assert.Single(Read((key, value)).Problems), StringComparison.Ordinal);

    [Theory]
    [InlineData("""[{"name": "a", "sha256": "00", "roles": ["telephony"]}]""", "key 1 ('a'): sha256 must be 64 hexadecimal digits")]
    [InlineData("""[{"name": "a", "roles": ["telephony"]}]""", "key 1 ('a'): sha256 must be there, or certificate_sha256, but not both")]
    [InlineData("""[{"name": "a", "sha256": "0000000000000000000000000000000000000000000000000000000000000000", "roles": ["king"]}]""", "key 1 ('a'): roles must be telephony, supervisor, admin or metrics")]
    [InlineData("""[{"name": "a", "sha256": "0000000000000000000000000000000000000000000000000000000000000000", "tenant": "a b", "roles": ["admin"]}]""", "key 1 ('a'): tenant must be 1 to 64 letters")]
    [InlineData("""[{"name": "a", "key": "0"}]""", "line 1: no list of keys as docs/security.md has it")]
    [InlineData("""{""", "line 1: no list of keys as docs/security.md has it")]
    public void FileOfKeys_ThatIsWrong_IsNamedByEntryAndMember(string text, string problem)
    {
        string path = Path.GetTempFileName();
        File.WriteAllText(path, text);
        Assert.Contains(problem, Assert.Single(Read(("Security:ApiKeysPath", path)).Problems), StringComparison.Ordinal);
        File.Delete(path);
    }

    [Fact]
    public void Text_OfOptions_IsReadAgainAsTheSame_WithSecretsMasked()
    {
        string text = OptionsText.Write(Read(("Journal:Store", "postgres"), ("Journal:ConnectionString", "Host=db;Username=u;Password=hunter2;Database=d"), ("Drain:Time", "250ms")).Options);
        Assert.DoesNotContain("hunter2", text, StringComparison.Ordinal);
        Assert.Contains("Host=db;Username=u;Password=***;Database=d", text, StringComparison.Ordinal);
        OptionsOutcome again = OptionsSource.From(new ConfigurationBuilder().AddJsonStream(new MemoryStream(System.Text.Encoding.UTF8.GetBytes(text))).Build());
        Assert.Empty(again.Problems);
        Assert.Equal(TimeSpan.FromMilliseconds(250), again.Options.Drain.Time);
    }

    [Theory]
    [InlineData("250ms", 250)]
    [InlineData("2s", 2000)]
    [InlineData("1.5s", 1500)]
    [InlineData("2m", 120_000)]
    [InlineData("7", 7000)]
    [InlineData("00:00:03", 3000)]
    public void Durations_HaveUnits(string value, int ms)
    {
        OptionsOutcome read = Read(("Drain:Time", value));
        Assert.Empty(read.Problems);
        Assert.Equal(TimeSpan.FromMilliseconds(ms), read.Options.Drain.Time);
    }

    [Fact]
    public void EveryProblem_IsReportedAtOnce_NamingKeyValueAndLimit()
    {
        OptionsOutcome read = Read(
            ("Listen:Grpc", "nowhere"),
            ("Limits:MaxLiveCalls", "0"),
            ("Calls:IdleTimeout", "-5s"),
            ("Drain:LameDuck", "soon"),
            ("Limits:MaxTextChars", "many"),
            ("Limits:Typo", "1"),
            ("Unknown", "x"));
        Assert.Equal(7, read.Problems.Length);
        Assert.Contains("RetentionScore:Limits:MaxLiveCalls = '0': must be a whole number from 1 to 10000000", read.Problems);
        Assert.Contains(read.Problems, p => p.StartsWith("RetentionScore:Calls:IdleTimeout = '-5s': must be a time from 1s to 86400s", StringComparison.Ordinal));
        Assert.Contains("RetentionScore:Limits:Typo = '1': unknown key", read.Problems);
        Assert.Contains("RetentionScore:Unknown = 'x': unknown key", read.Problems);
    }

    [Theory]
    [InlineData("127.0.0.1:5080", "127.0.0.1:5080", true)]
    [InlineData("0.0.0.0:5080", "127.0.0.1:5080", true)]
    [InlineData("127.0.0.1:5080", "[::]:5080", true)]
    [InlineData("127.0.0.1:5080", "127.0.0.2:5080", false)]
    [InlineData("127.0.0.1:0", "127.0.0.1:0", false)]
    public void BothPortsTheSame_IsAProblem(string grpc, string ops, bool isProblem)
    {
        OptionsOutcome read = Read(("Listen:Grpc", grpc), ("Listen:Ops", ops), ("Security:AllowAnonymous", "true"));
        if (isProblem) Assert.Equal<string>([$"RetentionScore:Listen:Ops = '{ops}': must be another address or port than Listen:Grpc = '{grpc}'"], read.Problems);
        else Assert.Empty(read.Problems);
    }

    [Fact]
    public void Flags_GoBeforeTheFile_AndUnknownOnesAreReported()
    {
        OptionsOutcome read = OptionsSource.Read(["--Drain:LameDuck=0", "--RetentionScore:Limits:MaxLiveCalls=7", "--Logging:LogLevel:Default=Debug"]);
        Assert.Empty(read.Problems);
        Assert.Equal(TimeSpan.Zero, read.Options.Drain.LameDuck);
        Assert.Equal(7, read.Options.Limits.MaxLiveCalls);
        Assert.Equal(2, OptionsSource.Read(["--Drian:LameDuck=0", "serve"]).Problems.Length);
    }

    [Fact]
    public async Task Process_WithBadOptions_SaysAllAndExitsWithNotZero()
    {
        (int code, string errors, _) = await RunAsync("--Limits:MaxLiveCalls=0", "--Drain:Time=never");
        Assert.NotEqual(0, code);
        Assert.Contains("MaxLiveCalls", errors, StringComparison.Ordinal);
        Assert.Contains("Drain:Time", errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Process_WithATakenPort_SaysSoAndExitsWithNotZero()
    {
        await using TestServer server = await TestServer.StartAsync();
        (int code, string errors, string output) = await RunAsync($"--Listen:Grpc=127.0.0.1:{server.Address.Port}", "--Listen:Ops=127.0.0.1:0");
        Assert.NotEqual(0, code);
        Assert.Contains(server.Address.Port.ToString(System.Globalization.CultureInfo.InvariantCulture), errors, StringComparison.Ordinal);
        // One line, no stack.
        Assert.Single(errors.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.DoesNotContain("   at ", output, StringComparison.Ordinal);
    }

    private static async Task<(int Code, string Errors, string Output)> RunAsync(params string[] args)
    {
        var info = new ProcessStartInfo("dotnet", [typeof(ServerHost).Assembly.Location, .. args])
        {
            UseShellExecute = false,
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        // The environment is a source too.
        info.Environment["RETENTIONSCORE__CALLS__TICKINTERVAL"] = "1s";
        using Process process = Process.Start(info)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        string errors = await process.StandardError.ReadToEndAsync().Within();
        await process.WaitForExitAsync().Within();
        return (process.ExitCode, errors, await output.Within());
    }
}
