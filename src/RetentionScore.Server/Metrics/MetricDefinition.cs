namespace RetentionScore.Server.Metrics;

/// <summary>What a metric is to Prometheus.</summary>
internal enum MetricKind
{
    Counter,
    Gauge,
    Histogram,
}

/// <summary>A label and all the values it can have. Immutable.</summary>
/// <param name="Name">As Prometheus sees it.</param>
/// <param name="Values">The closed set; empty where <paramref name="Chosen"/> says what chooses them.</param>
/// <param name="Chosen">Who chooses the values where they are not known beforehand, never a client, and how many there can be.</param>
internal sealed record MetricLabel(string Name, string[] Values, string? Chosen = null)
{
    /// <summary>Where the values are not known beforehand: what takes the place of any beyond <see cref="Most"/>.</summary>
    internal const string Other = "other";

    /// <summary>How many values there can be where they are not known beforehand, <see cref="Other"/> not counted.</summary>
    internal const int Most = 8;

    internal int Count => Chosen is null ? Values.Length : Most + 1;
}

/// <summary>
/// One metric of the catalogue. Immutable. Its instrument has the same name, so that whoever gets it over OTLP finds what the dashboards ask for.
/// </summary>
/// <param name="Name">In full.</param>
/// <param name="Kind">What it is.</param>
/// <param name="Unit">s, By (bytes), or empty for a number of things.</param>
/// <param name="Help">One line, without a full stop inside.</param>
/// <param name="Labels">In the order in which they are recorded.</param>
internal sealed record MetricDefinition(string Name, MetricKind Kind, string Unit, string Help, MetricLabel[] Labels)
{
    /// <summary>Upper bounds of a histogram's buckets, that of infinity left out.</summary>
    internal double[] Buckets { get; init; } = [];

    /// <summary>Of the platform's own meters: which meter and instrument; null where the instrument is ours.</summary>
    internal ForeignInstrument? Source { get; init; }
}

/// <summary>An instrument of the platform.</summary>
/// <param name="Meter">Its meter's name.</param>
/// <param name="Name">Its own.</param>
/// <param name="Tag">The one tag that becomes the metric's label; all others are left out. Null for none.</param>
internal sealed record ForeignInstrument(string Meter, string Name, string? Tag = null);
