namespace RetentionScore.LoadTests.Servers;

/// <summary>What the server's process had used at a moment.</summary>
/// <param name="CpuSeconds">User and system time; NaN where it cannot be known.</param>
/// <param name="ResidentBytes">Memory in RAM; NaN where it cannot be known.</param>
/// <param name="Metrics">Its /metrics, asked for at that moment.</param>
internal sealed record ServerSample(double CpuSeconds, double ResidentBytes, Task<MetricsPage> Metrics);
