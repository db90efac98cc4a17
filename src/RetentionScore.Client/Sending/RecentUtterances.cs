namespace RetentionScore.Client;

/// <summary>
/// The recogniser's ids of the last 64 final utterances. The server counts a repeated id once, without a seq; so must whoever counts seqs. Not
/// thread-safe.
/// </summary>
internal sealed class RecentUtterances
{
    private const int Capacity = 64;
    private const int MaxIdBytes = 64;

    private readonly Queue<string> order = new();
    private readonly HashSet<string> ids = new(StringComparer.Ordinal);

    /// <summary>Whether the id is among them. An empty one never is, nor one that the server ignores for its length.</summary>
    internal bool Contains(string id) => id.Length > 0 && ids.Contains(id);

    internal void Add(string id)
    {
        if (id.Length == 0 || System.Text.Encoding.UTF8.GetByteCount(id) > MaxIdBytes || !ids.Add(id)) return;
        order.Enqueue(id);
        if (order.Count > Capacity) ids.Remove(order.Dequeue());
    }
}
