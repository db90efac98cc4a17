using RetentionScore.Server.Calls;

namespace RetentionScore.Server.Journal;

/// <summary>
/// Where the journal is kept. Any method may throw what its database throws (<see cref="System.Data.Common.DbException"/>, IO, time-outs); the caller
/// tries again. Safe for any thread.
/// </summary>
internal interface IJournalStore : IAsyncDisposable
{
    /// <summary>What is promised of what was committed.</summary>
    V1.Durability Durability { get; }

    /// <summary>Connects, and brings the schema up to date. Called before anything else, again after a failure.</summary>
    Task OpenAsync(CancellationToken cancellationToken);

    /// <summary>Claims a call: one transaction.</summary>
    Task<ClaimOutcome> ClaimAsync(Claim claim, CancellationToken cancellationToken);

    /// <summary>A new start of a call that this process holds: false where another owner has it by now.</summary>
    Task<bool> RenewAsync(CallJournal call, ulong attempt, CancellationToken cancellationToken);

    /// <summary>Writes all items in one transaction. Those of calls that another owner has write nothing, and their number is added.</summary>
    /// <param name="items">At most one for each call.</param>
    /// <param name="lost">Gains the places of items whose claim no longer holds.</param>
    /// <param name="cancellationToken">Gives up.</param>
    Task CommitAsync(IReadOnlyList<JournalItem> items, List<int> lost, CancellationToken cancellationToken);

    /// <summary>
    /// Claims a call that lives and that nobody has written to since then: its node has died, and its client never came back. One at a time, and one
    /// that was taken is not taken again before the same time has passed. Null where there is none.
    /// </summary>
    Task<OrphanedCall?> TakeOrphanAsync(DateTimeOffset before, CancellationToken cancellationToken);

    /// <summary>Says that calls live although nothing is written to them, so that nobody takes them for orphans.</summary>
    Task TouchAsync(IReadOnlyList<long> callNos, CancellationToken cancellationToken);

    /// <summary>Removes all that is kept of a call, or of a customer's calls. Returns how many.</summary>
    Task<int> EraseAsync(string tenant, string? callId, string? customerId, CancellationToken cancellationToken);

    /// <summary>Removes calls that nothing was written to since then. Returns how many.</summary>
    Task<int> PruneAsync(DateTimeOffset before, CancellationToken cancellationToken);
}
