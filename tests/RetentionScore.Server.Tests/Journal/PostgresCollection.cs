namespace RetentionScore.Server.Tests.Journal;

/// <summary>Tests that share one PostgreSQL, each with a database of its own.</summary>
[CollectionDefinition(Name)]
public sealed class PostgresCollection : ICollectionFixture<PostgresServer>
{
    internal const string Name = "postgres";
}
