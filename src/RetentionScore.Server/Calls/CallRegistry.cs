using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;
using RetentionScore.Server.Journal;
using RetentionScore.Server.Metrics;
using RetentionScore.Server.Options;
using RetentionScore.Server.Overload;
using RetentionScore.Server.Scoring;
using RetentionScore.Server.Telemetry;

namespace RetentionScore.Server.Calls;

/// <summary>How a stream got hold of a call.</summary>
internal enum OpeningKind
{
    /// <summary>It is new.</summary>
    Opened,
    /// <summary>It was here, and nobody held it.</summary>
    Attached,
    /// <summary>Another stream held it until now.</summary>
    TookOver,
    /// <summary>It was in the journal.</summary>
    Restored,
}

/// <summary>A call that a stream holds now, or why it does not.</summary>
internal readonly record struct OpenOutcome(LiveCall? Call, OpeningKind How, Refusal? Refusal)
{
    public bool Resumed => How != OpeningKind.Opened;

    /// <summary>For the audit log.</summary>
    public string What => How switch
    {
        OpeningKind.Opened => "opened",
        OpeningKind.TookOver => "took_over",
        _ => "attached",
    };

    public static implicit operator OpenOutcome(Refusal refusal) => new(null, OpeningKind.Opened, refusal);
}

/// <summary>
/// All calls of this node by tenant and id: live ones, and ended ones for the time their summary can be asked for. What is not here is asked of the
/// journal, which also says whether what is here is still ours. Safe for any thread; a call has one holder at a time.
/// </summary>
internal sealed class CallRegistry(
    ServerOptions options, CallFactory factory, JournalWriter journal, Admission admission, ServerMetrics metrics, TimeProvider time)
{
    private const int OpenersCount = 1024; // a power of two
    private const int MostOrphansAtOnce = 256;
    private static readonly TimeSpan KeepAfter = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<CallKey, LiveCall> calls = [];
    private readonly EndedCalls ended = new();
    // One start at a time asks the journal for a call; so many at a time that they hardly ever wait for one of another call.
    private readonly SemaphoreSlim[] openers = [.. Enumerable.Range(0, OpenersCount).Select(_ => new SemaphoreSlim(1, 1))];

    private long touchedAt = time.GetTimestamp();

    /// <summary>Calls that have not ended.</summary>
    internal int Live => admission.LiveCalls;

    /// <summary>Calls that have ended and are kept as bytes.</summary>
    internal int Ended => ended.Count;

    /// <summary>Creates the call, attaches to it, restores it or takes it over, as the start says.</summary>
    internal async ValueTask<OpenOutcome> OpenAsync(V1.CallStart start, StreamControl stream, CallTrace trace = default)
    {
        var key = new CallKey(start.Tenant, start.CallId);
        stream.Attempt = start.Attempt;
        while (true)
        {
            // A call that has ended is nothing to a new one of its name.
            bool isKnown = start.ResumeFrom == 0 ? calls.TryGetValue(key, out LiveCall? known) : TryFind(key, out known);
            if (isKnown && start.ResumeFrom == 0 && !known!.HasEnded) return Exists(start);
            if (!isKnown || start.ResumeFrom == 0)
            {
                OpenOutcome opened = journal.IsKept
                    ? await OpenKeptAsync(key, start, stream, known, trace).ConfigureAwait(false)
                    : Create(key, start, stream, known, CallJournal.None);
                if (opened.Call is not null || opened.Refusal is not null) return opened;
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
                    // With a gap the journal can be completed from what the client still has, if that is enough.
                    bool fillsGap = known.Journal.HasGap && !journal.IsFailing && !known.HasEnded && start.ResumeFrom <= known.Journal.DurableSeq + 1;
                    if (!fillsGap && await IsStillOursAsync(known, start).ConfigureAwait(false)) return Attach(known, start, stream, former is null ? OpeningKind.Attached : OpeningKind.TookOver);
                    // Another node has had it since, or the client goes back to it: the journal is what counts.
                    Forget(known, except: stream);
                    continue;
            }
        }
    }

    /// <summary>The stream lets go of its call.</summary>
    internal void Release(LiveCall call, StreamControl stream)
    {
        call.Release(stream, time.GetTimestamp());
        if (call.HasEnded) Keep(call);
    }

    /// <summary>A live call is one no more: said by its holder.</summary>
    /// <param name="call">Which.</param>
    /// <param name="summary">What it came to; null where it goes on elsewhere.</param>
    internal void HasEnded(LiveCall call, V1.CallSummary? summary)
    {
        if (!call.TakeOffCount()) return;
        if (summary is not null) metrics.CallEnded(summary, ref call.Watch);
        call.Watch.Leave(metrics);
        admission.GiveBackPlace(call.Key.Tenant);
    }

    /// <summary>Ends detached calls whose window is over, forgets ended ones after theirs.</summary>
    internal void Sweep()
    {
        long now = time.GetTimestamp();
        Func<long, bool> isOver = since => time.GetElapsedTime(since, now) >= options.Calls.ResumeWindow; // one, not one a call
        // Not what a start has just looked for.
        Func<long, bool> isQuiet = since => time.GetElapsedTime(since, now) >= KeepAfter;
        foreach ((CallKey key, LiveCall call) in calls)
        {
            if (call.Sweep(isOver, ScoringWorkspace.Current, now, out V1.CallSummary? summary)) calls.TryRemove(KeyValuePair.Create(key, call));
            if (summary is not null) HasEnded(call, summary);
            else if (call.HasEnded) Keep(call, isQuiet);
        }

        ended.Sweep(isOver);
    }

    /// <summary>
    /// Ends calls whose node has died and whose client never came back, as <see cref="Sweep"/> does with those of this node; and, four times in that
    /// time, tells the journal which calls live here.
    /// </summary>
    internal async Task EndOrphansAsync()
    {
        if (time.GetElapsedTime(touchedAt) >= options.Journal.OrphanAfter / 4)
        {
            touchedAt = time.GetTimestamp();
            await journal.TouchAsync([.. calls.Values.Where(call => !call.HasEnded && call.Journal is { Epoch: > 0, IsFenced: false }).Select(call => call.Journal.CallNo)]).ConfigureAwait(false);
        }

        for (int i = 0; i < MostOrphansAtOnce; i++)
        {
            if (await journal.TakeOrphanAsync().ConfigureAwait(false) is not { } orphan) return;
            if (calls.TryGetValue(orphan.Key, out LiveCall? known) && !known.HasEnded)
            {
                // It lives, here: only nothing was said for long.
                known.Journal.Claimed(orphan.Outcome.Epoch);
                continue;
            }

            var claim = new Claim(orphan.Key, ClaimMode.Attach, orphan.Attempt, orphan.Outcome.CallNo, orphan.Outcome.Stored!.Opening);
            var kept = new CallJournal(journal, claim, orphan.Outcome.CallNo, orphan.Outcome.Epoch, time);
            CallScoring scoring = factory.Restore(orphan.Outcome.Stored!, new ArrivalClock(time), kept, out bool isDamaged);
            if (isDamaged) metrics.JournalDamaged();
            scoring.EndUnattended(ScoringWorkspace.Current);
            await kept.WhenDurableAsync(scoring.NextSeq - 1, CallJournal.SummaryWait).ConfigureAwait(false);
        }
    }

    private async ValueTask<OpenOutcome> OpenKeptAsync(CallKey key, V1.CallStart start, StreamControl stream, LiveCall? ended, CallTrace trace)
    {
        SemaphoreSlim opener = openers[key.GetHashCode() & (OpenersCount - 1)];
        await opener.WaitAsync().ConfigureAwait(false);
        try
        {
            if (calls.TryGetValue(key, out LiveCall? known) && !ReferenceEquals(known, ended)) return default;
            CallOpening? opening = factory.Opening(start, time.GetUtcNow().ToUnixTimeMilliseconds(), out Refusal? refusal);
            // On attach, what the start says besides is ignored; what is wrong with it, too.
            if (opening is null && start.ResumeFrom <= 1 && !journal.IsKept) return refusal!;
            if (admission.LookForPlace(key.Tenant) is { } full) return full; // before anything is made for it
            long callNo = RandomNumberGenerator.GetInt32(int.MaxValue) * (1L << 32) | (uint)RandomNumberGenerator.GetInt32(int.MaxValue);
            ClaimMode mode = start.ResumeFrom switch
            {
                0 => ClaimMode.New,
                1 when opening is not null => ClaimMode.CreateOrAttach,
                > 1 when opening is not null && start.AcceptLostHistory => ClaimMode.CreateOrAttach,
                _ => ClaimMode.Attach,
            };
            if (opening is null && mode == ClaimMode.New) return refusal!;
            var claim = new Claim(key, mode, start.Attempt, callNo, opening!);
            ClaimOutcome? asked;
            using (Activity? claiming = trace.Begin("journal claim", start.CallId))
            {
                asked = await journal.ClaimAsync(claim).ConfigureAwait(false);
                claiming?.SetTag("retentionscore.result", asked?.Result.ToString() ?? "Unreachable");
            }

            return asked is { } outcome
                ? Claimed(claim, outcome, start, stream, ended, refusal, trace)
                : Unreachable(claim, start, stream, ended, refusal);
        }
        finally
        {
            opener.Release();
        }
    }

    private OpenOutcome Claimed(in Claim claim, in ClaimOutcome outcome, V1.CallStart start, StreamControl stream, LiveCall? ended, Refusal? refusal, CallTrace trace)
    {
        switch (outcome.Result)
        {
            case ClaimResult.Exists:
                return Exists(start);
            case ClaimResult.Lower:
                return Superseded(start.Attempt, outcome.HeldAttempt);
            case ClaimResult.Missing:
                return refusal ?? Lost(start.ResumeFrom, 1);
            case ClaimResult.Created:
                return Create(claim.Key, start, stream, ended, new CallJournal(journal, claim, outcome.CallNo, outcome.Epoch, time));
            default:
                return Restore(claim, outcome, start, stream, trace);
        }
    }

    private OpenOutcome Unreachable(in Claim claim, V1.CallStart start, StreamControl stream, LiveCall? ended, Refusal? refusal)
    {
        if (start.ResumeFrom <= 1) return refusal ?? Create(claim.Key, start, stream, ended, new CallJournal(journal, claim, claim.NewCallNo, 0, time));
        return new Refusal(RefusalReason.NotReady, "the journal cannot be reached, and start.resume_from says that it has the call")
        {
            Field = "start.resume_from",
            RetryAfter = options.Calls.RetryAfter,
        };
    }

    private OpenOutcome Restore(in Claim claim, in ClaimOutcome outcome, V1.CallStart start, StreamControl stream, CallTrace trace)
    {
        using Activity? restoring = trace.Begin("restore", start.CallId);
        var clock = new ArrivalClock(time);
        CallScoring scoring = factory.Restore(outcome.Stored!, clock, new CallJournal(journal, claim, outcome.CallNo, outcome.Epoch, time), out bool isDamaged);
        if (isDamaged) metrics.JournalDamaged();
        metrics.Replayed(scoring.NextSeq - 1);
        restoring?.SetTag("retentionscore.messages", scoring.NextSeq - 1).SetTag("retentionscore.damaged", isDamaged);
        V1.CallStart opened = V1.CallStart.Parser.ParseFrom(outcome.Stored!.Opening.Start);
        LiveCall call = Add(new LiveCall(claim.Key, scoring, clock, opened.HasStartedAtUnixMs ? opened.StartedAtUnixMs : null), stream);
        return Attach(call, start, stream, OpeningKind.Restored);
    }

    private LiveCall Add(LiveCall call, StreamControl stream)
    {
        call.TryClaim(stream, out _);
        if (!call.HasEnded)
        {
            admission.AddPlace(call.Key.Tenant); // its history is here: no limit sends it away
            call.Watch.Enter(metrics, call.Scoring.PolicyVersion, call.Scoring.ModelVersion);
            if (call.Scoring.Standing(ScoringWorkspace.Current) is { } standing) call.Watch.Resume(metrics, standing);
        }

        calls[call.Key] = call;
        call.Journal.WhenFenced(() => Forget(call), call.AskToRejoin);
        return call;
    }

    private async ValueTask<bool> IsStillOursAsync(LiveCall call, V1.CallStart start)
    {
        if (!journal.IsKept || call.HasEnded) return true;
        // Where the journal cannot be reached, what is in memory is the best there is.
        return await journal.RenewAsync(call.Journal, start.Attempt).ConfigureAwait(false) ?? true;
    }

    /// <summary>The call is another node's.</summary>
    private void Forget(LiveCall call, StreamControl? except = null)
    {
        calls.TryRemove(KeyValuePair.Create(call.Key, call));
        call.Fence(except);
        HasEnded(call, call.Scoring.Summary);
    }

    /// <summary>A call that is here, live or as it was kept.</summary>
    private bool TryFind(CallKey key, [NotNullWhen(true)] out LiveCall? call)
    {
        if (calls.TryGetValue(key, out call)) return true;
        int hash = key.GetHashCode();
        EndedShard shard = ended.ShardOf(hash);
        lock (shard.Gate)
        {
            if (calls.TryGetValue(key, out call)) return true;
            if (shard.Take(key, hash) is not { } kept || time.GetElapsedTime(kept.QuietSince) >= options.Calls.ResumeWindow) return false;
            var clock = new ArrivalClock(time);
            var durable = new CallJournal(journal.Durability, time, kept.DurableSeq, kept.Epoch);
            call = new LiveCall(key, factory.Ended(key.CallId, kept, clock, durable), clock, startedAtUnixMs: null, kept.QuietSince);
            return calls.TryAdd(key, call);
        }
    }

    /// <summary>Keeps a call that has ended as bytes, if it may be.</summary>
    private void Keep(LiveCall call, Func<long, bool>? isQuiet = null)
    {
        int hash = call.Key.GetHashCode();
        EndedShard shard = ended.ShardOf(hash);
        lock (shard.Gate)
        {
            if (call.TryLeave(isQuiet) is not { } kept) return;
            if (shard.TryAdd(call.Key, hash, kept)) calls.TryRemove(KeyValuePair.Create(call.Key, call));
            else call.Stay();
        }
    }

    /// <summary>A new call has the name of one that has ended.</summary>
    private void Drop(CallKey key)
    {
        int hash = key.GetHashCode();
        EndedShard shard = ended.ShardOf(hash);
        lock (shard.Gate) shard.Take(key, hash);
    }

    private OpenOutcome Create(CallKey key, V1.CallStart start, StreamControl stream, LiveCall? ended, CallJournal kept)
    {
        if (start.ResumeFrom > 1 && !start.AcceptLostHistory) return Lost(start.ResumeFrom, 1);
        if (admission.LookForPlace(key.Tenant) is { } full) return full; // before anything is made for it
        var clock = new ArrivalClock(time);
        if (factory.TryOpen(start, clock, kept, out Refusal? refusal) is not { } scoring) return refusal!;
        if (start.ResumeFrom > 1) scoring.LoseHistory(start.ResumeFrom, ScoringWorkspace.Current);
        if (admission.TakePlace(key.Tenant) is { } taken) return taken;
        var call = new LiveCall(key, scoring, clock, start.HasStartedAtUnixMs ? start.StartedAtUnixMs : null);
        call.TryClaim(stream, out _);
        call.Watch.Enter(metrics, scoring.PolicyVersion, scoring.ModelVersion);
        // What has ended may have been put aside meanwhile.
        if (ended is not null && calls.TryUpdate(key, call, ended) || calls.TryAdd(key, call))
        {
            if (kept.IsKept) kept.WhenFenced(() => Forget(call), call.AskToRejoin);
            if (start.ResumeFrom == 0) Drop(key);
            return new OpenOutcome(call, OpeningKind.Opened, null);
        }

        call.Watch.Leave(metrics);
        admission.GiveBackPlace(key.Tenant);
        return default;
    }

    private OpenOutcome Attach(LiveCall call, V1.CallStart start, StreamControl stream, OpeningKind how)
    {
        CallScoring scoring = call.Scoring;
        if (!call.HasEnded && start.ResumeFrom > scoring.NextSeq)
        {
            if (!start.AcceptLostHistory)
            {
                Release(call, stream);
                return Lost(start.ResumeFrom, scoring.NextSeq);
            }

            scoring.LoseHistory(start.ResumeFrom, ScoringWorkspace.Current);
        }

        scoring.Explain(start.Explain);
        return new OpenOutcome(call, how, null);
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
}
