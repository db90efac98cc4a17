using System.Globalization;

namespace RetentionScore.LoadTests.Servers;

/// <summary>Looks at a server while it is under load: its process, where it is on this machine, and its /metrics, where they are known.</summary>
internal sealed class ServerWatch(int? processId, Uri? ops) : IDisposable
{
    // USER_HZ is 100 on every Linux that .NET runs on.
    private const double TicksPerSecond = 100;
    private const int UserTicks = 11, SystemTicks = 12, ResidentPages = 21;

    private readonly HttpClient http = new() { Timeout = TimeSpan.FromSeconds(30) };

    /// <summary>Takes a sample; the scrape goes on beside it.</summary>
    internal ServerSample Take()
    {
        Task<MetricsPage> metrics = ops is null ? Task.FromResult(MetricsPage.Empty) : Task.Run(ScrapeAsync);
        if (processId is not { } id) return new ServerSample(double.NaN, double.NaN, metrics);
        // The name, in parentheses, may hold spaces; what follows it does not.
        string stat = File.ReadAllText($"/proc/{id}/stat");
        string[] fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        return new ServerSample((Number(UserTicks) + Number(SystemTicks)) / TicksPerSecond, Number(ResidentPages) * Environment.SystemPageSize, metrics);

        double Number(int field) => double.Parse(fields[field], CultureInfo.InvariantCulture);
    }

    public void Dispose() => http.Dispose();

    private async Task<MetricsPage> ScrapeAsync()
    {
        try
        {
            return MetricsPage.Parse(await http.GetStringAsync(new Uri(ops!, "/metrics")).ConfigureAwait(false));
        }
        catch (Exception unreachable) when (unreachable is HttpRequestException or TaskCanceledException)
        {
            return MetricsPage.Empty;
        }
    }
}
