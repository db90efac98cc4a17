using System.Net;

namespace RetentionScore.Server.Options;

/// <summary>
/// Everything that can be set, under <c>RetentionScore</c> in appsettings.json, as RETENTIONSCORE__SECTION__KEY in the environment or as
/// --Section:Key=value. Immutable; read once at start by <see cref="OptionsSource"/>.
/// </summary>
public sealed record ServerOptions
{
    /// <summary>What this node is called in answers; 1 to 128 characters. Default: the machine's name.</summary>
    public string Node { get; init; } = Environment.MachineName;

    /// <summary>Where to listen.</summary>
    public ListenOptions Listen { get; init; } = new();

    /// <summary>How long calls wait for their clients.</summary>
    public CallOptions Calls { get; init; } = new();

    /// <summary>How much is taken.</summary>
    public LimitOptions Limits { get; init; } = new();

    /// <summary>What survives a crash.</summary>
    public JournalOptions Journal { get; init; } = new();

    /// <summary>How the server goes away.</summary>
    public DrainOptions Drain { get; init; } = new();

    /// <summary>What scores are made of.</summary>
    public ScoringOptions Scoring { get; init; } = new();

    /// <summary>Encryption of both ports.</summary>
    public TlsOptions Tls { get; init; } = new();

    /// <summary>Who may call.</summary>
    public SecurityOptions Security { get; init; } = new();

    /// <summary>Who did what.</summary>
    public AuditOptions Audit { get; init; } = new();

    /// <summary>Metrics and traces over OTLP.</summary>
    public TelemetryOptions Telemetry { get; init; } = new();
}

/// <summary>Section Scoring.</summary>
public sealed record ScoringOptions
{
    /// <summary>File of a calibration, as <c>retentionscore calibrate</c> writes it; read at start. Default: what is shipped.</summary>
    public string? CalibrationPath { get; init; }

    /// <summary>
    /// File of weights, as <c>retentionscore train</c> writes it; read at start, and again when it changes: calls that begin then take the new model. Default:
    /// the weights that are built in.
    /// </summary>
    public string? ModelPath { get; init; }
}

/// <summary>Section Tls. Without a certificate both ports are in the clear. Files are read again when they change.</summary>
public sealed record TlsOptions
{
    /// <summary>PEM file of the certificate and those between it and the root. Default: none.</summary>
    public string? CertificatePath { get; init; }

    /// <summary>PEM file of its key, without a passphrase. Default: none.</summary>
    public string? KeyPath { get; init; }

    /// <summary>PEM file of the authorities that certificates of clients must be of (mutual TLS). Default: clients need none.</summary>
    public string? ClientCaPath { get; init; }

    /// <summary>Whether there is TLS.</summary>
    public bool IsOn => CertificatePath is not null;
}

/// <summary>
/// Section Security. Without credentials (ApiKeysPath, Jwt) everybody is the tenant "default", and the server listens on loopback only unless
/// AllowAnonymous is set.
/// </summary>
public sealed record SecurityOptions
{
    /// <summary>Listens beyond loopback although there are no credentials: something in front asks for them. Default false.</summary>
    public bool AllowAnonymous { get; init; }

    /// <summary>Takes credentials beyond loopback without TLS: something in front encrypts. Default false.</summary>
    public bool AllowPlaintext { get; init; }

    /// <summary>JSON file of hashed API keys and certificates of clients (docs/security.md). Default: none.</summary>
    public string? ApiKeysPath { get; init; }

    /// <summary>Signed tokens.</summary>
    public JwtOptions Jwt { get; init; } = new();

    /// <summary>Whether credentials are asked for.</summary>
    public bool HasCredentials => ApiKeysPath is not null || Jwt.IsOn;
}

/// <summary>Section Security:Jwt. All of Issuer, Audience and Jwks, or none.</summary>
public sealed record JwtOptions
{
    /// <summary>The <c>iss</c> that is believed.</summary>
    public string? Issuer { get; init; }

    /// <summary>The <c>aud</c> that means us.</summary>
    public string? Audience { get; init; }

    /// <summary>Keys (JWKS): a file, or an https URL (http on loopback).</summary>
    public string? Jwks { get; init; }

    /// <summary>How far clocks may differ. 0 to 5 min, default 30 s.</summary>
    public TimeSpan ClockSkew { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How old keys of a URL may be. 1 s to 24 h, default 10 min.</summary>
    public TimeSpan Refresh { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Whether tokens are believed.</summary>
    public bool IsOn => Issuer is not null && Audience is not null && Jwks is not null;

    /// <summary>Whether keys are fetched.</summary>
    public bool IsUrl => Jwks is not null && Jwks.StartsWith("http", StringComparison.OrdinalIgnoreCase) && Jwks.Contains("://", StringComparison.Ordinal);
}

/// <summary>Section Audit.</summary>
public sealed record AuditOptions
{
    /// <summary>File of the audit log, appended to. Default: none is written.</summary>
    public string? Path { get; init; }
}

/// <summary>How OTLP is spoken.</summary>
public enum TelemetryProtocol
{
    /// <summary>gRPC, mostly on port 4317.</summary>
    Grpc,
    /// <summary>Protobuf over HTTP, mostly on port 4318; /v1/metrics and /v1/traces are added to the endpoint.</summary>
    Http,
}

/// <summary>Section Telemetry: the metrics of /metrics, and traces of some calls, sent to a collector (OTLP). Off without an endpoint. Never text.</summary>
public sealed record TelemetryOptions
{
    /// <summary>URL of the collector. Default: nothing is sent.</summary>
    public string? Endpoint { get; init; }

    /// <summary>grpc or http. Default grpc.</summary>
    public TelemetryProtocol Protocol { get; init; }

    /// <summary>Sent with every request, as <c>name=value,name=value</c>: credentials for the collector. Default: none.</summary>
    public string? Headers { get; init; }

    /// <summary>How often metrics are sent. 1 s to 10 min, default 60 s.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Of a million calls, how many are traced; the same ones on every node. 0 to 1,000,000, default 10,000.</summary>
    public int TraceCallsPerMillion { get; init; } = 10_000;

    /// <summary>Utterances of traced calls that take longer get a span. 0 (all of them) to 60 s, default 25 ms.</summary>
    public TimeSpan SlowUtterance { get; init; } = TimeSpan.FromMilliseconds(25);
}

/// <summary>Section Listen. Port 0 takes a free one.</summary>
public sealed record ListenOptions
{
    /// <summary>gRPC, HTTP/2. Default 127.0.0.1:5080.</summary>
    public IPEndPoint Grpc { get; init; } = new(IPAddress.Loopback, 5080);

    /// <summary>/metrics, /healthz and /readyz, HTTP/1.1. Default 127.0.0.1:5081.</summary>
    public IPEndPoint Ops { get; init; } = new(IPAddress.Loopback, 5081);
}

/// <summary>Section Calls.</summary>
public sealed record CallOptions
{
    /// <summary>How long a detached call can be attached again, and an ended one asked for its summary. 1 s to 24 h, default 300 s.</summary>
    public TimeSpan ResumeWindow { get; init; } = TimeSpan.FromSeconds(300);

    /// <summary>How long a stream may say nothing, not even a heartbeat. 1 s to 24 h, default 120 s.</summary>
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromSeconds(120);

    /// <summary>How long a stream may be open without its start. 100 ms to 5 min, default 10 s.</summary>
    public TimeSpan FirstMessage { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Clients send a TICK when nothing else was sent for so long. 0 (never) to 60 s, default 5 s.</summary>
    public TimeSpan TickInterval { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long an answer may wait for a client that does not read, and its status after that. 100 ms to 5 min, default 10 s.</summary>
    public TimeSpan SlowConsumer { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>What clients are told to wait before they try again after a refusal. 10 ms to 5 min, default 1 s.</summary>
    public TimeSpan RetryAfter { get; init; } = TimeSpan.FromSeconds(1);
}

/// <summary>Section Limits. Those of a tenant hold beside those in all; where 0 is allowed, it is no limit.</summary>
public sealed record LimitOptions
{
    /// <summary>Calls that have not ended. 1 to 10,000,000, default 20,000.</summary>
    public int MaxLiveCalls { get; init; } = 20_000;

    /// <summary>The same of one tenant. 0 to 10,000,000, default 0.</summary>
    public int TenantLiveCalls { get; init; }

    /// <summary>Starts a second, attaching ones included; more are refused. 0 to 1,000,000, default 10,000.</summary>
    public int StartsPerSecond { get; init; } = 10_000;

    /// <summary>The same of one tenant. 0 to 1,000,000, default 0.</summary>
    public int TenantStartsPerSecond { get; init; }

    /// <summary>Messages a second of open streams; more are not read until later. 0 to 100,000,000, default 500,000.</summary>
    public int MessagesPerSecond { get; init; } = 500_000;

    /// <summary>The same of one tenant. 0 to 100,000,000, default 0.</summary>
    public int TenantMessagesPerSecond { get; init; }

    /// <summary>Bytes of messages a second; more are not read until later. 0 to 2,000,000,000, default 256 MiB.</summary>
    public int BytesPerSecond { get; init; } = 256 * 1024 * 1024;

    /// <summary>The same of one tenant. 0 to 2,000,000,000, default 0.</summary>
    public int TenantBytesPerSecond { get; init; }

    /// <summary>Call streams that are open; more are refused. 1 to 1,000,000, default 40,000.</summary>
    public int MaxStreams { get; init; } = 40_000;

    /// <summary>Connections to the gRPC port, and to the other; more are closed at once. 1 to 1,000,000, default 10,000.</summary>
    public int MaxConnections { get; init; } = 10_000;

    /// <summary>ScoreTranscripts that are scored at a time; eight times as many wait, more are refused. 1 to 1,024, default 2.</summary>
    public int MaxTranscripts { get; init; } = 2;

    /// <summary>How long work may wait for a thread before interims are shed, and four times as long before explanations are. 1 ms to 60 s, default 100 ms.</summary>
    public TimeSpan QueueTarget { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>Calls of one trunk that are open. 1 to 1,000,000, default 20,000.</summary>
    public int MaxCallsPerTrunk { get; init; } = 20_000;

    /// <summary>Messages of one request of a trunk. 1 to 4,096, default 1,024.</summary>
    public int MaxBatch { get; init; } = 1024;

    /// <summary>Of an utterance, in UTF-16 code units; more is cut. 64 to 1,000,000, default 8,192.</summary>
    public int MaxTextChars { get; init; } = 8_192;

    /// <summary>Of one ScoreTranscript. 1 to 1,000,000, default 20,000.</summary>
    public int MaxTranscriptMessages { get; init; } = 20_000;

    /// <summary>Of one request. 1 KiB to 64 MiB, default 4 MiB.</summary>
    public int MaxMessageBytes { get; init; } = 4 * 1024 * 1024;

    /// <summary>HTTP/2 streams of one connection; more wait without a word. 1 to 1,000,000, default 20,000.</summary>
    public int MaxStreamsPerConnection { get; init; } = 20_000;
}

/// <summary>Where the journal is kept.</summary>
public enum JournalStore
{
    /// <summary>Nowhere: a restart loses the calls.</summary>
    Memory,
    /// <summary>In a file of this machine.</summary>
    Sqlite,
    /// <summary>In a database that all nodes share.</summary>
    Postgres,
}

/// <summary>Section Journal.</summary>
public sealed record JournalOptions
{
    /// <summary>memory, sqlite or postgres. Default memory; the programs' own is sqlite.</summary>
    public JournalStore Store { get; init; }

    /// <summary>With sqlite: the file. Default retentionscore/journal.db in $XDG_STATE_HOME, or ~/.local/state.</summary>
    public string Path { get; init; } = DefaultPath();

    /// <summary>With postgres: Npgsql's connection string. No default.</summary>
    public string ConnectionString { get; init; } = "";

    /// <summary>How long a commit waits for more. 0 to 1 s, default 5 ms.</summary>
    public TimeSpan BatchDelay { get; init; } = TimeSpan.FromMilliseconds(5);

    /// <summary>A commit of so many bytes waits no longer. 4 KiB to 64 MiB, default 1 MiB.</summary>
    public int BatchBytes { get; init; } = 1024 * 1024;

    /// <summary>What may wait for a journal that fails or is slow; past it calls have gaps. 64 KiB to 1 GiB, default 64 MiB.</summary>
    public int QueueBytes { get; init; } = 64 * 1024 * 1024;

    /// <summary>How long a start waits for the journal, also where thousands come back at once. 50 ms to 60 s, default 5 s.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long one try of a commit may take. 100 ms to 5 min, default 10 s.</summary>
    public TimeSpan CommitTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The longest wait between two tries of a commit. 20 ms to 60 s, default 2 s.</summary>
    public TimeSpan MaxRetryDelay { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>
    /// A call that lives and that nothing was written to for so long is ended, by whatever node finds it: its own has died, and its client never came
    /// back. 1 min to 30 days, default 1 h.
    /// </summary>
    public TimeSpan OrphanAfter { get; init; } = TimeSpan.FromHours(1);

    /// <summary>How long calls are kept that nothing is written to. 1 min to 10 years, default 30 days.</summary>
    public TimeSpan Retention { get; init; } = TimeSpan.FromDays(30);

    /// <summary>Keeps what was said, redacted: numbers of cards, telephones and persons, e-mail addresses. Default false.</summary>
    public bool StoreText { get; init; }

    private static string DefaultPath()
    {
        string? state = Environment.GetEnvironmentVariable("XDG_STATE_HOME");
        if (string.IsNullOrEmpty(state)) state = System.IO.Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".local", "state");
        return System.IO.Path.Combine(state, "retentionscore", "journal.db");
    }
}

/// <summary>Section Drain.</summary>
public sealed record DrainOptions
{
    /// <summary>Health says NOT_SERVING and all else goes on. 0 to 10 min, default 10 s; 0 on Ctrl-C.</summary>
    public TimeSpan LameDuck { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long clients have to leave once they are told. 0 to 10 min, default 10 s; at most 0.5 s on Ctrl-C.</summary>
    public TimeSpan Time { get; init; } = TimeSpan.FromSeconds(10);
}
