using RetentionScore.Server.Auditing;
using RetentionScore.Server.Options;

namespace RetentionScore.Server.Journal;

/// <summary>
/// Removes calls from the journal that the options name, from any process: a server that holds one loses it with its next message. Who did it is in the
/// audit log, where the options name one; not which customer, who is to be forgotten.
/// </summary>
public static class JournalErasure
{
    /// <summary>Removes all that is kept of a call, or of all calls of a customer.</summary>
    /// <param name="options">Whose journal; where nothing is kept, nothing is removed.</param>
    /// <param name="tenant">Whose call.</param>
    /// <param name="callId">The call; null where a customer is named.</param>
    /// <param name="customerId">The customer, as `context.customer_id` said; null where a call is named.</param>
    /// <returns>How many calls.</returns>
    /// <exception cref="System.Data.Common.DbException">The journal cannot be reached or written.</exception>
    /// <exception cref="IOException">The journal's file cannot be opened, or the audit log cannot be written: then nothing was removed.</exception>
    /// <exception cref="UnauthorizedAccessException">The audit log may not be written: then nothing was removed.</exception>
    public static async Task<int> EraseAsync(ServerOptions options, string tenant, string? callId, string? customerId)
    {
        if (new JournalStoreSource(options, TimeProvider.System).Store is not { } store) return 0;
        await using (store.ConfigureAwait(false))
        {
            await store.OpenAsync(CancellationToken.None).ConfigureAwait(false);
            if (options.Audit.Path is { } path)
            {
                using var audit = AuditWriter.Open(path, known: null);
                var what = new Happening(DateTimeOffset.UtcNow, callId is null ? "erased_customer" : "erased", $"user {Environment.UserName}", tenant, callId ?? "");
                audit.Write(what, options.Node);
            }

            return await store.EraseAsync(tenant, callId, customerId, CancellationToken.None).ConfigureAwait(false);
        }
    }
}
