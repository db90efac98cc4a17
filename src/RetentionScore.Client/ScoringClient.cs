using RetentionScore.V1;

namespace RetentionScore.Client;

/// <summary>
/// A client of RetentionScore servers. Make one and share it: it holds the connections, and any number of calls go over them at once. Safe for any
/// thread.
/// </summary>
public sealed class ScoringClient : IAsyncDisposable
{
    private readonly ScoringClientOptions options;
    private readonly Nodes nodes;
    private readonly StreamCarrier streams;
    private readonly Shares shares;
    private int isDisposed;

    /// <summary>A client of one address: a server, or the proxy before several.</summary>
    /// <param name="address"><c>http://host:port</c> (HTTP/2 without TLS) or <c>https://host:port</c>. It connects with its first call.</param>
    /// <exception cref="ArgumentException">That is no such address.</exception>
    public ScoringClient(string address)
        : this([new Uri(address)], new ScoringClientOptions())
    {
    }

    /// <summary>A client of several nodes that share a journal: calls are spread over them by a hash of their id, and move on when one fails.</summary>
    /// <param name="addresses">One or more, as above.</param>
    /// <param name="options">How it behaves.</param>
    /// <exception cref="ArgumentException">An address, or an option, cannot be used.</exception>
    public ScoringClient(IReadOnlyList<Uri> addresses, ScoringClientOptions options)
    {
        ArgumentNullException.ThrowIfNull(addresses);
        ArgumentNullException.ThrowIfNull(options);
        options.Check();
        this.options = options;
        nodes = new Nodes(addresses, options.CreateChannel);
        streams = new StreamCarrier(nodes);
        shares = new Shares(options);
    }

    /// <summary>Starts a call, or goes on with it where an earlier process left it (<see cref="CallStatus.Opened"/> tells).</summary>
    /// <param name="callId">1 to 128 visible ASCII characters, unique among the tenant's live calls; a pseudonym.</param>
    /// <param name="cancellationToken">Ends the wait for the opening, not the call.</param>
    /// <returns>The call, at the latest after <see cref="ScoringClientOptions.SendLimit"/>.</returns>
    /// <exception cref="ObjectDisposedException">The client is disposed of.</exception>
    public Task<ScoredCall> StartCallAsync(string callId, CancellationToken cancellationToken = default) =>
        StartCallAsync(new CallStart { CallId = callId, ResumeFrom = 1 }, cancellationToken);

    /// <summary>
    /// Starts a call. It comes back at the latest after <see cref="ScoringClientOptions.SendLimit"/>, whether or not a server has answered: what is
    /// sent is kept until one does. What a server refuses for good is told by <see cref="ScoredCall.Status"/>.
    /// </summary>
    /// <param name="start">
    /// What is known of the call. Of <c>resume_from</c>, 0 means that it must be a new call, anything else that it may be one to go on with;
    /// <c>attempt</c> and <c>accept_lost_history</c> are the client's own.
    /// </param>
    /// <param name="cancellationToken">Ends the wait for the opening, not the call.</param>
    /// <returns>The call.</returns>
    /// <exception cref="ArgumentException">The call id is empty, too long, or has other characters than visible ASCII.</exception>
    /// <exception cref="ObjectDisposedException">The client is disposed of.</exception>
    public Task<ScoredCall> StartCallAsync(CallStart start, CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(Volatile.Read(ref isDisposed) == 1, this);
        return ScoredCall.StartAsync(start, streams, shares, options, null, cancellationToken);
    }

    /// <summary>
    /// A trunk: calls that are started on it share one stream to each node, which costs both sides a good deal less than a stream for each call.
    /// Everything else is the same. It connects with its first call.
    /// </summary>
    /// <param name="streamsPerAddress">
    /// 1 to 64. With one address for several nodes, a proxy's, as many as there are nodes: the proxy puts each stream on one of them.
    /// </param>
    /// <returns>The trunk; dispose of it before the client.</returns>
    /// <exception cref="ArgumentOutOfRangeException">Less than 1, or more than 64.</exception>
    /// <exception cref="ObjectDisposedException">The client is disposed of.</exception>
    public ScoringTrunk OpenTrunk(int streamsPerAddress = 1)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(streamsPerAddress, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(streamsPerAddress, 64);
        ObjectDisposedException.ThrowIf(Volatile.Read(ref isDisposed) == 1, this);
        return new ScoringTrunk(new TrunkCarrier(nodes, streamsPerAddress, options), shares, options);
    }

    /// <summary>Closes the connections. Calls that are still there try in vain from then on: dispose of them first.</summary>
    /// <returns>Ends when it is done.</returns>
    public ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref isDisposed, 1) == 0) nodes.Dispose();
        return default;
    }
}
