using System.Diagnostics.Metrics;

namespace RetentionScore.Server.Metrics;

/// <summary>Listens to one meter and keeps what its instruments record, for <see cref="Exposition"/>. Safe for any thread.</summary>
internal sealed class MetricRecorder : IDisposable
{
    private readonly MeterListener listener = new();
    private readonly Lock scraping = new();
    private readonly Meter meter;
    private volatile RecordedInstrument[] instruments = [];

    public MetricRecorder(ServerMetrics metrics)
    {
        meter = metrics.Meter;
        listener.InstrumentPublished = Publish;
        listener.SetMeasurementEventCallback<double>(static (_, value, tags, state) => ((RecordedInstrument)state!).Record(value, tags));
        listener.SetMeasurementEventCallback<long>(static (_, value, tags, state) => ((RecordedInstrument)state!).Record(value, tags));
        listener.SetMeasurementEventCallback<int>(static (_, value, tags, state) => ((RecordedInstrument)state!).Record(value, tags));
        listener.Start();
    }

    /// <summary>All instruments in the order they were made, gauges as they stand now.</summary>
    internal RecordedInstrument[] Scrape()
    {
        lock (scraping) listener.RecordObservableInstruments();
        return instruments;
    }

    public void Dispose() => listener.Dispose();

    private void Publish(Instrument instrument, MeterListener to)
    {
        // Another server in this process has a meter of the same name.
        if (!ReferenceEquals(instrument.Meter, meter)) return;
        MetricKind kind = instrument switch
        {
            Histogram<double> => MetricKind.Histogram,
            Counter<long> or ObservableCounter<long> or ObservableCounter<double> => MetricKind.Counter,
            _ => MetricKind.Gauge,
        };
        double[] bounds = instrument is Histogram<double> { Advice.HistogramBucketBoundaries: { } advised } ? [.. advised] : [];
        var recorded = new RecordedInstrument($"{meter.Name}_{instrument.Name}", instrument, kind, bounds);
        lock (scraping) instruments = [.. instruments, recorded];
        to.EnableMeasurementEvents(instrument, recorded);
    }
}
