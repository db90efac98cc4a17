using System.Globalization;
using Npgsql;
using NpgsqlTypes;
using RetentionScore.Server.Calls;

namespace RetentionScore.Server.Journal;

/// <summary>
/// The journal in PostgreSQL, shared by all nodes. A commit is one statement: it moves each call's row on where the epoch is still ours, which locks the
/// row against a claim, and adds the records of those calls and of no others. So an owner that lost its claim commits nothing, whatever it thinks. What
/// is committed is as durable as the database's synchronous_commit says.
/// </summary>
internal sealed class PostgresStore : IJournalStore
{
    // Any number that no other program of the same database is likely to lock.
    private const long MigrationLock = 0x52455453434F52;

    private const string CommitSql =
        """
        WITH said AS (
          SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bytea[], $5::bytea[], $6::bytea[], $7::text[], $8::boolean[])
            AS s(call_no, epoch, seq, records, words, summary, customer_id, released)),
        ours AS (
          UPDATE calls SET durable_seq = greatest(durable_seq, said.seq), written_ms = $9,
            last_words = CASE WHEN said.summary IS NULL THEN coalesce(said.words, last_words) END,
            summary = coalesce(said.summary, calls.summary), customer_id = coalesce(said.customer_id, calls.customer_id),
            held = held AND said.summary IS NULL AND NOT said.released
          FROM said WHERE calls.call_no = said.call_no AND calls.epoch = said.epoch
          RETURNING calls.call_no),
        added AS (
          INSERT INTO entries(call_no, records)
          SELECT said.call_no, said.records FROM said JOIN ours ON ours.call_no = said.call_no WHERE length(said.records) > 0)
        SELECT call_no FROM ours
        """;

    private static readonly string[] Migrations =
    [
        """
        CREATE TABLE calls(
          call_no bigint PRIMARY KEY, tenant text NOT NULL, call_id text NOT NULL, is_current boolean NOT NULL DEFAULT true,
          epoch bigint NOT NULL, attempt bigint NOT NULL, held boolean NOT NULL, node text NOT NULL, customer_id text,
          start bytea NOT NULL, policy_version text NOT NULL, model_version text NOT NULL, last_words bytea, summary bytea,
          durable_seq bigint NOT NULL DEFAULT 0, opened_ms bigint NOT NULL, written_ms bigint NOT NULL)
          WITH (fillfactor = 70);
        CREATE UNIQUE INDEX calls_current ON calls(tenant, call_id) WHERE is_current;
        CREATE INDEX calls_customer ON calls(tenant, customer_id) WHERE customer_id IS NOT NULL;
        CREATE TABLE entries(id bigint GENERATED ALWAYS AS IDENTITY, call_no bigint NOT NULL, records bytea NOT NULL);
        CREATE INDEX entries_call ON entries(call_no, id);
        """,
    ];

    private readonly NpgsqlDataSource database;
    private readonly string node;
    private readonly TimeProvider time;
    private readonly List<byte[]> words = [];

    /// <summary>A store in a database that is there; its tables are made where they are missing.</summary>
    /// <param name="connectionString">Npgsql's.</param>
    /// <param name="node">Who writes.</param>
    /// <param name="time">Where time comes from.</param>
    internal PostgresStore(string connectionString, string node, TimeProvider time)
    {
        database = new NpgsqlSlimDataSourceBuilder(connectionString).EnableArrays().Build();
        this.node = node;
        this.time = time;
    }

    public V1.Durability Durability => V1.Durability.Shared;

    public async Task OpenAsync(CancellationToken cancellationToken)
    {
        await using NpgsqlConnection connection = await database.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        await using NpgsqlTransaction transaction = await connection.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);
        await RunAsync(connection, "SELECT pg_advisory_xact_lock($1)", cancellationToken, Big(MigrationLock)).ConfigureAwait(false);
        await RunAsync(connection, "CREATE TABLE IF NOT EXISTS schema_version(version integer NOT NULL)", cancellationToken).ConfigureAwait(false);
        await using NpgsqlCommand read = Command(connection, "SELECT coalesce(max(version), 0) FROM schema_version");
        int at = Convert.ToInt32(await read.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false), CultureInfo.InvariantCulture);
        if (at > Migrations.Length) throw new InvalidDataException($"the journal's database has schema {at}, this server knows up to {Migrations.Length}");
        for (; at < Migrations.Length; at++)
        {
            await using NpgsqlCommand migrate = connection.CreateCommand();
            migrate.CommandText = Migrations[at];
            await migrate.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
            await RunAsync(connection, "INSERT INTO schema_version VALUES ($1)", cancellationToken, new NpgsqlParameter<int> { TypedValue = at + 1 }).ConfigureAwait(false);
        }

        await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
    }

    public async Task<ClaimOutcome> ClaimAsync(Claim claim, CancellationToken cancellationToken)
    {
        await using NpgsqlConnection connection = await database.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        // Most calls are new: one statement, one round trip.
        if (claim.Mode is ClaimMode.CreateOrAttach or ClaimMode.New && await TryCreateAsync(connection, claim, 1, cancellationToken).ConfigureAwait(false))
            return new ClaimOutcome(ClaimResult.Created, claim.NewCallNo, 1, null, 0);
        await using NpgsqlTransaction transaction = await connection.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);
        ClaimOutcome outcome = await ClaimAsync(connection, claim, cancellationToken).ConfigureAwait(false);
        await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
        return outcome;
    }

    public async Task<bool> RenewAsync(CallJournal call, ulong attempt, CancellationToken cancellationToken)
    {
        await using NpgsqlCommand update = database.CreateCommand("UPDATE calls SET attempt = greatest(attempt, $1), held = true WHERE call_no = $2 AND epoch = $3");
        update.Parameters.Add(Big((long)attempt));
        update.Parameters.Add(Big(call.CallNo));
        update.Parameters.Add(Big((long)call.Epoch));
        return await update.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false) == 1;
    }

    public async Task CommitAsync(IReadOnlyList<JournalItem> items, List<int> lost, CancellationToken cancellationToken)
    {
        // Rows are locked in one order, so that two nodes that write the same calls never wait for each other in a circle.
        int[] order = [.. Enumerable.Range(0, items.Count).Where(i => !items[i].Call.IsFenced).OrderBy(i => items[i].Call.CallNo)];
        if (order.Length == 0) return;
        await using NpgsqlCommand write = database.CreateCommand(CommitSql);
        write.Parameters.Add(Of(order, i => items[i].Call.CallNo, NpgsqlDbType.Bigint));
        write.Parameters.Add(Of(order, i => (long)items[i].Call.Epoch, NpgsqlDbType.Bigint));
        write.Parameters.Add(Of(order, i => (long)items[i].LastSeq, NpgsqlDbType.Bigint));
        write.Parameters.Add(Of(order, i => items[i].Records, NpgsqlDbType.Bytea));
        write.Parameters.Add(Of(order, i => items[i].Length == 0 ? null : WordsOf(items[i], i), NpgsqlDbType.Bytea));
        write.Parameters.Add(Of(order, i => items[i].Summary, NpgsqlDbType.Bytea));
        write.Parameters.Add(Of(order, i => items[i].CustomerId, NpgsqlDbType.Text));
        write.Parameters.Add(Of(order, i => items[i].Released, NpgsqlDbType.Boolean));
        write.Parameters.Add(Big(time.GetUtcNow().ToUnixTimeMilliseconds()));
        var written = new HashSet<long>();
        await using (NpgsqlDataReader rows = await write.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false))
        {
            while (await rows.ReadAsync(cancellationToken).ConfigureAwait(false)) written.Add(rows.GetInt64(0));
        }

        foreach (int i in order)
        {
            if (!written.Contains(items[i].Call.CallNo)) lost.Add(i);
        }
    }

    public async Task<OrphanedCall?> TakeOrphanAsync(DateTimeOffset before, CancellationToken cancellationToken)
    {
        await using NpgsqlConnection connection = await database.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        await using NpgsqlTransaction transaction = await connection.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);
        CallKey key;
        long callNo, epoch, attempt;
        StoredCall stored;
        await using (NpgsqlCommand select = Command(
            connection,
            """
            SELECT call_no, epoch, attempt, tenant, call_id, start, policy_version, model_version, last_words, opened_ms, customer_id
            FROM calls WHERE is_current AND summary IS NULL AND written_ms < $1 ORDER BY written_ms LIMIT 1 FOR UPDATE SKIP LOCKED
            """,
            Big(before.ToUnixTimeMilliseconds())))
        await using (NpgsqlDataReader row = await select.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false))
        {
            if (!await row.ReadAsync(cancellationToken).ConfigureAwait(false)) return null;
            (callNo, epoch, attempt) = (row.GetInt64(0), row.GetInt64(1) + 1, row.GetInt64(2));
            key = new CallKey(row.GetString(3), row.GetString(4));
            var opening = new CallOpening(row.GetFieldValue<byte[]>(5), row.IsDBNull(10) ? null : row.GetString(10), row.GetString(6), row.GetString(7), row.GetInt64(9));
            stored = new StoredCall(opening, [], row.IsDBNull(8) ? default : LastWords.Read(row.GetFieldValue<byte[]>(8)), null);
        }

        await RunAsync(
            connection, "UPDATE calls SET epoch = $2, held = false, node = $3, written_ms = $4 WHERE call_no = $1", cancellationToken,
            Big(callNo), Big(epoch), Text(node), Big(time.GetUtcNow().ToUnixTimeMilliseconds())).ConfigureAwait(false);
        stored = stored with { Records = await RecordsAsync(connection, callNo, cancellationToken).ConfigureAwait(false) };
        await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
        return new OrphanedCall(key, (ulong)attempt, new ClaimOutcome(ClaimResult.Attached, callNo, (ulong)epoch, stored, 0));
    }

    public async Task TouchAsync(IReadOnlyList<long> callNos, CancellationToken cancellationToken)
    {
        // Rows are locked in the order of commits.
        await using NpgsqlCommand update = database.CreateCommand(
            "WITH mine AS (SELECT call_no FROM calls WHERE call_no = ANY($1) ORDER BY call_no FOR UPDATE) UPDATE calls SET written_ms = $2 FROM mine WHERE calls.call_no = mine.call_no");
        update.Parameters.Add(new NpgsqlParameter { Value = callNos.ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Bigint });
        update.Parameters.Add(Big(time.GetUtcNow().ToUnixTimeMilliseconds()));
        await update.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
    }

    public async Task<int> EraseAsync(string tenant, string? callId, string? customerId, CancellationToken cancellationToken)
    {
        string id = callId ?? customerId ?? throw new ArgumentException("Neither a call nor a customer is named.", nameof(callId));
        string which = callId is not null ? "call_id" : "customer_id";
        return await DeleteAsync($"tenant = $1 AND {which} = $2", cancellationToken, Text(tenant), Text(id)).ConfigureAwait(false);
    }

    public Task<int> PruneAsync(DateTimeOffset before, CancellationToken cancellationToken) =>
        DeleteAsync("written_ms < $1", cancellationToken, Big(before.ToUnixTimeMilliseconds()));

    public ValueTask DisposeAsync() => database.DisposeAsync();

    private async Task<ClaimOutcome> ClaimAsync(NpgsqlConnection connection, Claim claim, CancellationToken cancellationToken)
    {
        long callNo = 0, epoch = 0, attempt = 0;
        bool held = false;
        StoredCall? stored = null;
        await using (NpgsqlCommand select = Command(
            connection,
            """
            SELECT call_no, epoch, attempt, held, start, policy_version, model_version, last_words, summary, opened_ms, customer_id
            FROM calls WHERE tenant = $1 AND call_id = $2 AND is_current FOR UPDATE
            """,
            Text(claim.Key.Tenant), Text(claim.Key.CallId)))
        await using (NpgsqlDataReader row = await select.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false))
        {
            if (await row.ReadAsync(cancellationToken).ConfigureAwait(false))
            {
                (callNo, epoch, attempt, held) = (row.GetInt64(0), row.GetInt64(1), row.GetInt64(2), row.GetBoolean(3));
                var opening = new CallOpening(row.GetFieldValue<byte[]>(4), row.IsDBNull(10) ? null : row.GetString(10), row.GetString(5), row.GetString(6), row.GetInt64(9));
                stored = new StoredCall(opening, [], row.IsDBNull(7) ? default : LastWords.Read(row.GetFieldValue<byte[]>(7)), row.IsDBNull(8) ? null : row.GetFieldValue<byte[]>(8));
            }
        }

        if (stored is null)
        {
            if (claim.Mode == ClaimMode.Attach) return new ClaimOutcome(ClaimResult.Missing, 0, 0, null, 0);
            if (await TryCreateAsync(connection, claim, 1, cancellationToken).ConfigureAwait(false)) return new ClaimOutcome(ClaimResult.Created, claim.NewCallNo, 1, null, 0);
            return await ClaimAsync(connection, claim, cancellationToken).ConfigureAwait(false); // another node was quicker: now it is there
        }

        bool hasEnded = stored.Summary is not null;
        if (!hasEnded && claim.Mode == ClaimMode.New) return new ClaimOutcome(ClaimResult.Exists, callNo, 0, null, (ulong)attempt);
        if (!hasEnded && (attempt > (long)claim.Attempt || held && attempt == (long)claim.Attempt))
            return new ClaimOutcome(ClaimResult.Lower, callNo, 0, null, (ulong)attempt);
        if (claim.Mode is ClaimMode.New or ClaimMode.Adopt)
        {
            await RunAsync(connection, "UPDATE calls SET is_current = false, epoch = epoch + 1 WHERE call_no = $1", cancellationToken, Big(callNo)).ConfigureAwait(false);
            await TryCreateAsync(connection, claim, epoch + 1, cancellationToken).ConfigureAwait(false);
            return new ClaimOutcome(ClaimResult.Created, claim.NewCallNo, (ulong)epoch + 1, null, 0);
        }

        if (!hasEnded)
        {
            epoch++;
            await RunAsync(
                connection, "UPDATE calls SET epoch = $2, attempt = $3, held = true, node = $4 WHERE call_no = $1", cancellationToken,
                Big(callNo), Big(epoch), Big((long)claim.Attempt), Text(node)).ConfigureAwait(false);
        }

        List<byte[]> records = await RecordsAsync(connection, callNo, cancellationToken).ConfigureAwait(false);
        return new ClaimOutcome(ClaimResult.Attached, callNo, (ulong)epoch, stored with { Records = records }, 0);
    }

    private static async Task<List<byte[]>> RecordsAsync(NpgsqlConnection connection, long callNo, CancellationToken cancellationToken)
    {
        var records = new List<byte[]>();
        await using NpgsqlCommand read = Command(connection, "SELECT records FROM entries WHERE call_no = $1 ORDER BY id", Big(callNo));
        await using NpgsqlDataReader entries = await read.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        while (await entries.ReadAsync(cancellationToken).ConfigureAwait(false)) records.Add(entries.GetFieldValue<byte[]>(0));
        return records;
    }

    /// <summary>False where the call is there.</summary>
    private async Task<bool> TryCreateAsync(NpgsqlConnection connection, Claim claim, long epoch, CancellationToken cancellationToken) => await RunAsync(
        connection,
        """
        INSERT INTO calls(call_no, tenant, call_id, epoch, attempt, held, node, customer_id, start, policy_version, model_version, opened_ms, written_ms)
        VALUES ($1, $2, $3, $4, $5, true, $6, $7, $8, $9, $10, $11, $11) ON CONFLICT DO NOTHING
        """,
        cancellationToken,
        Big(claim.NewCallNo), Text(claim.Key.Tenant), Text(claim.Key.CallId), Big(epoch), Big((long)claim.Attempt), Text(node), Text(claim.Opening.CustomerId),
        new NpgsqlParameter { Value = claim.Opening.Start, NpgsqlDbType = NpgsqlDbType.Bytea }, Text(claim.Opening.PolicyVersion), Text(claim.Opening.ModelVersion),
        Big(claim.Opening.OpenedUnixMs)).ConfigureAwait(false) == 1;

    private async Task<int> DeleteAsync(string which, CancellationToken cancellationToken, params NpgsqlParameter[] parameters)
    {
        await using NpgsqlConnection connection = await database.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        await using NpgsqlTransaction transaction = await connection.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);
        // Waits for commits that are under way: only a later statement sees what they wrote, and takes it away with the call.
        var gone = new List<long>();
        await using (NpgsqlCommand select = Command(connection, $"SELECT call_no FROM calls WHERE {which} ORDER BY call_no FOR UPDATE", parameters))
        await using (NpgsqlDataReader row = await select.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false))
        {
            while (await row.ReadAsync(cancellationToken).ConfigureAwait(false)) gone.Add(row.GetInt64(0));
        }

        foreach (string table in new[] { "entries", "calls" })
        {
            var numbers = new NpgsqlParameter { Value = gone.ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Bigint };
            await RunAsync(connection, $"DELETE FROM {table} WHERE call_no = ANY($1)", cancellationToken, numbers).ConfigureAwait(false);
        }

        await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
        return gone.Count;
    }

    // Arrays of one length each are kept from commit to commit: only the writer commits.
    private byte[] WordsOf(in JournalItem item, int place)
    {
        while (words.Count <= place) words.Add(new byte[LastWords.Bytes]);
        item.Words.Write(words[place]);
        return words[place];
    }

    private static NpgsqlParameter Of<T>(int[] order, Func<int, T> value, NpgsqlDbType type) =>
        new() { Value = Array.ConvertAll(order, i => value(i)), NpgsqlDbType = NpgsqlDbType.Array | type };

    private static NpgsqlParameter<long> Big(long value) => new() { TypedValue = value };

    private static NpgsqlParameter Text(string? value) => new() { Value = (object?)value ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text };

    private static NpgsqlCommand Command(NpgsqlConnection connection, string sql, params ReadOnlySpan<NpgsqlParameter> parameters)
    {
        NpgsqlCommand command = connection.CreateCommand();
        command.CommandText = sql;
        foreach (NpgsqlParameter parameter in parameters) command.Parameters.Add(parameter);
        return command;
    }

    private static async Task<int> RunAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken, params NpgsqlParameter[] parameters)
    {
        await using NpgsqlCommand command = Command(connection, sql, parameters);
        return await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
    }
}
