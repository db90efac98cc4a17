using RetentionScore.Server.Options;

namespace RetentionScore.Server.Overload;

/// <summary>What is left out under load, the least missed first. Finals never are.</summary>
internal enum ShedLevel
{
    /// <summary>Nothing.</summary>
    None,
    /// <summary>Interims are not answered.</summary>
    Interims,
    /// <summary>Nor are answers explained: evidence and signals are left out and SHED is said.</summary>
    Explanations,
}

/// <summary>
/// From how long work waits for a thread to what is left out. A wait of the target or more, at every look for <see cref="Rise"/>, sheds interims; one of
/// four times the target sheds explanations, too. Either ends once every look for <see cref="Fall"/> has found less than half of what began it, so
/// that the server does not swing between the two. <see cref="Look"/> is for one thread; anyone may read the level.
/// </summary>
internal sealed class Shedding(ServerOptions options, TimeProvider time)
{
    private const int ExplanationsAtTargets = 4;

    /// <summary>How long it must last before anything is shed.</summary>
    internal static readonly TimeSpan Rise = TimeSpan.FromSeconds(0.5);

    /// <summary>How long it must be over before nothing is.</summary>
    internal static readonly TimeSpan Fall = TimeSpan.FromSeconds(3);

    private readonly Threshold interims = new(options.Limits.QueueTarget, time);
    private readonly Threshold explanations = new(options.Limits.QueueTarget * ExplanationsAtTargets, time);
    private volatile ShedLevel level;

    internal ShedLevel Level => level;

    /// <summary>Whether an interim that waited so long is left out. One that waited for the target is stale, however the server fares.</summary>
    internal bool ShedsInterim(TimeSpan queued) => level >= ShedLevel.Interims || queued >= options.Limits.QueueTarget;

    internal bool ShedsExplanations => level >= ShedLevel.Explanations;

    /// <summary>Takes the wait that was measured since the last look.</summary>
    internal void Look(TimeSpan wait)
    {
        long now = time.GetTimestamp();
        bool some = interims.Look(wait, now), more = explanations.Look(wait, now);
        level = more ? ShedLevel.Explanations : some ? ShedLevel.Interims : ShedLevel.None;
    }

    private sealed class Threshold(TimeSpan at, TimeProvider time)
    {
        private bool isOver;
        private long? since;

        internal bool Look(TimeSpan wait, long now)
        {
            bool wantsChange = isOver ? wait < at / 2 : wait >= at;
            since = wantsChange ? since ?? now : null;
            if (since is not { } from || time.GetElapsedTime(from, now) < (isOver ? Fall : Rise)) return isOver;
            since = null;
            return isOver = !isOver;
        }
    }
}
