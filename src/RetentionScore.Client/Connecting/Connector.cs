using Polly;
using Polly.Retry;
using RetentionScore.V1;

namespace RetentionScore.Client;

/// <summary>What opening a stream came to: a stream that the server has answered with <c>opened</c>, or why there will be none.</summary>
/// <param name="Attachment">The stream; the receiver's.</param>
/// <param name="Refusal">Why not.</param>
/// <param name="LostBefore">The server does not know what was before this seq; 0 where it does.</param>
internal readonly record struct OpenOutcome(IAttachment? Attachment, CallRefusal? Refusal, uint LostBefore = 0)
{
    /// <summary>Whether another try may help.</summary>
    internal bool IsRetried => Refusal is { NextStep: not (NextStep.GiveUp or NextStep.Superseded) };
}

/// <summary>
/// Opens streams of one call, or channels of a trunk, again and again until one is there or the server says that there will be none: on the node that
/// the hash of its id says, on the next one where that fails, with a higher attempt each time. One opening at a time.
/// </summary>
internal sealed class Connector
{
    private const long MostAheadMs = 10_000;
    private static long latestAttempt;

    private readonly CallStart template;
    private readonly ICarrier carrier;
    private readonly Outbox outbox;
    private readonly Signal signal;
    private readonly Action<CallRefusal> failed;
    private readonly TimeProvider time;
    private readonly TimeSpan openLimit;
    private readonly ResiliencePipeline<OpenOutcome> tries;
    private uint node;
    private ulong attempt;
    private bool wasElsewhere;
    private bool acceptsLoss;
    private int starts;

    /// <param name="start">As the platform gave it.</param>
    /// <param name="carrier">What carries it.</param>
    /// <param name="outbox">Says where the call can go on.</param>
    /// <param name="signal">Of the loop that reads the streams.</param>
    /// <param name="failed">Called with each failed try; on any thread.</param>
    /// <param name="options">Limits and time.</param>
    internal Connector(CallStart start, ICarrier carrier, Outbox outbox, Signal signal, Action<CallRefusal> failed, ScoringClientOptions options)
    {
        template = start;
        this.carrier = carrier;
        this.outbox = outbox;
        this.signal = signal;
        this.failed = failed;
        time = options.TimeProvider;
        openLimit = options.OpenLimit;
        node = HashOf(start.CallId);
        var backOff = new BackOff(options.FirstBackOff, options.LongestBackOff);
        var retry = new RetryStrategyOptions<OpenOutcome>
        {
            MaxRetryAttempts = int.MaxValue,
            ShouldHandle = static tried => ValueTask.FromResult(tried.Outcome.Result.IsRetried),
            DelayGenerator = failure => ValueTask.FromResult<TimeSpan?>(
                backOff.Delay(FailuresBefore + failure.AttemptNumber, failure.Outcome.Result.Refusal?.RetryAfter, Random.Shared.NextDouble())),
        };
        tries = new ResiliencePipelineBuilder<OpenOutcome> { TimeProvider = time }.AddRetry(retry).Build();
    }

    /// <summary>Starts sent in the opening that is under way: the server may have taken the call from our own former stream.</summary>
    internal int Starts => Volatile.Read(ref starts);

    private int FailuresBefore { get; set; }

    /// <summary>Opens a stream.</summary>
    /// <param name="broken">Why the stream before ended, which is the first failure; null where none did.</param>
    /// <param name="failuresBefore">Streams before it that ended without an answer to anything.</param>
    /// <param name="cancellationToken">Nobody wants the stream any more.</param>
    internal async Task<OpenOutcome> OpenAsync(CallRefusal? broken, int failuresBefore, CancellationToken cancellationToken)
    {
        FailuresBefore = failuresBefore;
        Volatile.Write(ref starts, 0);
        if (broken?.Reason == "DRAINING") node++;
        var first = new Box { Broken = broken };
        return await tries.ExecuteAsync(TryAsync, first, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The node goes away: the next stream is to be on another.</summary>
    internal void LeaveNode() => node++;

    private async ValueTask<OpenOutcome> TryAsync(Box first, CancellationToken cancellationToken)
    {
        if (first.Broken is { } broken)
        {
            first.Broken = null;
            return Refused(broken);
        }

        OpenOutcome outcome = await TryOnceAsync(cancellationToken).ConfigureAwait(false);
        if (outcome.Refusal is { } refusal)
        {
            if (outcome.IsRetried) failed(refusal);
            node++;
            return Refused(refusal);
        }

        (wasElsewhere, acceptsLoss) = (false, false);
        return outcome;
    }

    /// <summary>HISTORY_LOST: another node may know the call; when that does not, nobody does.</summary>
    private OpenOutcome Refused(CallRefusal refusal)
    {
        if (refusal.NextStep == NextStep.ElsewhereOnce)
        {
            acceptsLoss = wasElsewhere;
            wasElsewhere = true;
        }

        return new OpenOutcome(null, refusal);
    }

    private async ValueTask<OpenOutcome> TryOnceAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (carrier.Attach(node, template.CallId, signal, out CallRefusal? none) is not { } attachment) return new OpenOutcome(null, none);
        CallStart start = NextStart();
        Task<(ScoreCallResponse? Response, CallRefusal? End)> opening = attachment.OpenAsync(new ScoreCallRequest { Start = start });
        await opening.WaitAtMostAsync(openLimit, time, cancellationToken).ConfigureAwait(false);
        if (opening is { IsCompletedSuccessfully: true, Result.Response.Opened: { } opened })
        {
            attachment.Opened = opened;
            return new OpenOutcome(attachment, null, start.AcceptLostHistory ? start.ResumeFrom : 0);
        }

        bool isSilent = !opening.IsCompleted && !cancellationToken.IsCancellationRequested;
        if (isSilent) attachment.HasGoneSilent(openLimit);
        attachment.Dispose();
        opening.Forget();
        cancellationToken.ThrowIfCancellationRequested();
        if (isSilent)
        {
            return new OpenOutcome(null, CallRefusal.Own($"no answer to the start within {openLimit.TotalSeconds} s"));
        }

        if (!opening.IsCompletedSuccessfully) return new OpenOutcome(null, CallRefusal.Own(opening.Exception?.InnerException?.Message ?? "cancelled"));
        return new OpenOutcome(null, opening.Result.End ?? CallRefusal.Own($"the answer to the start is {opening.Result.Response!.MessageCase}, must be opened"));
    }

    private CallStart NextStart()
    {
        attempt = NextAttempt(attempt, time.GetUtcNow().ToUnixTimeMilliseconds());
        CallStart start = template.Clone();
        start.Attempt = attempt;
        start.AcceptLostHistory = acceptsLoss;
        if (outbox.IsNumbered) start.ResumeFrom = outbox.ResumeFrom;
        // After a break a call that had to be new may be there already, and ours.
        else if (attempt != 0 && template.ResumeFrom == 0 && wasSent) start.ResumeFrom = 1;
        wasSent = true;
        Interlocked.Increment(ref starts);
        return start;
    }

    /// <summary>
    /// Higher than the last one of this process, so that of two starts of one call in a millisecond the later has it. A clock that was set back is left
    /// where it is: only a call's own starts must go on rising, and those of the process that comes after this one go by the clock.
    /// </summary>
    private static ulong NextAttempt(ulong after, long unixMs)
    {
        long last, next;
        do
        {
            last = Interlocked.Read(ref latestAttempt);
            next = last - unixMs is >= 0 and < MostAheadMs ? last + 1 : Math.Max(0, unixMs);
        }
        while (Interlocked.CompareExchange(ref latestAttempt, next, last) != last);
        return Math.Max(after + 1, (ulong)next);
    }

    private static uint HashOf(string id)
    {
        uint hash = 2166136261;
        foreach (char c in id) hash = (hash ^ c) * 16777619;
        return hash;
    }

    private bool wasSent;

    private sealed class Box
    {
        internal CallRefusal? Broken { get; set; }
    }
}
