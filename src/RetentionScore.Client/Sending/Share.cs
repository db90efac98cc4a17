namespace RetentionScore.Client;

/// <summary>
/// What all calls of a client may hold together. Past the bound those that hold more than their part of it (the bound by the number of calls) give
/// up something with their next message, so that a few long outages do not cost all others theirs. Safe for any thread.
/// </summary>
internal sealed class Share(long most)
{
    private long held;
    private int members;

    /// <summary>What is held at the moment, by all.</summary>
    internal long Held => Interlocked.Read(ref held);

    internal void Join() => Interlocked.Increment(ref members);

    internal void Leave() => Interlocked.Decrement(ref members);

    internal void Add(long by) => Interlocked.Add(ref held, by);

    /// <summary>Whether a member that holds so much is to give something up.</summary>
    internal bool IsOver(long own) => Held > most && own * Math.Max(1, Volatile.Read(ref members)) > most;
}

/// <summary>The two that every call of a client has part in.</summary>
internal sealed class Shares(ScoringClientOptions options)
{
    /// <summary>Bytes of messages that may have to be sent again.</summary>
    internal Share KeptBytes { get; } = new(options.MaxKeptBytesInAll);

    /// <summary>Updates that nobody has read.</summary>
    internal Share WaitingUpdates { get; } = new(options.MaxWaitingUpdatesInAll);
}
