using RetentionScore.Server.Scoring.Wire;

namespace RetentionScore.Server.Scoring;

/// <summary>Which times a call can have. Stateless.</summary>
internal static class CallTimes
{
    /// <summary>Seven days: anything later is a mistake.</summary>
    internal const int MaxMs = 7 * 24 * 3600 * 1000;

    internal static bool IsImpossible(int? ms) => ms is < 0 or > MaxMs;

    /// <summary>The time of an event or an end: as told, or, flagged where it is impossible, the clock's.</summary>
    /// <param name="told">Null where the message does not say.</param>
    /// <param name="clock">The call's.</param>
    /// <param name="callMs">The latest time that any message of the call told.</param>
    /// <param name="flags">Gains CLOCK_SKEW.</param>
    /// <param name="isFilled">The time is the clock's.</param>
    internal static int Read(int? told, ICallClock clock, int callMs, ref DegradationSet flags, out bool isFilled)
    {
        isFilled = told is null || IsImpossible(told);
        if (!isFilled) return told!.Value;
        if (told is not null) flags |= V1.Degradation.ClockSkew;
        return clock.At(callMs);
    }
}
