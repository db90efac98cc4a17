namespace RetentionScore.Client;

/// <summary>
/// How long to wait before a try: anything up to a bound that doubles (full jitter), so that thousands of calls whose node has gone do not come to
/// the next one together. Immutable, safe for any thread.
/// </summary>
internal sealed class BackOff(TimeSpan first, TimeSpan longest)
{
    private const int MaxDoublings = 20;

    /// <summary>The wait.</summary>
    /// <param name="failures">How many tries have failed in a row, 0 for none.</param>
    /// <param name="retryAfter">What the server asked for; the wait is spread over half as long again.</param>
    /// <param name="random">0 to 1.</param>
    internal TimeSpan Delay(int failures, TimeSpan? retryAfter, double random)
    {
        double bound = Math.Min(first.TotalMilliseconds * (1L << Math.Clamp(failures, 0, MaxDoublings)), longest.TotalMilliseconds);
        double least = retryAfter?.TotalMilliseconds ?? 0;
        return TimeSpan.FromMilliseconds(least + random * Math.Max(bound, least / 2));
    }
}
