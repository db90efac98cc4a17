using RetentionScore.V1;

namespace RetentionScore.Client;

/// <summary>
/// One call being scored, over as many streams, or channels of a trunk, as it takes. Nothing here waits for a server longer than it was told to, and nothing throws because of
/// one: results say what became of a message. What was sent is kept until the server says that it is durable, and sent again after a break.
/// Safe for any thread; the order of sends is the order of the call.
/// </summary>
public sealed class ScoredCall : IAsyncDisposable
{
    private readonly ScoringClientOptions options;

    internal ScoredCall(CallLoop loop, ScoringClientOptions options)
    {
        Loop = loop;
        this.options = options;
        loop.Start(this);
    }

    /// <summary>
    /// Recommendations as they are to be shown: each id is New once, however often the connection breaks, then perhaps Changed, then Gone. Handlers are
    /// called one at a time, on a thread of the pool; a slow one is told the state of then, not every step. A late one is told what stands.
    /// </summary>
    public event EventHandler<RecommendationEventArgs> RecommendationChanged
    {
        add => Loop.Events.RecommendationChanged += value;
        remove => Loop.Events.RecommendationChanged -= value;
    }

    /// <summary>Breaks, moves and losses, for a log; the last 256 wait for a handler.</summary>
    public event EventHandler<CallNoticeEventArgs> Noticed
    {
        add => Loop.Events.Noticed += value;
        remove => Loop.Events.Noticed -= value;
    }

    /// <summary>The call's id.</summary>
    public string CallId => Loop.CallId;

    /// <summary>How far it has come: a snapshot.</summary>
    public CallStatus Status => Loop.Status;

    internal CallLoop Loop { get; }

    /// <summary>Begins a call on a carrier; comes back when a server has answered, or the time for that is up.</summary>
    /// <exception cref="ArgumentException">The call id cannot be one.</exception>
    internal static async Task<ScoredCall> StartAsync(CallStart start, ICarrier carrier, Shares shares, ScoringClientOptions options, Action<ScoredCall>? begun, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(start);
        if (start.CallId.Length is 0 or > 128 || start.CallId.Any(c => c is <= ' ' or > '~'))
            throw new ArgumentException("The call id must be 1 to 128 visible ASCII characters.", nameof(start));
        var call = new ScoredCall(new CallLoop(start.Clone(), carrier, shares, options), options);
        begun?.Invoke(call);
        await call.Loop.FirstAnswer.WaitAtMostAsync(options.SendLimit, options.TimeProvider, cancellationToken).ConfigureAwait(false);
        return call;
    }

    /// <summary>
    /// The updates, for one reader: first answers in the order of their seq, interims between them, and after a break the score as it stands (seq 0).
    /// What nobody reads is dropped past <see cref="ScoringClientOptions.MaxWaitingUpdates"/>, the oldest first. Ends when the call is over.
    /// </summary>
    /// <param name="cancellationToken">Ends the reading, not the call.</param>
    /// <returns>The updates.</returns>
    public IAsyncEnumerable<ScoreUpdate> Updates(CancellationToken cancellationToken = default) => Loop.Updates.ReadAllAsync(cancellationToken);

    /// <summary>
    /// Sends an utterance, and waits for its answer at most <see cref="ScoringClientOptions.SendLimit"/>; where there is no stream it does not wait at
    /// all. An interim is never waited for.
    /// </summary>
    /// <param name="utterance">Its <c>seq</c> is given here. A copy is kept; times that are missing are filled in by the server.</param>
    /// <param name="cancellationToken">Ends the wait; a message that was taken stays taken.</param>
    /// <returns>What became of it.</returns>
    /// <exception cref="OperationCanceledException">The token was cancelled before; nothing was taken.</exception>
    public ValueTask<SendResult> SendAsync(Utterance utterance, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(utterance);
        cancellationToken.ThrowIfCancellationRequested();
        var request = new ScoreCallRequest { Utterance = utterance.Clone() };
        if (!utterance.Interim) return SendAsync(request, cancellationToken);
        request.Utterance.Seq = 0;
        return new(new SendResult(Loop.SendInterim(request), 0, null));
    }

    /// <summary>Sends an event; as for utterances. Ticks are sent by the call itself.</summary>
    /// <param name="callEvent">Its <c>seq</c> is given here. A copy is kept.</param>
    /// <param name="cancellationToken">Ends the wait; a message that was taken stays taken.</param>
    /// <returns>What became of it.</returns>
    /// <exception cref="OperationCanceledException">The token was cancelled before; nothing was taken.</exception>
    public ValueTask<SendResult> SendAsync(CallEvent callEvent, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(callEvent);
        cancellationToken.ThrowIfCancellationRequested();
        return SendAsync(new ScoreCallRequest { Event = callEvent.Clone() }, cancellationToken);
    }

    /// <summary>
    /// Ends the call and waits for its summary to be durable, as far as the server promises that. After a break the end is sent again, until the summary comes or the time is up; then the client
    /// goes on trying until it is disposed of, and this method can be called again to wait for the same end.
    /// </summary>
    /// <param name="disposition">How the call ended; of the first time that this is called.</param>
    /// <param name="within">The longest wait; null for <see cref="ScoringClientOptions.EndLimit"/>.</param>
    /// <param name="atMs">When it ended, in ms from the start of the call; null where the server is to say. Of the first time, too.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The summary, and whether it is durable; or why there is none.</returns>
    public async Task<EndResult> EndAsync(
        Disposition disposition = Disposition.Unspecified, TimeSpan? within = null, int? atMs = null, CancellationToken cancellationToken = default)
    {
        var end = new CallEnd { Disposition = disposition };
        if (atMs is { } ms) end.AtMs = ms;
        Loop.Send(new ScoreCallRequest { End = end }, null, out _);
        await Loop.Over.WaitAtMostAsync(within ?? options.EndLimit, options.TimeProvider, cancellationToken).ConfigureAwait(false);
        CallStatus status = Status;
        return new EndResult(status.Summary, status.State == CallState.GivenUp ? status.Refusal : null);
    }

    /// <summary>
    /// Lets go of the call. One that was not ended lives on at the server for its resume window; what was not sent by then is lost.
    /// </summary>
    /// <returns>Ends when the stream is closed.</returns>
    public async ValueTask DisposeAsync()
    {
        Loop.Stop();
        await Loop.Over.ConfigureAwait(false);
    }

    private async ValueTask<SendResult> SendAsync(ScoreCallRequest request, CancellationToken cancellationToken)
    {
        bool waits = options.SendLimit > TimeSpan.Zero && Loop.Status.State == CallState.Attached;
        var answer = waits ? new TaskCompletionSource<ScoreUpdate?>(TaskCreationOptions.RunContinuationsAsynchronously) : null;
        if (Loop.Send(request, answer, out bool isDuplicate) is not { } message)
            return new SendResult(isDuplicate ? SendOutcome.Duplicate : SendOutcome.Over, 0, null);
        if (answer is not null) await answer.Task.WaitAtMostAsync(options.SendLimit, options.TimeProvider, cancellationToken).ConfigureAwait(false);
        var (seq, wasWritten, isAnswered) = Loop.Look(message);
        ScoreUpdate? update = answer is { Task.IsCompletedSuccessfully: true } ? answer.Task.Result : null;
        return new SendResult(isAnswered ? SendOutcome.Answered : wasWritten ? SendOutcome.Sent : SendOutcome.Kept, seq, update);
    }
}
