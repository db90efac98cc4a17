using System.Collections.Concurrent;
using RetentionScore.V1;

namespace RetentionScore.Client;

/// <summary>
/// Many calls on one stream to each node: <see cref="ScoringClient.OpenTrunk"/>. A call on it is the same as one on a stream of its own, keeps the same
/// and comes back in the same way; one that is refused, or does not read its updates, concerns no other. Safe for any thread.
/// </summary>
public sealed class ScoringTrunk : IAsyncDisposable
{
    private readonly TrunkCarrier carrier;
    private readonly Shares shares;
    private readonly ScoringClientOptions options;
    private readonly ConcurrentDictionary<ScoredCall, byte> calls = [];
    private int isDisposed;

    internal ScoringTrunk(TrunkCarrier carrier, Shares shares, ScoringClientOptions options)
    {
        this.carrier = carrier;
        this.shares = shares;
        this.options = options;
    }

    /// <summary>Calls that are not over.</summary>
    public int OpenCalls => calls.Count;

    /// <summary>Starts a call, or goes on with it where an earlier process left it (<see cref="CallStatus.Opened"/> tells).</summary>
    /// <param name="callId">1 to 128 visible ASCII characters, unique among the tenant's live calls; a pseudonym.</param>
    /// <param name="cancellationToken">Ends the wait for the opening, not the call.</param>
    /// <returns>The call, at the latest after <see cref="ScoringClientOptions.SendLimit"/>.</returns>
    /// <exception cref="ArgumentException">The call id is empty, too long, or has other characters than visible ASCII.</exception>
    /// <exception cref="ObjectDisposedException">The trunk is disposed of.</exception>
    public Task<ScoredCall> StartCallAsync(string callId, CancellationToken cancellationToken = default) =>
        StartCallAsync(new CallStart { CallId = callId, ResumeFrom = 1 }, cancellationToken);

    /// <summary>Starts a call, as <see cref="ScoringClient.StartCallAsync(CallStart, CancellationToken)"/> does on a stream.</summary>
    /// <param name="start">What is known of the call; as there.</param>
    /// <param name="cancellationToken">Ends the wait for the opening, not the call.</param>
    /// <returns>The call, at the latest after <see cref="ScoringClientOptions.SendLimit"/>.</returns>
    /// <exception cref="ArgumentException">The call id is empty, too long, or has other characters than visible ASCII.</exception>
    /// <exception cref="ObjectDisposedException">The trunk is disposed of.</exception>
    public Task<ScoredCall> StartCallAsync(CallStart start, CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(Volatile.Read(ref isDisposed) == 1, this);
        return ScoredCall.StartAsync(start, carrier, shares, options, Begun, cancellationToken);
    }

    /// <summary>
    /// Lets go of all calls on it, writes what waits, and closes the streams. Calls that were not ended live on at the server for their resume window.
    /// </summary>
    /// <returns>Ends when it is done: after a second, if a server says nothing.</returns>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref isDisposed, 1) == 1) return;
        await Task.WhenAll(calls.Keys.Select(call => call.DisposeAsync().AsTask())).ConfigureAwait(false);
        await carrier.CloseAsync().ConfigureAwait(false);
    }

    private void Begun(ScoredCall call)
    {
        calls[call] = 0;
        _ = call.Loop.Over.ContinueWith(
            static (_, ended) =>
            {
                var (trunk, over) = ((ScoringTrunk, ScoredCall))ended!;
                trunk.calls.TryRemove(over, out byte _);
            },
            (this, call), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }
}
