using RetentionScore.Core.Signals.Linear;

namespace RetentionScore.Cli.Learning;

/// <summary>Puts the signals of one model in the place of the same signals of another, so that one can be measured as if it had learned less.</summary>
internal static class Graft
{
    /// <summary>The tables with the heads of others that have the same signals.</summary>
    public static LinearTables Of(LinearTables into, LinearTables from)
    {
        int heads = into.Heads.Length;
        int[] sourceOf = [.. into.Heads.Select(head => Array.FindIndex(from.Heads, other => other.Signal == head.Signal))];
        var (wordKeys, wordRows) = Merge(into.WordKeys, into.WordRows, from.WordKeys, from.WordRows, heads, from.Heads.Length, sourceOf);
        var (featureKeys, featureRows) = Merge(into.FeatureKeys, into.FeatureRows, from.FeatureKeys, from.FeatureRows, heads, from.Heads.Length, sourceOf);
        short[] direct = [.. into.DirectRows];
        for (int i = 0; i < direct.Length; i++)
        {
            if (sourceOf[i % heads] is >= 0 and var source) direct[i] = from.DirectRows[(i / heads * from.Heads.Length) + source];
        }

        return new LinearTables([.. into.Heads.Select((head, h) => sourceOf[h] < 0 ? head : from.Heads[sourceOf[h]])], wordKeys, wordRows, featureKeys, featureRows, direct);
    }

    private static (ulong[] Keys, T[] Rows) Merge<T>(ulong[] keys, T[] rows, ulong[] otherKeys, T[] otherRows, int heads, int otherHeads, int[] sourceOf)
        where T : struct
    {
        var other = otherKeys.Index().ToDictionary(item => item.Item, item => item.Index);
        ulong[] all = [.. keys, .. otherKeys.Except(keys)];
        var merged = new T[all.Length * heads];
        for (int row = 0; row < all.Length; row++)
        {
            int found = other.GetValueOrDefault(all[row], -1);
            for (int h = 0; h < heads; h++)
            {
                int at = (row * heads) + h;
                if (sourceOf[h] >= 0) merged[at] = found < 0 ? default : otherRows[(found * otherHeads) + sourceOf[h]];
                else if (row < keys.Length) merged[at] = rows[at];
            }
        }

        return (all, merged);
    }
}
