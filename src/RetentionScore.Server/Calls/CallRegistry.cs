using System.Collections.Concurrent;
using System.Globalization;
using RetentionScore.Server.Journal;
using RetentionScore.Server.Options;
using RetentionScore.Server.Scoring;

namespace RetentionScore.Server.Calls;

/// <summary>A call that a stream holds now, or why it does not.</summary>
internal readonly record struct OpenOutcome(LiveCall? Call, bool Resumed, Refusal? Refusal)
{
    public static implicit operator OpenOutcome(Refusal refusal) => new(null, false, refusal);
}

/// <summary>
/// All calls of this node by tenant and id: live ones, and ended ones for the time their summary can be asked for. Safe for any thread; a call has
/// one holder at a time.
/// </summary>
internal sealed class CallRegistry(ServerOptions options, CallFactory factory, TimeProvider time)
{
    private readonly ConcurrentDictionary<CallKey, LiveCall> calls = [];
    private int live;

    /// <summary>Calls that have not ended.</summary>
    internal int Live => Volatile.Read(ref live);

    /// <summary>Creates the call, attaches to it or takes it over, as the start says.</summary>
    internal async ValueTask<OpenOutcome> OpenAsync(V1.CallStart start, StreamControl stream)
    {
        var key = new CallKey(StartCheck.DefaultTenant, start.CallId);
        stream.Attempt = start.Attempt;
        while (true)
        {
            bool isKnown = calls.TryGetValue(key, out LiveCall? known);
            if (isKnown && start.ResumeFrom == 0 && !known!.HasEnded) return Exists(start);
            if (!isKnown || start.ResumeFrom == 0)
            {
                OpenOutcome created = Create(key, start, stream, known);
                if (created.Call is not null || created.Refusal is not null) return created;
                continue; // somebody else was quicker
            }

            switch (known!.TryClaim(stream, out StreamControl? former))
            {
                case LiveCall.Claim.Gone:
                    calls.TryRemove(KeyValuePair.Create(key, known));
                    continue;
                case LiveCall.Claim.Lower:
                    return Superseded(start.Attempt, former!.Attempt);
                default:
                    // What the former holder has counted is known only once it has stopped.
                    if (former is not null) await former.Released.ConfigureAwait(false);
                    return Attach(known, start, stream);
            }
        }
    }

    /// <summary>The stream lets go of its call.</summary>
    internal void Release(LiveCall call, StreamControl stream) => call.Release(stream, time.GetTimestamp());

    /// <summary>A live call has ended: said by its holder.</summary>
    internal void HasEnded() => Interlocked.Decrement(ref live);

    /// <summary>Ends detached calls whose window is over, forgets ended ones after theirs.</summary>
    internal void Sweep()
    {
        long now = time.GetTimestamp();
        bool IsOver(long since) => time.GetElapsedTime(since, now) >= options.Calls.ResumeWindow;
        foreach ((CallKey key, LiveCall call) in calls)
        {
            if (call.Sweep(IsOver, ScoringWorkspace.Current, now, out bool ended)) calls.TryRemove(KeyValuePair.Create(key, call));
            if (ended) HasEnded();
        }
    }

    private OpenOutcome Create(CallKey key, V1.CallStart start, StreamControl stream, LiveCall? ended)
    {
        if (start.ResumeFrom > 1 && !start.AcceptLostHistory) return Lost(start.ResumeFrom, 1);
        if (Live >= options.Limits.MaxLiveCalls) return TooMany(); // before anything is made for it
        var clock = new ArrivalClock(time);
        if (factory.TryOpen(start, clock, CallJournal.None, out Refusal? refusal) is not { } scoring) return refusal!;
        if (start.ResumeFrom > 1) scoring.LoseHistory(start.ResumeFrom);
        if (Interlocked.Increment(ref live) > options.Limits.MaxLiveCalls)
        {
            HasEnded();
            return TooMany();
        }

        var call = new LiveCall(key, scoring, clock, start.HasStartedAtUnixMs ? start.StartedAtUnixMs : null);
        call.TryClaim(stream, out _);
        if (ended is null ? calls.TryAdd(key, call) : calls.TryUpdate(key, call, ended)) return new OpenOutcome(call, Resumed: false, null);
        HasEnded();
        return default;
    }

    private OpenOutcome Attach(LiveCall call, V1.CallStart start, StreamControl stream)
    {
        CallScoring scoring = call.Scoring;
        if (!call.HasEnded && start.ResumeFrom > scoring.NextSeq)
        {
            if (!start.AcceptLostHistory)
            {
                Release(call, stream);
                return Lost(start.ResumeFrom, scoring.NextSeq);
            }

            scoring.LoseHistory(start.ResumeFrom);
        }

        scoring.Explain(start.Explain);
        return new OpenOutcome(call, Resumed: true, null);
    }

    private static Refusal Exists(V1.CallStart start) => new(RefusalReason.CallExists, $"start.resume_from is 0 and the call {start.CallId} lives")
    {
        Field = "start.resume_from",
        Value = "0",
        Limit = "1 or more to attach",
    };

    private static Refusal Superseded(ulong attempt, ulong held) =>
        new(RefusalReason.Superseded, $"start.attempt is {attempt}, the stream that holds the call has {held}")
        {
            Field = "start.attempt",
            Value = attempt.ToString(CultureInfo.InvariantCulture),
            Limit = $"above {held}",
        };

    private static Refusal Lost(uint resumeFrom, uint next) =>
        new(RefusalReason.HistoryLost, $"start.resume_from is {resumeFrom}, this server expects {next}")
        {
            NextSeq = next,
            Field = "start.resume_from",
            Value = resumeFrom.ToString(CultureInfo.InvariantCulture),
            Limit = $"at most {next}",
        };

    private Refusal TooMany() => new(RefusalReason.TooMany, $"{options.Limits.MaxLiveCalls} calls are live, the limit is {options.Limits.MaxLiveCalls}")
    {
        Field = "live calls",
        Value = options.Limits.MaxLiveCalls.ToString(CultureInfo.InvariantCulture),
        Limit = options.Limits.MaxLiveCalls.ToString(CultureInfo.InvariantCulture),
        RetryAfter = options.Calls.RetryAfter,
    };
}
