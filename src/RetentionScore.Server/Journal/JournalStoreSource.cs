using RetentionScore.Server.Options;

namespace RetentionScore.Server.Journal;

/// <summary>The store that the options ask for; null for `memory`, where nothing is kept.</summary>
internal sealed class JournalStoreSource(ServerOptions options, TimeProvider time)
{
    internal IJournalStore? Store { get; } = options.Journal.Store switch
    {
        JournalStore.Sqlite => new SqliteStore(options.Journal.Path, options.Node, time),
        JournalStore.Postgres => new PostgresStore(options.Journal.ConnectionString, options.Node, time),
        _ => null,
    };
}
