using System.Diagnostics.Metrics;
using Catalogue = RetentionScore.Server.Metrics.MetricCatalogue;

namespace RetentionScore.Server.Metrics;

/// <summary>The part of the catalogue that is the process's: processor time, memory, and what the garbage collector does. Read when it is looked at.</summary>
internal static class ProcessMetrics
{
    internal static void Observe(Meter meter)
    {
        Counter(Catalogue.CpuSeconds, () => Environment.CpuUsage.TotalTime.TotalSeconds);
        Gauge(Catalogue.ResidentMemory, () => Environment.WorkingSet);
        Counter(Catalogue.GcAllocated, () => GC.GetTotalAllocatedBytes());
        Counter(Catalogue.GcPause, () => GC.GetTotalPauseDuration().TotalSeconds);
        Gauge(Catalogue.GcLastPause, LastPauseSeconds);
        meter.CreateObservableCounter(Catalogue.GcCollections.Name, Collections, description: Catalogue.GcCollections.Help);
        Gauge(Catalogue.GcHeap, () => GC.GetTotalMemory(forceFullCollection: false));

        void Counter<T>(MetricDefinition definition, Func<T> value)
            where T : struct => meter.CreateObservableCounter(definition.Name, value, definition.Unit, definition.Help);

        void Gauge<T>(MetricDefinition definition, Func<T> value)
            where T : struct => meter.CreateObservableGauge(definition.Name, value, definition.Unit, definition.Help);
    }

    private static double LastPauseSeconds()
    {
        TimeSpan pause = TimeSpan.Zero;
        foreach (TimeSpan part in GC.GetGCMemoryInfo(GCKind.Any).PauseDurations) pause += part;
        return pause.TotalSeconds;
    }

    private static IEnumerable<Measurement<long>> Collections()
    {
        // The runtime counts a collection of a generation as one of each younger one, too.
        int oldest = GC.CollectionCount(2), middle = GC.CollectionCount(1), youngest = GC.CollectionCount(0);
        yield return Of("0", youngest - middle);
        yield return Of("1", middle - oldest);
        yield return Of("2", oldest);
    }

    private static Measurement<long> Of(string generation, int collections) => new(collections, new KeyValuePair<string, object?>("generation", generation));
}
