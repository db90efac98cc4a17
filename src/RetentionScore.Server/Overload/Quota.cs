namespace RetentionScore.Server.Overload;

/// <summary>What one tenant, or all of them together, may have. 0 is no limit. Safe for any thread.</summary>
/// <param name="prefix">Of a limit's name in a refusal.</param>
/// <param name="maxLiveCalls">Calls that have not ended.</param>
/// <param name="startsPerSecond">Starts, attaching ones included.</param>
/// <param name="messagesPerSecond">Messages of open streams.</param>
/// <param name="bytesPerSecond">Of the same.</param>
/// <param name="time">Where time comes from.</param>
internal sealed class Quota(string prefix, int maxLiveCalls, int startsPerSecond, int messagesPerSecond, long bytesPerSecond, TimeProvider time)
{
    private int liveCalls;

    internal string Prefix => prefix;

    internal int MaxLiveCalls => maxLiveCalls;

    internal int LiveCalls => Volatile.Read(ref liveCalls);

    internal bool HasPlace => maxLiveCalls == 0 || LiveCalls < maxLiveCalls;

    internal Allowance? Starts { get; } = Allowance.Of(startsPerSecond, time);

    internal Allowance? Messages { get; } = Allowance.Of(messagesPerSecond, time);

    internal Allowance? Bytes { get; } = Allowance.Of(bytesPerSecond, time);

    internal bool TryAddCall()
    {
        if (Interlocked.Increment(ref liveCalls) <= maxLiveCalls || maxLiveCalls == 0) return true;
        Interlocked.Decrement(ref liveCalls);
        return false;
    }

    internal void AddCall() => Interlocked.Increment(ref liveCalls);

    internal void RemoveCall() => Interlocked.Decrement(ref liveCalls);
}

/// <summary>What a stream pays for what it reads, and how long it must not read on. Safe for any thread.</summary>
internal readonly struct ReadingBudget(Quota tenant, Quota all)
{
    /// <summary>How long the stream reads nothing; zero where it may.</summary>
    internal TimeSpan Debt
    {
        get
        {
            TimeSpan debt = DebtOf(tenant.Messages), bytes = DebtOf(tenant.Bytes), allMessages = DebtOf(all.Messages), allBytes = DebtOf(all.Bytes);
            if (bytes > debt) debt = bytes;
            if (allMessages > debt) debt = allMessages;
            return allBytes > debt ? allBytes : debt;
        }
    }

    /// <summary>Pays for messages that were read.</summary>
    internal void Spend(int messages, long bytes)
    {
        tenant.Messages?.Spend(messages);
        tenant.Bytes?.Spend(bytes);
        all.Messages?.Spend(messages);
        all.Bytes?.Spend(bytes);
    }

    private static TimeSpan DebtOf(Allowance? allowance) => allowance?.Debt ?? TimeSpan.Zero;
}
