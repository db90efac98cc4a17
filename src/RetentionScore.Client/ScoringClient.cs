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
    public async Task<ScoredCall> StartCallAsync(CallStart start, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(start);
        ObjectDisposedException.ThrowIf(Volatile.Read(ref isDisposed) == 1, this);
        if (start.CallId.Length is 0 or > 128 || start.CallId.Any(c => c is <= ' ' or > '~'))
            throw new ArgumentException("The call id must be 1 to 128 visible ASCII characters.", nameof(start));
        var call = new ScoredCall(new CallLoop(start.Clone(), nodes, options), options);
        await call.Loop.FirstAnswer.WaitAtMostAsync(options.SendLimit, options.TimeProvider, cancellationToken).ConfigureAwait(false);
        return call;
    }

    /// <summary>Closes the connections. Calls that are still there try in vain from then on: dispose of them first.</summary>
    /// <returns>Ends when it is done.</returns>
    public ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref isDisposed, 1) == 0) nodes.Dispose();
        return default;
    }
}
