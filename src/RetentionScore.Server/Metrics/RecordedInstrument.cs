using System.Diagnostics.Metrics;

namespace RetentionScore.Server.Metrics;

/// <summary>What an instrument is to Prometheus.</summary>
internal enum MetricKind
{
    Counter,
    Gauge,
    Histogram,
}

/// <summary>
/// What was recorded of one instrument, by labels. Recording takes no lock and allocates nothing once a set of labels is known; sets of labels
/// beyond the bound are dropped. Safe for any thread.
/// </summary>
internal sealed class RecordedInstrument(string name, Instrument instrument, MetricKind kind, double[] bounds)
{
    private const int MaxSeries = 200;

    private readonly Lock adding = new();
    private volatile RecordedSeries[] series = [];

    internal string Name => name;

    internal string Description => instrument.Description ?? "";

    internal MetricKind Kind => kind;

    /// <summary>Upper bounds of a histogram's buckets, that of infinity left out.</summary>
    internal double[] Bounds => bounds;

    internal RecordedSeries[] Series => series;

    internal void Record(double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        if ((Find(tags) ?? Add(tags)) is not { } found) return;
        switch (kind)
        {
            case MetricKind.Counter when !instrument.IsObservable:
                found.Add(value);
                break;
            case MetricKind.Counter: // counted elsewhere, told as it stands
            case MetricKind.Gauge:
                found.Set(value);
                break;
            default:
                found.Observe(value, bounds);
                break;
        }
    }

    private RecordedSeries? Find(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        foreach (RecordedSeries one in series)
        {
            if (one.Matches(tags)) return one;
        }

        return null;
    }

    private RecordedSeries? Add(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        lock (adding)
        {
            if (Find(tags) is { } quicker) return quicker;
            if (series.Length == MaxSeries) return null;
            var added = new RecordedSeries(tags, kind == MetricKind.Histogram ? bounds.Length + 1 : 0);
            series = [.. series, added];
            return added;
        }
    }
}

/// <summary>The values of one set of labels. Safe for any thread; a scrape may see a measurement half.</summary>
internal sealed class RecordedSeries
{
    private readonly long[] buckets;
    private double value;

    internal RecordedSeries(ReadOnlySpan<KeyValuePair<string, object?>> tags, int bucketCount)
    {
        Labels = new KeyValuePair<string, string>[tags.Length];
        for (int i = 0; i < tags.Length; i++) Labels[i] = KeyValuePair.Create(tags[i].Key, tags[i].Value?.ToString() ?? "");
        buckets = new long[bucketCount];
    }

    internal KeyValuePair<string, string>[] Labels { get; }

    /// <summary>A counter's or gauge's value, or the sum of what a histogram saw.</summary>
    internal double Value => Volatile.Read(ref value);

    /// <summary>How many values fell into a bucket, those of lower buckets not included.</summary>
    internal long Bucket(int index) => Volatile.Read(ref buckets[index]);

    internal bool Matches(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        if (tags.Length != Labels.Length) return false;
        for (int i = 0; i < tags.Length; i++)
        {
            if (!string.Equals(tags[i].Key, Labels[i].Key, StringComparison.Ordinal)
                || !string.Equals(tags[i].Value as string, Labels[i].Value, StringComparison.Ordinal)) return false;
        }

        return true;
    }

    internal void Set(double to) => Volatile.Write(ref value, to);

    internal void Add(double amount)
    {
        double seen = Volatile.Read(ref value);
        while (true)
        {
            double found = Interlocked.CompareExchange(ref value, seen + amount, seen);
            if (found.Equals(seen)) return;
            seen = found;
        }
    }

    internal void Observe(double measured, double[] bounds)
    {
        int bucket = 0;
        while (bucket < bounds.Length && measured > bounds[bucket]) bucket++;
        Interlocked.Increment(ref buckets[bucket]);
        Add(measured);
    }
}
