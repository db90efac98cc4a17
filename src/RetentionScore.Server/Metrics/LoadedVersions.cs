namespace RetentionScore.Server.Metrics;

/// <summary>
/// Places for versions of policies or of models, which operators choose and may exchange for ever: a version keeps its place, and what is beyond the bound shares the
/// last. Safe for any thread.
/// </summary>
internal sealed class LoadedVersions
{
    private readonly Lock adding = new();
    private readonly string?[] names = new string?[MetricLabel.Most + 1];

    /// <summary>The value of the label at a place; null where none is there.</summary>
    internal string? Name(int place) => Volatile.Read(ref names[place]);

    /// <summary>The place of a version.</summary>
    internal int PlaceOf(string version)
    {
        for (int i = 0; i < MetricLabel.Most; i++)
        {
            string? name = Name(i);
            if (name is null) break;
            if (string.Equals(name, version, StringComparison.Ordinal)) return i;
        }

        lock (adding)
        {
            for (int i = 0; i < MetricLabel.Most; i++)
            {
                if (string.Equals(names[i], version, StringComparison.Ordinal)) return i;
                if (names[i] is not null) continue;
                Volatile.Write(ref names[i], version);
                return i;
            }

            Volatile.Write(ref names[MetricLabel.Most], MetricLabel.Other);
            return MetricLabel.Most;
        }
    }
}
