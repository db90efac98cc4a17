using System.Diagnostics.Metrics;

namespace RetentionScore.Server.Metrics;

/// <summary>Listens to the server's meter, and to what the catalogue has of the platform's, and keeps what is recorded, for <see cref="Exposition"/>. Safe for any thread.</summary>
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
        if (DefinitionOf(instrument) is not { } definition) return;
        var recorded = new RecordedInstrument(definition, instrument);
        lock (scraping) instruments = [.. instruments, recorded];
        to.EnableMeasurementEvents(instrument, recorded);
    }

    private MetricDefinition? DefinitionOf(Instrument instrument)
    {
        if (ReferenceEquals(instrument.Meter, meter)) return MetricCatalogue.Of(instrument.Name);
        // Another server in this process has meters of the same names; the runtime's are nobody's.
        return instrument.Meter.Scope is null || ReferenceEquals(instrument.Meter.Scope, meter.Scope) ? MetricCatalogue.Of(instrument.Meter.Name, instrument.Name) : null;
    }
}
