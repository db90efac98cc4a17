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
