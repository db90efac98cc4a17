using RetentionScore.Core.Calls;
using RetentionScore.Core.Policy;
using RetentionScore.Core.Signals;

namespace RetentionScore.Server.Scoring;

/// <summary>
/// What a live call needs and a call that has ended does not: most of its memory. It goes from call to call, so that of calls that begin and end by the
/// thousand a collector finds next to nothing that it would have to move. Its call's alone.
/// </summary>
internal sealed class CallMemory(CallSession session)
{
    internal CallSession Session { get; } = session;

    internal RecentIds RecentIds { get; } = new();
}

/// <summary>The memory of calls that have ended, for those that begin: the one used last first, as it is warm. Bounded. Safe for any thread.</summary>
internal sealed class IdleMemory
{
    /// <summary>Some 7 KiB each.</summary>
    internal const int Most = 1024;

    private readonly Lock gate = new();
    private readonly CallMemory?[] idle = new CallMemory?[Most];
    private int count;

    internal CallMemory Take(RetentionPolicy policy, CallContext context, SignalReader reader, bool languageSupported, bool explain)
    {
        CallMemory? found = null;
        lock (gate)
        {
            if (count > 0)
            {
                count--;
                (found, idle[count]) = (idle[count], null);
            }
        }

        if (found is null) return new CallMemory(new CallSession(policy, context, reader, languageSupported, explain, grows: true));
        found.Session.Reopen(policy, context, reader, languageSupported, explain);
        return found;
    }

    /// <summary>Whoever returns it forgets it.</summary>
    internal void Return(CallMemory memory)
    {
        memory.RecentIds.Clear();
        lock (gate)
        {
            if (count < Most)
            {
                idle[count++] = memory;
                return;
            }
        }

        memory.Session.Release();
    }
}
