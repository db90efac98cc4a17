using RetentionScore.Server.Journal;
using RetentionScore.Server.Metrics;
using RetentionScore.Server.Scoring;

namespace RetentionScore.Server.Calls;

/// <summary>
/// A call in memory and who holds it. A stream holds it from its claim, or, where it takes over, from the moment the former holder has let go, to
/// its release; only the holder touches <see cref="Scoring"/>. Claims are few and take the gate; messages do not.
/// </summary>
internal sealed class LiveCall(CallKey key, CallScoring scoring, ArrivalClock clock, long? startedAtUnixMs, long quietSince = 0)
{
    private readonly Lock gate = new();
    private StreamControl? latest;
    private long quietSince = quietSince;
    private bool isGone;
    private CallWatch watch = new();
    private int isOffCount = scoring.HasEnded ? 1 : 0;

    internal enum Claim
    {
        Held,
        Lower,
        Gone,
    }

    internal CallKey Key => key;

    internal CallScoring Scoring => scoring;

    internal ArrivalClock Clock => clock;

    /// <summary>The start of the call on its platform's clock.</summary>
    internal long? StartedAtUnixMs => startedAtUnixMs;

    /// <summary>How far the call has come in the journal: its seq, and a wait for it that holds up nobody.</summary>
    internal CallJournal Journal => scoring.Journal;

    /// <summary>What the metrics know of it.</summary>
    internal ref CallWatch Watch => ref watch;

    /// <summary>Read by anyone; set once, by the holder.</summary>
    internal bool HasEnded => scoring.HasEnded;

    /// <summary>
    /// Claims the call. Held: it is the stream's as soon as <paramref name="former"/> has let go. Lower: a stream with the same or a higher attempt
    /// holds or waits for it. Gone: it was forgotten, look again.
    /// </summary>
    internal Claim TryClaim(StreamControl stream, out StreamControl? former)
    {
        lock (gate)
        {
            former = latest;
            if (isGone) return Claim.Gone;
            if (latest is not null && stream.Attempt <= latest.Attempt) return Claim.Lower;
            latest = stream;
        }

        former?.RequestStop(StopReason.Superseded);
        return Claim.Held;
    }

    /// <summary>The stream does not touch the call any more.</summary>
    internal void Release(StreamControl stream, long now)
    {
        lock (gate)
        {
            if (ReferenceEquals(latest, stream)) latest = null;
            quietSince = now;
            if (latest is null) Journal.Release();
        }

        stream.SetReleased();
    }

    /// <summary>Another node has the call: nobody finds it here any more, and whoever holds it is told. False where that was known.</summary>
    /// <param name="except">A stream that goes on elsewhere and is not told.</param>
    internal bool Fence(StreamControl? except = null)
    {
        lock (gate)
        {
            if (isGone) return false;
            isGone = true;
            if (!ReferenceEquals(latest, except)) latest?.RequestStop(StopReason.Superseded);
            return true;
        }
    }

    /// <summary>The journal lacks what the client may still have: whoever holds the call is to open it again.</summary>
    internal void AskToRejoin()
    {
        lock (gate) latest?.RequestStop(StopReason.Rejoin);
    }

    /// <summary>Lets go of a call that has ended, that nobody holds and that the journal has: whoever finds it here is told to look again.</summary>
    /// <param name="isQuiet">Whether it was quiet long enough.</param>
    /// <returns>What is to be kept of it; null where it stays.</returns>
    internal EndedCall? TryLeave(Func<long, bool>? isQuiet = null)
    {
        lock (gate)
        {
            if (latest is not null || isGone || !HasEnded || Journal.IsFenced || !Journal.IsDurable(scoring.NextSeq - 1)) return null;
            if (isQuiet is not null && !isQuiet(quietSince)) return null;
            isGone = true;
            return scoring.Ended(quietSince);
        }
    }

    /// <summary>It could not be kept elsewhere after all.</summary>
    internal void Stay()
    {
        lock (gate) isGone = false;
    }

    /// <summary>Whether it is to be taken off the number of live calls; true once.</summary>
    internal bool TakeOffCount() => Interlocked.Exchange(ref isOffCount, 1) == 0;

    /// <summary>What becomes of a call that nobody holds: after the window it ends, after another it is forgotten.</summary>
    /// <param name="isOver">Whether the window has passed since a timestamp.</param>
    /// <param name="workspace">Of this thread.</param>
    /// <param name="now">Timestamp.</param>
    /// <param name="ended">What the call came to, if it was ended here.</param>
    /// <returns>Whether the call is to be forgotten.</returns>
    internal bool Sweep(Func<long, bool> isOver, ScoringWorkspace workspace, long now, out V1.CallSummary? ended)
    {
        ended = null;
        lock (gate)
        {
            if (latest is not null || isGone || !isOver(quietSince)) return isGone;
            if (HasEnded) return isGone = true;
            ended = scoring.EndUnattended(workspace);
            quietSince = now;
            return false;
        }
    }
}
