using System.Diagnostics.Metrics;
using System.Text;

namespace RetentionScore.Server.Metrics;

/// <summary>
/// What was recorded of one metric, by labels. Recording takes no lock and allocates nothing once a set of labels is known. The catalogue bounds the
/// labels: a value that is not in it becomes "other", a tag that is not in it is left out. Safe for any thread.
/// </summary>
internal sealed class RecordedInstrument
{
    private readonly Lock adding = new();
    private readonly bool isTold;
    private volatile RecordedSeries[] series = [];
    private int expected;

    internal RecordedInstrument(MetricDefinition definition, Instrument instrument)
    {
        Definition = definition;
        // Told as it stands when it is asked for; otherwise told what is added.
        isTold = instrument.IsObservable;
        // All there from the start: an alert on what never happened must not find nothing.
        if (Definition.Kind == MetricKind.Gauge && isTold || Array.Exists(Definition.Labels, label => label.Chosen is not null)) return;
        foreach (string[] values in Combinations(Definition.Labels)) AddSeries(values);
    }

    internal MetricDefinition Definition { get; }

    internal RecordedSeries[] Series => series;

    internal void Record(double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        RecordedSeries found = Find(tags) ?? Add(tags);
        if (Definition.Kind == MetricKind.Histogram) found.Observe(value, Definition.Buckets);
        else if (isTold) found.Set(value);
        else found.Add(value);
    }

    private RecordedSeries? Find(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        RecordedSeries[] all = series;
        // What is told when it is asked for is always told in the same order.
        if (isTold && expected < all.Length && Matches(all[expected], tags)) return all[expected++];
        for (int i = 0; i < all.Length; i++)
        {
            if (!Matches(all[i], tags)) continue;
            expected = i + 1;
            return all[i];
        }

        return null;
    }

    private bool Matches(RecordedSeries one, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        MetricLabel[] labels = Definition.Labels;
        if (labels.Length == 0) return true;
        if (Definition.Source is { } foreign) return string.Equals(TagOf(tags, foreign.Tag), one.Values[0], StringComparison.Ordinal);
        for (int i = 0; i < labels.Length; i++)
        {
            if (!string.Equals(tags[i].Value as string, one.Values[i], StringComparison.Ordinal)) return false;
        }

        return true;
    }

    /// <summary>The slow way: once for each set of labels, and for values that the catalogue does not have.</summary>
    private RecordedSeries Add(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        MetricLabel[] labels = Definition.Labels;
        string[] values = new string[labels.Length];
        lock (adding)
        {
            for (int i = 0; i < labels.Length; i++)
            {
                string value = (Definition.Source is { } foreign ? TagOf(tags, foreign.Tag) : tags[i].Value as string) ?? MetricLabel.Other;
                values[i] = IsAllowed(i, value) ? value : MetricLabel.Other;
            }

            return Array.Find(series, one => one.Values.AsSpan().SequenceEqual(values)) ?? AddSeries(values);
        }
    }

    private bool IsAllowed(int label, string value)
    {
        MetricLabel of = Definition.Labels[label];
        if (of.Chosen is null) return Array.IndexOf(of.Values, value) >= 0;
        string[] known = [.. series.Select(one => one.Values[label]).Distinct(StringComparer.Ordinal)];
        return known.Contains(value, StringComparer.Ordinal) || known.Length < MetricLabel.Most;
    }

    private RecordedSeries AddSeries(string[] values)
    {
        var added = new RecordedSeries(Definition, values);
        series = [.. series, added];
        return added;
    }

    private static string? TagOf(ReadOnlySpan<KeyValuePair<string, object?>> tags, string? name)
    {
        foreach (KeyValuePair<string, object?> tag in tags)
        {
            if (string.Equals(tag.Key, name, StringComparison.Ordinal)) return tag.Value as string;
        }

        return null;
    }

    private static IEnumerable<string[]> Combinations(MetricLabel[] labels) => labels.Aggregate(
        Enumerable.Repeat<string[]>([], 1), (before, label) => before.SelectMany(values => label.Values.Select(value => (string[])[.. values, value])));
}

/// <summary>The values of one set of labels. Safe for any thread; a scrape may see a measurement half.</summary>
internal sealed class RecordedSeries
{
    private readonly long[] buckets;
    private double value;

    internal RecordedSeries(MetricDefinition definition, string[] values)
    {
        Values = values;
        buckets = new long[definition.Kind == MetricKind.Histogram ? definition.Buckets.Length + 1 : 0];
        Rendered = Encoding.UTF8.GetBytes(string.Join(',', definition.Labels.Select((label, i) => $"{label.Name}=\"{Exposition.Escape(values[i], quotes: true)}\"")));
    }

    /// <summary>Of the labels, in the catalogue's order.</summary>
    internal string[] Values { get; }

    /// <summary>The labels as text: a="b",c="d".</summary>
    internal byte[] Rendered { get; }

    /// <summary>A counter's or gauge's value, or the sum of what a histogram saw.</summary>
    internal double Value => Volatile.Read(ref value);

    /// <summary>How many values fell into a bucket, those of lower buckets not included.</summary>
    internal long Bucket(int index) => Volatile.Read(ref buckets[index]);

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
