using System.Collections.Concurrent;
using System.Globalization;
using System.Threading.RateLimiting;
using RetentionScore.Server.Options;
using RetentionScore.Server.Scoring;

namespace RetentionScore.Server.Overload;

/// <summary>
/// What is let in, of each tenant and in all. What is new (streams, starts, calls, transcripts) is refused with TOO_MANY and told when to come again;
/// what is open is never refused: a stream whose tenant, or the server, is in debt reads nothing until it is paid, and HTTP/2's flow control tells its
/// client. Tenants are named by credentials, so there are few. Safe for any thread.
/// </summary>
internal sealed class Admission : IDisposable
{
    private readonly ServerOptions options;
    private readonly TimeProvider time;
    private readonly Quota all;
    private readonly ConcurrentDictionary<string, Quota> tenants = new(StringComparer.Ordinal);
    private readonly ConcurrencyLimiter transcripts;
    private int streams;

    public Admission(ServerOptions options, TimeProvider time)
    {
        this.options = options;
        this.time = time;
        LimitOptions limits = options.Limits;
        all = new Quota("", limits.MaxLiveCalls, limits.StartsPerSecond, limits.MessagesPerSecond, limits.BytesPerSecond, time);
        transcripts = new ConcurrencyLimiter(new ConcurrencyLimiterOptions
        {
            PermitLimit = limits.MaxTranscripts,
            QueueLimit = limits.MaxTranscripts * 8,
            QueueProcessingOrder = QueueProcessingOrder.OldestFirst,
        });
    }

    /// <summary>Calls that have not ended.</summary>
    internal int LiveCalls => all.LiveCalls;

    /// <summary>A stream opens; null where it may, and then <see cref="StreamClosed"/> follows.</summary>
    internal Refusal? OpenStream()
    {
        int open = Interlocked.Increment(ref streams);
        if (open <= options.Limits.MaxStreams) return null;
        Interlocked.Decrement(ref streams);
        return TooMany("streams", open, options.Limits.MaxStreams, options.Calls.RetryAfter);
    }

    internal void StreamClosed() => Interlocked.Decrement(ref streams);

    /// <summary>A start, new or not; null where it may go on.</summary>
    internal Refusal? TakeStart(string tenant)
    {
        Quota own = Of(tenant);
        if (own.Starts is { } ofTenant && !ofTenant.TryTake(out TimeSpan wait)) return TooManyStarts("tenant.starts_per_second", options.Limits.TenantStartsPerSecond, wait);
        return all.Starts is { } ofAll && !ofAll.TryTake(out wait) ? TooManyStarts("starts_per_second", options.Limits.StartsPerSecond, wait) : null;
    }

    /// <summary>Whether another call could live; asked before anything is made for it. Null where it could.</summary>
    internal Refusal? LookForPlace(string tenant) => Full(Of(tenant)) ?? Full(all);

    /// <summary>A call takes its place; null where there is one, and then <see cref="GiveBackPlace"/> follows once it has ended.</summary>
    internal Refusal? TakePlace(string tenant)
    {
        Quota own = Of(tenant);
        if (!own.TryAddCall()) return Full(own);
        if (all.TryAddCall()) return null;
        own.RemoveCall();
        return Full(all);
    }

    /// <summary>A call that was restored takes its place, whatever the limit.</summary>
    internal void AddPlace(string tenant)
    {
        Of(tenant).AddCall();
        all.AddCall();
    }

    internal void GiveBackPlace(string tenant)
    {
        Of(tenant).RemoveCall();
        all.RemoveCall();
    }

    /// <summary>What a stream of this tenant pays for what it reads.</summary>
    internal ReadingBudget Reading(string tenant) => new(Of(tenant), all);

    /// <summary>Waits for the turn of a transcript; a lease that is not acquired says that too many wait. The caller disposes of it.</summary>
    internal ValueTask<RateLimitLease> TranscriptAsync(CancellationToken cancellationToken) => transcripts.AcquireAsync(1, cancellationToken);

    internal Refusal TooManyTranscripts() => TooMany("transcripts", options.Limits.MaxTranscripts, options.Limits.MaxTranscripts, options.Calls.RetryAfter);

    public void Dispose() => transcripts.Dispose();

    private Quota Of(string tenant) => tenants.TryGetValue(tenant, out Quota? known) ? known : tenants.GetOrAdd(tenant, MakeQuota, this);

    private static Quota MakeQuota(string tenant, Admission admission)
    {
        LimitOptions limits = admission.options.Limits;
        return new Quota(
            "tenant.", limits.TenantLiveCalls, limits.TenantStartsPerSecond, limits.TenantMessagesPerSecond, limits.TenantBytesPerSecond, admission.time);
    }

    private Refusal? Full(Quota quota) =>
        quota.HasPlace ? null : TooMany($"{quota.Prefix}live_calls", quota.LiveCalls, quota.MaxLiveCalls, options.Calls.RetryAfter);

    private Refusal TooManyStarts(string field, int limit, TimeSpan wait) =>
        TooMany(field, limit, limit, wait > options.Calls.RetryAfter ? wait : options.Calls.RetryAfter);

    private static Refusal TooMany(string field, int value, int limit, TimeSpan retryAfter) =>
        new(RefusalReason.TooMany, string.Create(CultureInfo.InvariantCulture, $"{field} is {value}, the limit is {limit}"))
        {
            Field = field,
            Value = value.ToString(CultureInfo.InvariantCulture),
            Limit = limit.ToString(CultureInfo.InvariantCulture),
            RetryAfter = retryAfter,
        };
}
