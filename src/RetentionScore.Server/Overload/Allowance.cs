namespace RetentionScore.Server.Overload;

/// <summary>
/// So many a second, with one second's worth at once after a pause. What was read is paid afterwards and may leave a debt, which is waited off by
/// reading nothing; what can be refused is taken only where it fits. Rates of System.Threading.RateLimiting know neither debts nor a
/// <see cref="TimeProvider"/>. One number, no lock, no timer. Safe for any thread.
/// </summary>
internal sealed class Allowance
{
    private static readonly TimeSpan LongestPromise = TimeSpan.FromMinutes(1);

    private readonly TimeProvider time;
    private readonly double ticksEach;
    private readonly long burst;
    private long paidUntil;
    private long promisedUntil;

    /// <param name="perSecond">More than zero.</param>
    /// <param name="time">Where time comes from.</param>
    internal Allowance(long perSecond, TimeProvider time)
    {
        this.time = time;
        ticksEach = time.TimestampFrequency / (double)perSecond;
        burst = time.TimestampFrequency;
        paidUntil = promisedUntil = time.GetTimestamp();
    }

    /// <summary>An allowance, or null where 0 says that there is no limit.</summary>
    internal static Allowance? Of(long perSecond, TimeProvider time) => perSecond == 0 ? null : new Allowance(perSecond, time);

    /// <summary>How long nothing more is to be read; zero where something may.</summary>
    internal TimeSpan Debt
    {
        get
        {
            long now = time.GetTimestamp(), over = Volatile.Read(ref paidUntil) - now - burst;
            return over > 0 ? time.GetElapsedTime(0, over) : TimeSpan.Zero;
        }
    }

    /// <summary>Pays for what was read.</summary>
    internal void Spend(long amount)
    {
        long cost = CostOf(amount), now = time.GetTimestamp();
        while (true)
        {
            long seen = Volatile.Read(ref paidUntil);
            if (Interlocked.CompareExchange(ref paidUntil, Math.Max(seen, now) + cost, seen) == seen) return;
        }
    }

    /// <summary>Takes one, if it fits.</summary>
    /// <param name="retryAfter">
    /// Where it does not: when to come again. Each that is turned away is told the next free place, so that they do not all come back at once.
    /// </param>
    internal bool TryTake(out TimeSpan retryAfter)
    {
        retryAfter = TimeSpan.Zero;
        long cost = CostOf(1), now = time.GetTimestamp();
        while (true)
        {
            long seen = Volatile.Read(ref paidUntil), next = Math.Max(seen, now) + cost;
            if (next - now > burst)
            {
                retryAfter = Promise(next - burst, now, cost);
                return false;
            }

            if (Interlocked.CompareExchange(ref paidUntil, next, seen) == seen) return true;
        }
    }

    private TimeSpan Promise(long earliest, long now, long cost)
    {
        while (true)
        {
            long seen = Volatile.Read(ref promisedUntil), place = Math.Max(seen, earliest);
            // Nobody is told to wait for longer than this: the places behind it are told to many.
            if (time.GetElapsedTime(now, place) > LongestPromise) return LongestPromise;
            if (Interlocked.CompareExchange(ref promisedUntil, place + cost, seen) == seen) return time.GetElapsedTime(now, place);
        }
    }

    // Rounded down: three of three a second fit into the second.
    private long CostOf(long amount) => (long)(amount * ticksEach);
}
