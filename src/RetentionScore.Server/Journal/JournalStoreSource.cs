using RetentionScore.Server.Metrics;
using RetentionScore.Server.Options;

namespace RetentionScore.Server.Journal;

/// <summary>The store that the options name; null where nothing is kept.</summary>
internal sealed partial class JournalStoreSource
{
    /// <param name="options">Which, and where.</param>
    /// <param name="time">Where time comes from.</param>
    /// <param name="metrics">Counts what is found damaged; null outside of a server.</param>
    /// <param name="logger">Told the same.</param>
    public JournalStoreSource(ServerOptions options, TimeProvider time, ServerMetrics? metrics = null, ILogger<JournalStoreSource>? logger = null)
    {
        Store = options.Journal.Store switch
        {
            JournalStore.Sqlite => new SqliteStore(options.Journal.Path, options.Node, time) { Damaged = Damaged },
            JournalStore.Postgres => new PostgresStore(options.Journal.ConnectionString, options.Node, time),
            _ => null,
        };

        void Damaged(int bytes)
        {
            metrics?.JournalDamaged();
            if (logger is not null) BatchDamaged(logger, bytes);
        }
    }

    internal IJournalStore? Store { get; }

    [LoggerMessage(1, LogLevel.Error, "The journal's file is damaged: {Bytes} bytes of a batch cannot be read. Calls that had records there are restored without them.")]
    private static partial void BatchDamaged(ILogger logger, int bytes);
}
