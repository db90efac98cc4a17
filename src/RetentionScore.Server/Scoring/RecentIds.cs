namespace RetentionScore.Server.Scoring;

/// <summary>The recogniser's ids of a call's last 64 final utterances. Takes no memory on calls without ids. Not thread-safe.</summary>
internal sealed class RecentIds
{
    private const int Capacity = 64;

    private string[] ids = [];
    private int next;

    /// <summary>The id of the last utterance that had one; empty before.</summary>
    internal string Last { get; private set; } = "";

    internal bool Contains(string id) => id.Length > 0 && Array.IndexOf(ids, id) >= 0;

    internal void Add(string id)
    {
        if (id.Length == 0) return;
        Last = id;
        if (next >= ids.Length && ids.Length < Capacity) Array.Resize(ref ids, Math.Max(4, ids.Length * 2));
        ids[next] = id;
        next = next + 1 == Capacity ? 0 : next + 1;
    }
}
