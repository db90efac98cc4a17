using System.Buffers.Binary;
using System.Globalization;
using Microsoft.Data.Sqlite;
using RetentionScore.Server.Calls;

namespace RetentionScore.Server.Journal;

/// <summary>
/// The journal in one SQLite file, for a node by itself. A commit is one row with the records of all its calls, so that it costs a few pages and not
/// one for each call; now and then those rows are folded into one entry for each call, which is what a restore reads. WAL with synchronous=NORMAL: what
/// is committed survives the process, not the machine's power, which is what NODE promises. Two processes may use one file: a commit looks whether
/// anyone else wrote, and only then asks for the epoch of each of its calls.
/// </summary>
internal sealed class SqliteStore : IJournalStore
{
    private const int FrameHead = 8 + 4 + LastWords.Bytes + 4;

    private static readonly string[] Migrations =
    [
        """
        CREATE TABLE calls(
          call_no INTEGER PRIMARY KEY, tenant TEXT NOT NULL, call_id TEXT NOT NULL, is_current INTEGER NOT NULL DEFAULT 1,
          epoch INTEGER NOT NULL, attempt INTEGER NOT NULL, held INTEGER NOT NULL, node TEXT NOT NULL, customer_id TEXT,
          start BLOB NOT NULL, policy_version TEXT NOT NULL, model_version TEXT NOT NULL, last_words BLOB, summary BLOB,
          opened_ms INTEGER NOT NULL, written_ms INTEGER NOT NULL);
        CREATE UNIQUE INDEX calls_current ON calls(tenant, call_id) WHERE is_current = 1;
        CREATE INDEX calls_customer ON calls(tenant, customer_id) WHERE customer_id IS NOT NULL;
        CREATE INDEX calls_written ON calls(written_ms);
        CREATE TABLE batches(id INTEGER PRIMARY KEY, frames BLOB NOT NULL);
        CREATE TABLE entries(id INTEGER PRIMARY KEY, call_no INTEGER NOT NULL, records BLOB NOT NULL);
        CREATE INDEX entries_call ON entries(call_no);
        """,
    ];

    private readonly string path, node;
    private readonly long foldBytes;
    private readonly TimeProvider time;
    // Waited for without a thread: while the file is locked, one thread waits with it and no more.
    private readonly SemaphoreSlim gate = new(1, 1);
    private SqliteConnection? connection;
    private readonly Dictionary<string, SqliteCommand> prepared = new(StringComparer.Ordinal);
    private byte[] frames = new byte[64 * 1024];
    private readonly HashSet<long> unfoldedCalls = [];
    private long unfolded, opened, foldedVersion;

    /// <summary>A store in a file, which is made where it is missing.</summary>
    /// <param name="path">The file; its folder is made too.</param>
    /// <param name="node">Who writes.</param>
    /// <param name="time">Where time comes from.</param>
    /// <param name="foldBytes">So much is written before it is folded.</param>
    internal SqliteStore(string path, string node, TimeProvider time, long foldBytes = 4 * 1024 * 1024)
    {
        this.path = path;
        this.node = node;
        this.time = time;
        this.foldBytes = foldBytes;
    }

    public V1.Durability Durability => V1.Durability.Node;

    /// <summary>Told how many bytes of a batch are lost, because what says whose they are is damaged.</summary>
    internal Action<int>? Damaged { get; init; }

    public Task OpenAsync(CancellationToken cancellationToken) => AloneAsync(
        () =>
        {
            Close();
            if (Path.GetDirectoryName(Path.GetFullPath(path)) is { } folder) Directory.CreateDirectory(folder);
            try
            {
                Open();
                return true;
            }
            catch
            {
                Close();
                throw;
            }
        },
        cancellationToken);

    public Task<ClaimOutcome> ClaimAsync(Claim claim, CancellationToken cancellationToken) =>
        AloneAsync(() => InTransaction(() => ClaimNow(claim)), cancellationToken);

    public Task<bool> RenewAsync(CallJournal call, ulong attempt, CancellationToken cancellationToken) => AloneAsync(
        () => Execute("UPDATE calls SET attempt = max(attempt, $1), held = 1 WHERE call_no = $2 AND epoch = $3", (long)attempt, call.CallNo, (long)call.Epoch) == 1,
        cancellationToken);

    public Task CommitAsync(IReadOnlyList<JournalItem> items, List<int> lost, CancellationToken cancellationToken) => AloneAsync(
        () =>
        {
            InTransaction(() =>
            {
                Write(items, lost);
                return true;
            });
            if (unfolded >= foldBytes) FoldSoon();
            return true;
        },
        cancellationToken);

    public Task<OrphanedCall?> TakeOrphanAsync(DateTimeOffset before, CancellationToken cancellationToken) =>
        AloneAsync(() => InTransaction(() => TakeOrphanNow(before.ToUnixTimeMilliseconds())), cancellationToken);

    public Task TouchAsync(IReadOnlyList<long> callNos, CancellationToken cancellationToken) => AloneAsync(
        () => InTransaction(() =>
        {
            foreach (long callNo in callNos) Execute("UPDATE calls SET written_ms = $2 WHERE call_no = $1", callNo, NowMs());
            return true;
        }),
        cancellationToken);

    public Task<int> EraseAsync(string tenant, string? callId, string? customerId, CancellationToken cancellationToken) => AloneAsync(
        () =>
        {
            // What is deleted is overwritten, and the log that still has it is emptied.
            Execute("PRAGMA secure_delete = ON");
            int erased = InTransaction(() =>
            {
                Fold();
                string which = "tenant = $1 AND " + (callId is not null ? "call_id = $2" : "customer_id = $2");
                string id = callId ?? customerId ?? throw new ArgumentException("Neither a call nor a customer is named.", nameof(callId));
                Execute($"DELETE FROM entries WHERE call_no IN (SELECT call_no FROM calls WHERE {which})", tenant, id);
                return Execute($"DELETE FROM calls WHERE {which}", tenant, id);
            });
            Execute("PRAGMA secure_delete = OFF");
            Execute("PRAGMA wal_checkpoint(TRUNCATE)");
            return erased;
        },
        cancellationToken);

    public Task<int> PruneAsync(DateTimeOffset before, CancellationToken cancellationToken) => AloneAsync(
        () => InTransaction(() =>
        {
            Fold();
            long ms = before.ToUnixTimeMilliseconds();
            Execute("DELETE FROM entries WHERE call_no IN (SELECT call_no FROM calls WHERE written_ms < $1)", ms);
            return Execute("DELETE FROM calls WHERE written_ms < $1", ms);
        }),
        cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await gate.WaitAsync().ConfigureAwait(false);
        Close();
        gate.Dispose();
    }

    private async Task<T> AloneAsync<T>(Func<T> act, CancellationToken cancellationToken)
    {
        await gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return act();
        }
        finally
        {
            gate.Release();
        }
    }

    /// <summary>Work that nobody waits for; what was committed stays so if it fails, and it is tried again with the next commit.</summary>
    private void FoldSoon()
    {
        try
        {
            InTransaction(() =>
            {
                Fold();
                return true;
            });
        }
        catch (SqliteException)
        {
            unfolded = foldBytes;
        }
    }

    private void Open()
    {
        connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false, DefaultTimeout = 1 }.ToString());
        connection.Open();
        opened++;
        Execute("PRAGMA journal_mode = WAL");
        Execute("PRAGMA synchronous = NORMAL");
        Execute("PRAGMA busy_timeout = 300");
        Execute("PRAGMA wal_autocheckpoint = 2000");
        InTransaction(() =>
        {
            Migrate();
            return true;
        });
        InTransaction(() =>
        {
            Fold();
            return true;
        });
    }

    private void Close()
    {
        foreach (SqliteCommand command in prepared.Values) command.Dispose();
        prepared.Clear();
        connection?.Dispose();
        connection = null;
    }

    private void Migrate()
    {
        Execute("CREATE TABLE IF NOT EXISTS schema_version(version INTEGER NOT NULL)");
        int at = Convert.ToInt32(Scalar("SELECT coalesce(max(version), 0) FROM schema_version"), CultureInfo.InvariantCulture);
        if (at > Migrations.Length) throw new InvalidDataException($"the journal {path} has schema {at}, this server knows up to {Migrations.Length}");
        for (; at < Migrations.Length; at++)
        {
            Execute(Migrations[at]);
            Execute("INSERT INTO schema_version VALUES ($1)", at + 1);
        }
    }

    private ClaimOutcome ClaimNow(in Claim claim)
    {
        long callNo = 0, epoch = 0, attempt = 0;
        bool held = false, found = false;
        StoredCall? stored = null;
        using (SqliteDataReader row = Command(
            "SELECT call_no, epoch, attempt, held, start, policy_version, model_version, last_words, summary, opened_ms, customer_id FROM calls WHERE tenant = $1 AND call_id = $2 AND is_current = 1",
            claim.Key.Tenant, claim.Key.CallId).ExecuteReader())
        {
            if (row.Read())
            {
                found = true;
                (callNo, epoch, attempt, held) = (row.GetInt64(0), row.GetInt64(1), row.GetInt64(2), row.GetInt64(3) != 0);
                var opening = new CallOpening(row.GetFieldValue<byte[]>(4), row.IsDBNull(10) ? null : row.GetString(10), row.GetString(5), row.GetString(6), row.GetInt64(9));
                stored = new StoredCall(opening, [], row.IsDBNull(7) ? default : LastWords.Read(row.GetFieldValue<byte[]>(7)), row.IsDBNull(8) ? null : row.GetFieldValue<byte[]>(8));
            }
        }

        bool hasEnded = stored?.Summary is not null;
        if (found && !hasEnded && claim.Mode == ClaimMode.New) return new ClaimOutcome(ClaimResult.Exists, callNo, 0, null, (ulong)attempt);
        if (found && !hasEnded && (attempt > (long)claim.Attempt || held && attempt == (long)claim.Attempt))
            return new ClaimOutcome(ClaimResult.Lower, callNo, 0, null, (ulong)attempt);
        if (!found && claim.Mode == ClaimMode.Attach) return new ClaimOutcome(ClaimResult.Missing, 0, 0, null, 0);
        if (!found || claim.Mode is ClaimMode.New or ClaimMode.Adopt)
        {
            if (found) Execute("UPDATE calls SET is_current = 0, epoch = epoch + 1 WHERE call_no = $1", callNo);
            Create(claim, epoch + 1);
            return new ClaimOutcome(ClaimResult.Created, claim.NewCallNo, (ulong)epoch + 1, null, 0);
        }

        if (!hasEnded)
        {
            epoch++;
            Execute("UPDATE calls SET epoch = $2, attempt = $3, held = 1, node = $4 WHERE call_no = $1", callNo, epoch, (long)claim.Attempt, node);
        }

        if (NeedsFold(callNo)) Fold();
        LastWords words = stored!.Words;
        if (Scalar("SELECT last_words FROM calls WHERE call_no = $1", callNo) is byte[] folded) words = LastWords.Read(folded);
        return new ClaimOutcome(ClaimResult.Attached, callNo, (ulong)epoch, stored with { Records = RecordsOf(callNo), Words = words }, 0);
    }

    private OrphanedCall? TakeOrphanNow(long beforeMs)
    {
        Fold(); // what is not folded was written, though the call's row does not say so
        CallKey key;
        long callNo, epoch, attempt;
        StoredCall stored;
        using (SqliteDataReader row = Command(
            """
            SELECT call_no, epoch, attempt, tenant, call_id, start, policy_version, model_version, last_words, opened_ms, customer_id
            FROM calls WHERE is_current = 1 AND summary IS NULL AND written_ms < $1 ORDER BY written_ms LIMIT 1
            """,
            beforeMs).ExecuteReader())
        {
            if (!row.Read()) return null;
            (callNo, epoch, attempt) = (row.GetInt64(0), row.GetInt64(1) + 1, row.GetInt64(2));
            key = new CallKey(row.GetString(3), row.GetString(4));
            var opening = new CallOpening(row.GetFieldValue<byte[]>(5), row.IsDBNull(10) ? null : row.GetString(10), row.GetString(6), row.GetString(7), row.GetInt64(9));
            stored = new StoredCall(opening, [], row.IsDBNull(8) ? default : LastWords.Read(row.GetFieldValue<byte[]>(8)), null);
        }

        Execute("UPDATE calls SET epoch = $2, held = 0, node = $3, written_ms = $4 WHERE call_no = $1", callNo, epoch, node, NowMs());
        return new OrphanedCall(key, (ulong)attempt, new ClaimOutcome(ClaimResult.Attached, callNo, (ulong)epoch, stored with { Records = RecordsOf(callNo) }, 0));
    }

    private void Create(in Claim claim, long epoch) => Execute(
        """
        INSERT INTO calls(call_no, tenant, call_id, epoch, attempt, held, node, customer_id, start, policy_version, model_version, opened_ms, written_ms)
        VALUES ($1, $2, $3, $4, $5, 1, $6, $7, $8, $9, $10, $11, $11)
        """,
        claim.NewCallNo, claim.Key.Tenant, claim.Key.CallId, epoch, (long)claim.Attempt, node, claim.Opening.CustomerId, claim.Opening.Start,
        claim.Opening.PolicyVersion, claim.Opening.ModelVersion, claim.Opening.OpenedUnixMs);

    private List<byte[]> RecordsOf(long callNo)
    {
        var records = new List<byte[]>();
        using SqliteDataReader row = Command("SELECT records FROM entries WHERE call_no = $1 ORDER BY id", callNo).ExecuteReader();
        while (row.Read()) records.Add(row.GetFieldValue<byte[]>(0));
        return records;
    }

    private void Write(IReadOnlyList<JournalItem> items, List<int> lost)
    {
        long seen = Version();
        int length = 0;
        for (int i = 0; i < items.Count; i++)
        {
            JournalItem item = items[i];
            if (item.Call.IsFenced) continue;
            if (item.Call.SeenVersion != seen)
            {
                if (EpochOf(item.Call.CallNo) != (long)item.Call.Epoch)
                {
                    lost.Add(i);
                    continue;
                }

                item.Call.SeenVersion = seen;
            }

            if (item.Length > 0)
            {
                length = AddFrame(length, item);
                unfoldedCalls.Add(item.Call.CallNo);
            }

            if (item.CustomerId is not null) Execute("UPDATE calls SET customer_id = $2 WHERE call_no = $1", item.Call.CallNo, item.CustomerId);
            if (item.Released) Execute("UPDATE calls SET held = 0 WHERE call_no = $1", item.Call.CallNo);
            if (item.Summary is null) continue;
            Execute("UPDATE calls SET summary = $2, last_words = NULL, held = 0, written_ms = $3 WHERE call_no = $1", item.Call.CallNo, item.Summary, NowMs());
        }

        if (length == 0) return;
        SqliteCommand addBatch = Command("INSERT INTO batches(frames) VALUES ($1)", frames);
        addBatch.Parameters[0].Size = length;
        addBatch.ExecuteNonQuery();
        unfolded += length;
    }

    private int AddFrame(int at, in JournalItem item)
    {
        int need = at + FrameHead + item.Length;
        if (frames.Length < need) Array.Resize(ref frames, Math.Max(need, frames.Length * 2));
        Span<byte> frame = frames.AsSpan(at);
        BinaryPrimitives.WriteInt64LittleEndian(frame, item.Call.CallNo);
        BinaryPrimitives.WriteInt32LittleEndian(frame[8..], item.Length);
        item.Words.Write(frame[12..]);
        BinaryPrimitives.WriteUInt32LittleEndian(frame[(FrameHead - 4)..], Crc32C.Of(frame[..(FrameHead - 4)]));
        item.Records.Span.CopyTo(frame[FrameHead..]);
        return need;
    }

    /// <summary>Turns batches into entries, one for each call.</summary>
    private void Fold()
    {
        var folded = new Dictionary<long, Folded>();
        using (SqliteDataReader row = Command("SELECT frames FROM batches ORDER BY id").ExecuteReader())
        {
            while (row.Read()) ReadFrames(row.GetFieldValue<byte[]>(0), folded);
        }

        unfolded = 0;
        unfoldedCalls.Clear();
        foldedVersion = Version();
        if (folded.Count == 0) return;
        byte[] words = new byte[LastWords.Bytes];
        foreach ((long callNo, Folded call) in folded)
        {
            Execute("INSERT INTO entries(call_no, records) VALUES ($1, $2)", callNo, call.Records.ToArray());
            call.Words.Write(words);
            Execute("UPDATE calls SET last_words = $2, written_ms = $3 WHERE call_no = $1 AND summary IS NULL", callNo, words, NowMs());
        }

        Execute("DELETE FROM batches");
        // Of calls that were erased meanwhile.
        if (folded.Keys.Any(callNo => EpochOf(callNo) is null)) Execute("DELETE FROM entries WHERE call_no NOT IN (SELECT call_no FROM calls)");
    }

    private void ReadFrames(byte[] batch, Dictionary<long, Folded> into)
    {
        ReadOnlySpan<byte> left = batch;
        while (left.Length >= FrameHead)
        {
            // Without its head nobody knows where the next frame begins; the records' own checksums tell what is missing.
            if (BinaryPrimitives.ReadUInt32LittleEndian(left[(FrameHead - 4)..]) != Crc32C.Of(left[..(FrameHead - 4)])) break;
            int length = Math.Min(BinaryPrimitives.ReadInt32LittleEndian(left[8..]), left.Length - FrameHead);
            long callNo = BinaryPrimitives.ReadInt64LittleEndian(left);
            if (!into.TryGetValue(callNo, out Folded? call)) into.Add(callNo, call = new Folded());
            call.Records.Write(left.Slice(FrameHead, length));
            call.Words = LastWords.Read(left[12..]);
            left = left[(FrameHead + length)..];
        }

        if (left.Length > 0) Damaged?.Invoke(left.Length);
    }

    /// <summary>Whether batches may hold records of a call: where thousands come back at once, most have none since the file was opened.</summary>
    private bool NeedsFold(long callNo) => unfoldedCalls.Contains(callNo) || Version() != foldedVersion;

    /// <summary>Changes whenever another process has written. Of this connection: another one counts anew.</summary>
    private long Version() => opened << 32 | (long)Scalar("PRAGMA data_version")!;

    private long NowMs() => time.GetUtcNow().ToUnixTimeMilliseconds();

    private T InTransaction<T>(Func<T> act)
    {
        if (connection is null) throw new IOException($"the journal {path} is not open");
        Execute("BEGIN IMMEDIATE");
        try
        {
            T result = act();
            Execute("COMMIT");
            return result;
        }
        catch
        {
            foldedVersion = -1; // a fold that did not happen
            try
            {
                Execute("ROLLBACK");
            }
            catch (SqliteException)
            {
                // A failed commit, as on a full disk, has rolled back by itself.
            }

            throw;
        }
    }

    private long? EpochOf(long callNo) => Scalar("SELECT epoch FROM calls WHERE call_no = $1", callNo) as long?;

    private int Execute(string sql, params ReadOnlySpan<object?> values) => Command(sql, values).ExecuteNonQuery();

    private object? Scalar(string sql, params ReadOnlySpan<object?> values) => Command(sql, values).ExecuteScalar();

    /// <summary>A statement with its values: prepared when it is first asked for, and kept. What it reads is closed before it is asked for again.</summary>
    private SqliteCommand Command(string sql, params ReadOnlySpan<object?> values)
    {
        if (!prepared.TryGetValue(sql, out SqliteCommand? command))
        {
            command = (connection ?? throw new IOException($"the journal {path} is not open")).CreateCommand();
            command.CommandText = sql;
            for (int i = 1; i <= values.Length; i++) command.Parameters.Add(new SqliteParameter($"${i}", null));
            prepared.Add(sql, command);
        }

        for (int i = 0; i < values.Length; i++) command.Parameters[i].Value = values[i] ?? DBNull.Value;
        return command;
    }

    private sealed class Folded
    {
        internal MemoryStream Records { get; } = new();

        internal LastWords Words { get; set; }
    }
}
