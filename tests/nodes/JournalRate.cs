using System.Diagnostics;
using System.Globalization;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using RetentionScore.Server;
using RetentionScore.Server.Calls;
using RetentionScore.Server.Journal;
using RetentionScore.Server.Options;
using RetentionScore.Server.Tests.Journal;

namespace RetentionScore.Nodes;

/// <summary>How many records of utterances a journal takes in a second, until they are durable; nothing is scored meanwhile.</summary>
internal static class JournalRate
{
    private const int Calls = 1000;
    private const int Utterances = 500_000;
    private const int RecordBytes = 64; // of an utterance with three signals and an id

    internal static async Task<int> MeasureAsync(string folder)
    {
        Directory.CreateDirectory(folder);
        foreach (string file in Directory.GetFiles(folder, "rate.db*")) File.Delete(file);
        await MeasureAsync("sqlite", new JournalOptions { Store = JournalStore.Sqlite, Path = Path.Combine(folder, "rate.db") });
        using var postgres = new PostgresServer();
        await MeasureAsync("postgres", new JournalOptions { Store = JournalStore.Postgres, ConnectionString = postgres.NewDatabase() });
        return 0;
    }

    private static async Task MeasureAsync(string name, JournalOptions journal)
    {
        var options = new ServerOptions { Journal = journal, Listen = new ListenOptions { Grpc = new IPEndPoint(IPAddress.Loopback, 0), Ops = new IPEndPoint(IPAddress.Loopback, 0) } };
        await using WebApplication app = ServerHost.Build(options, builder => builder.Logging.ClearProviders());
        await app.StartAsync();
        var writer = app.Services.GetRequiredService<JournalWriter>();
        var opening = new CallOpening([], null, "", "", 0);
        var calls = new CallJournal[Calls];
        for (int i = 0; i < Calls; i++)
        {
            var claim = new Claim(new CallKey("default", $"call-{i}"), ClaimMode.CreateOrAttach, 1, i + 1, opening);
            ClaimOutcome outcome = await writer.ClaimAsync(claim) ?? throw new InvalidOperationException("the journal cannot be reached");
            calls[i] = new CallJournal(writer, claim, outcome.CallNo, outcome.Epoch, TimeProvider.System);
        }

        byte[] record = new byte[RecordBytes];
        TimeSpan used = Environment.CpuUsage.TotalTime;
        var clock = Stopwatch.StartNew();
        for (int n = 0; n < Utterances; n++)
        {
            while (writer.PendingBytes > 16 * 1024 * 1024) await Task.Delay(1);
            calls[n % Calls].Append((uint)(n / Calls) + 1, record, default, default);
        }

        foreach (CallJournal call in calls) await call.WhenDurableAsync(Utterances / Calls, Timeout.InfiniteTimeSpan);
        double seconds = clock.Elapsed.TotalSeconds, cpu = (Environment.CpuUsage.TotalTime - used).TotalMicroseconds / Utterances;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name}: {Utterances / seconds:N0} utterances a second of {Calls} calls, {cpu:0.00} µs of CPU each in the server's process"));
        await app.StopAsync();
    }
}
