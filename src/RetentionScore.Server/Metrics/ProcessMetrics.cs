using System.Diagnostics.Metrics;

namespace RetentionScore.Server.Metrics;

/// <summary>The part of the catalogue that is the process's: processor time, memory, and what the garbage collector does. Read when it is looked at.</summary>
internal static class ProcessMetrics
{
    internal static void Observe(Meter meter)
    {
        meter.CreateObservableCounter("cpu_seconds_total", () => Environment.CpuUsage.TotalTime.TotalSeconds, "s", "Processor time of the process.");
        meter.CreateObservableGauge("resident_memory_bytes", () => Environment.WorkingSet, "By", "Memory of the process that is in RAM.");
        meter.CreateObservableCounter("gc_allocated_bytes_total", () => GC.GetTotalAllocatedBytes(), "By", "Bytes allocated on the managed heap.");
        meter.CreateObservableCounter("gc_pause_seconds_total", () => GC.GetTotalPauseDuration().TotalSeconds, "s", "Time for which the collector stopped the process.");
        meter.CreateObservableCounter("gc_collections_total", Collections, description: "Collections, by the oldest generation that was collected.");
        meter.CreateObservableGauge("gc_heap_bytes", () => GC.GetTotalMemory(forceFullCollection: false), "By", "Managed heap in use, garbage included.");
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
