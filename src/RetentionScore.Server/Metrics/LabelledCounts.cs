using System.Diagnostics.Metrics;

namespace RetentionScore.Server.Metrics;

/// <summary>
/// Numbers by the labels of one metric of the catalogue: one for each combination of their values, all there from the start, so that an alert on what
/// never happened finds 0 and not nothing. Counting is one interlocked addition. Safe for any thread.
/// </summary>
internal sealed class LabelledCounts
{
    private readonly MetricDefinition definition;
    private readonly LoadedVersions[] chosen;
    private readonly long[] counts;
    private readonly int inner;

    /// <param name="meter">Gets an instrument that tells the numbers when it is asked.</param>
    /// <param name="definition">A counter, or a gauge that rises and falls.</param>
    /// <param name="chosen">Names the values of the labels that are not closed, in their order.</param>
    internal LabelledCounts(Meter meter, MetricDefinition definition, params LoadedVersions[] chosen)
    {
        this.definition = definition;
        this.chosen = chosen;
        counts = new long[definition.Labels.Aggregate(1, (product, label) => product * label.Count)];
        inner = definition.Labels.Length == 0 ? 1 : counts.Length / definition.Labels[0].Count;
        if (definition.Kind == MetricKind.Counter) meter.CreateObservableCounter(definition.Name, Read, definition.Unit, definition.Help);
        else meter.CreateObservableUpDownCounter(definition.Name, Read, definition.Unit, definition.Help);
    }

    /// <summary>Adds to the number of one combination.</summary>
    /// <param name="first">Place of the first label's value.</param>
    /// <param name="second">Place of the second label's value, or of all labels behind the first as one number.</param>
    /// <param name="by">How much.</param>
    internal void Add(int first = 0, int second = 0, long by = 1) => Interlocked.Add(ref counts[first * inner + second], by);

    /// <summary>Adds to the number of one combination.</summary>
    /// <param name="place">Places of the values as one number, the last label's the fastest.</param>
    /// <param name="by">How much.</param>
    internal void AddAt(int place, long by) => Interlocked.Add(ref counts[place], by);

    private IEnumerable<Measurement<long>> Read()
    {
        if (definition.Labels.Length == 0) return [new Measurement<long>(Volatile.Read(ref counts[0]))];
        var read = new List<Measurement<long>>(chosen.Length == 0 ? counts.Length : 0);
        Span<int> places = stackalloc int[definition.Labels.Length];
        var tags = new KeyValuePair<string, object?>[definition.Labels.Length];
        for (int i = 0; i < counts.Length; i++)
        {
            bool isNamed = true;
            int open = chosen.Length;
            for (int label = definition.Labels.Length - 1, rest = i; label >= 0; label--)
            {
                MetricLabel of = definition.Labels[label];
                (rest, places[label]) = (rest / of.Count, rest % of.Count);
                string? value = of.Chosen is null ? of.Values[places[label]] : chosen[--open].Name(places[label]);
                isNamed &= value is not null;
                tags[label] = new KeyValuePair<string, object?>(of.Name, value);
            }

            if (isNamed) read.Add(new Measurement<long>(Volatile.Read(ref counts[i]), tags));
        }

        return read;
    }
}
