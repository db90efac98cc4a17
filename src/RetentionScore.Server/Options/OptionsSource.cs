using System.Collections.Immutable;
using System.Net;

namespace RetentionScore.Server.Options;

/// <summary>The options that were read, and all that is wrong with them; with problems, the options are not to be used.</summary>
public readonly record struct OptionsOutcome(ServerOptions Options, ImmutableArray<string> Problems);

/// <summary>Reads <see cref="ServerOptions"/> from appsettings.json, then the environment, then the command line; the later wins.</summary>
public static class OptionsSource
{
    /// <summary>The section of the configuration that is ours.</summary>
    public const string Root = "RetentionScore";

    private const int MaxPath = 4096;
    private const int MaxUrl = 2048;

    // Keys of the host itself that may stand on the command line beside ours.
    private static readonly ImmutableArray<string> HostKeys = ["Logging", "environment", "contentRoot", "applicationName"];
    private static readonly ImmutableArray<string> Sections = ["Node", "Listen", "Calls", "Limits", "Journal", "Drain", "Scoring", "Tls", "Security", "Audit", "Telemetry"];

    /// <summary>Reads all sources. Every problem names the key, the value and the limit.</summary>
    /// <param name="args">--Section:Key=value.</param>
    public static OptionsOutcome Read(IReadOnlyList<string> args)
    {
        var flags = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
        var problems = new List<string>();
        ReadFlags(args, flags, problems);
        IConfiguration configuration = new ConfigurationBuilder()
            .AddJsonFile(Path.Combine(AppContext.BaseDirectory, "appsettings.json"), optional: true)
            .AddEnvironmentVariables()
            .AddInMemoryCollection(flags)
            .Build();
        return From(configuration, problems);
    }

    /// <summary>Reads options from a configuration.</summary>
    public static OptionsOutcome From(IConfiguration configuration, IEnumerable<string>? alreadyWrong = null)
    {
        var read = new OptionsReader(configuration.GetSection(Root), alreadyWrong);
        var defaults = new ServerOptions();
        var options = new ServerOptions
        {
            Node = read.Text("Node", defaults.Node, 128),
            Listen = new ListenOptions
            {
                Grpc = read.EndPoint("Listen:Grpc", defaults.Listen.Grpc),
                Ops = read.EndPoint("Listen:Ops", defaults.Listen.Ops),
            },
            Calls = new CallOptions
            {
                ResumeWindow = read.Duration("Calls:ResumeWindow", defaults.Calls.ResumeWindow, Seconds(1), Hours(24)),
                IdleTimeout = read.Duration("Calls:IdleTimeout", defaults.Calls.IdleTimeout, Seconds(1), Hours(24)),
                FirstMessage = read.Duration("Calls:FirstMessage", defaults.Calls.FirstMessage, Seconds(0.1), Seconds(300)),
                TickInterval = read.Duration("Calls:TickInterval", defaults.Calls.TickInterval, TimeSpan.Zero, Seconds(60)),
                SlowConsumer = read.Duration("Calls:SlowConsumer", defaults.Calls.SlowConsumer, Seconds(0.1), Seconds(300)),
                RetryAfter = read.Duration("Calls:RetryAfter", defaults.Calls.RetryAfter, Seconds(0.01), Seconds(300)),
            },
            Limits = new LimitOptions
            {
                MaxLiveCalls = read.Count("Limits:MaxLiveCalls", defaults.Limits.MaxLiveCalls, 1, 10_000_000),
                TenantLiveCalls = read.Count("Limits:TenantLiveCalls", defaults.Limits.TenantLiveCalls, 0, 10_000_000),
                StartsPerSecond = read.Count("Limits:StartsPerSecond", defaults.Limits.StartsPerSecond, 0, 1_000_000),
                TenantStartsPerSecond = read.Count("Limits:TenantStartsPerSecond", defaults.Limits.TenantStartsPerSecond, 0, 1_000_000),
                MessagesPerSecond = read.Count("Limits:MessagesPerSecond", defaults.Limits.MessagesPerSecond, 0, 100_000_000),
                TenantMessagesPerSecond = read.Count("Limits:TenantMessagesPerSecond", defaults.Limits.TenantMessagesPerSecond, 0, 100_000_000),
                BytesPerSecond = read.Count("Limits:BytesPerSecond", defaults.Limits.BytesPerSecond, 0, 2_000_000_000),
                TenantBytesPerSecond = read.Count("Limits:TenantBytesPerSecond", defaults.Limits.TenantBytesPerSecond, 0, 2_000_000_000),
                MaxStreams = read.Count("Limits:MaxStreams", defaults.Limits.MaxStreams, 1, 1_000_000),
                MaxConnections = read.Count("Limits:MaxConnections", defaults.Limits.MaxConnections, 1, 1_000_000),
                MaxTranscripts = read.Count("Limits:MaxTranscripts", defaults.Limits.MaxTranscripts, 1, 1024),
                QueueTarget = read.Duration("Limits:QueueTarget", defaults.Limits.QueueTarget, Seconds(0.001), Seconds(60)),
                MaxCallsPerTrunk = read.Count("Limits:MaxCallsPerTrunk", defaults.Limits.MaxCallsPerTrunk, 1, 1_000_000),
                MaxBatch = read.Count("Limits:MaxBatch", defaults.Limits.MaxBatch, 1, Scoring.Wire.TrunkRequest.MostMessages),
                MaxTextChars = read.Count("Limits:MaxTextChars", defaults.Limits.MaxTextChars, 64, 1_000_000),
                MaxTranscriptMessages = read.Count("Limits:MaxTranscriptMessages", defaults.Limits.MaxTranscriptMessages, 1, 1_000_000),
                MaxMessageBytes = read.Count("Limits:MaxMessageBytes", defaults.Limits.MaxMessageBytes, 1024, 64 * 1024 * 1024),
                MaxStreamsPerConnection = read.Count("Limits:MaxStreamsPerConnection", defaults.Limits.MaxStreamsPerConnection, 1, 1_000_000),
            },
            Journal = new JournalOptions
            {
                Store = read.Choice("Journal:Store", defaults.Journal.Store),
                Path = read.Text("Journal:Path", defaults.Journal.Path, 4096),
                ConnectionString = read.Text("Journal:ConnectionString", defaults.Journal.ConnectionString, 4096),
                BatchDelay = read.Duration("Journal:BatchDelay", defaults.Journal.BatchDelay, TimeSpan.Zero, Seconds(1)),
                BatchBytes = read.Count("Journal:BatchBytes", defaults.Journal.BatchBytes, 4096, 64 * 1024 * 1024),
                QueueBytes = read.Count("Journal:QueueBytes", defaults.Journal.QueueBytes, 64 * 1024, 1024 * 1024 * 1024),
                Timeout = read.Duration("Journal:Timeout", defaults.Journal.Timeout, Seconds(0.05), Seconds(60)),
                CommitTimeout = read.Duration("Journal:CommitTimeout", defaults.Journal.CommitTimeout, Seconds(0.1), Seconds(300)),
                MaxRetryDelay = read.Duration("Journal:MaxRetryDelay", defaults.Journal.MaxRetryDelay, Seconds(0.02), Seconds(60)),
                OrphanAfter = read.Duration("Journal:OrphanAfter", defaults.Journal.OrphanAfter, Seconds(60), Hours(24 * 30)),
                Retention = read.Duration("Journal:Retention", defaults.Journal.Retention, Seconds(60), Hours(24 * 3653)),
                StoreText = read.Switch("Journal:StoreText", defaults.Journal.StoreText),
            },
            Drain = new DrainOptions
            {
                LameDuck = read.Duration("Drain:LameDuck", defaults.Drain.LameDuck, TimeSpan.Zero, Seconds(600)),
                Time = read.Duration("Drain:Time", defaults.Drain.Time, TimeSpan.Zero, Seconds(600)),
            },
            Scoring = new ScoringOptions
            {
                CalibrationPath = read.OptionalText("Scoring:CalibrationPath", MaxPath),
                ModelPath = read.OptionalText("Scoring:ModelPath", MaxPath),
            },
            Tls = new TlsOptions
            {
                CertificatePath = read.OptionalText("Tls:CertificatePath", MaxPath),
                KeyPath = read.OptionalText("Tls:KeyPath", MaxPath),
                ClientCaPath = read.OptionalText("Tls:ClientCaPath", MaxPath),
            },
            Security = new SecurityOptions
            {
                AllowAnonymous = read.Flag("Security:AllowAnonymous", defaults.Security.AllowAnonymous),
                AllowPlaintext = read.Flag("Security:AllowPlaintext", defaults.Security.AllowPlaintext),
                ApiKeysPath = read.OptionalText("Security:ApiKeysPath", MaxPath),
                Jwt = new JwtOptions
                {
                    Issuer = read.OptionalText("Security:Jwt:Issuer", MaxUrl),
                    Audience = read.OptionalText("Security:Jwt:Audience", MaxUrl),
                    Jwks = read.OptionalText("Security:Jwt:Jwks", MaxUrl),
                    ClockSkew = read.Duration("Security:Jwt:ClockSkew", defaults.Security.Jwt.ClockSkew, TimeSpan.Zero, Seconds(300)),
                    Refresh = read.Duration("Security:Jwt:Refresh", defaults.Security.Jwt.Refresh, Seconds(1), Hours(24)),
                },
            },
            Audit = new AuditOptions { Path = read.OptionalText("Audit:Path", MaxPath) },
            Telemetry = new TelemetryOptions
            {
                Endpoint = read.OptionalText("Telemetry:Endpoint", MaxUrl),
                Protocol = read.Choice("Telemetry:Protocol", defaults.Telemetry.Protocol),
                Headers = read.OptionalText("Telemetry:Headers", MaxPath),
                Interval = read.Duration("Telemetry:Interval", defaults.Telemetry.Interval, Seconds(1), Seconds(600)),
                TraceCallsPerMillion = read.Count("Telemetry:TraceCallsPerMillion", defaults.Telemetry.TraceCallsPerMillion, 0, 1_000_000),
                SlowUtterance = read.Duration("Telemetry:SlowUtterance", defaults.Telemetry.SlowUtterance, TimeSpan.Zero, Seconds(60)),
            },
        };
        if (options.Journal is { Store: JournalStore.Postgres, ConnectionString.Length: 0 })
            read.Missing("Journal:ConnectionString", "an Npgsql connection string with Journal:Store=postgres");
        if (options.Scoring.CalibrationPath is { } calibration)
        {
            try
            {
                Scoring.CalibrationFile.Read(calibration);
            }
            catch (Exception unusable) when (unusable is IOException or UnauthorizedAccessException or FormatException)
            {
                read.Report("Scoring:CalibrationPath", calibration, $"a calibration: {unusable.Message}");
            }
        }

        if (options.Scoring.ModelPath is { } model && Scoring.ModelFile.Read(model).Problem is { } damaged)
            read.Report("Scoring:ModelPath", model, $"a file of weights: {damaged}");
        if (options.Telemetry.Endpoint is { } endpoint && !(Uri.TryCreate(endpoint, UriKind.Absolute, out Uri? uri) && uri.Scheme is "http" or "https"))
            read.Report("Telemetry:Endpoint", endpoint, "an http or https URL, such as http://127.0.0.1:4317");
        SafeDefaults.Check(options, read);
        if (Collide(options.Listen.Grpc, options.Listen.Ops))
            read.Report("Listen:Ops", options.Listen.Ops.ToString(), $"another address or port than Listen:Grpc = '{options.Listen.Grpc}'");
        return new OptionsOutcome(options, read.Problems());
    }

    private static void ReadFlags(IReadOnlyList<string> args, Dictionary<string, string?> flags, List<string> problems)
    {
        foreach (string arg in args)
        {
            int equals = arg.IndexOf('=', StringComparison.Ordinal);
            if (!arg.StartsWith("--", StringComparison.Ordinal) || equals < 3)
            {
                problems.Add($"'{arg}' is no flag: flags are --Section:Key=value");
                continue;
            }

            string key = arg[2..equals], first = key.Split(':')[0];
            if (Sections.Contains(first, StringComparer.OrdinalIgnoreCase)) flags[$"{Root}:{key}"] = arg[(equals + 1)..];
            else if (string.Equals(first, Root, StringComparison.OrdinalIgnoreCase)) flags[key] = arg[(equals + 1)..];
            else if (!HostKeys.Contains(first, StringComparer.OrdinalIgnoreCase))
                problems.Add($"--{key}: unknown key, known sections are {string.Join(", ", Sections)}");
        }
    }

    /// <summary>Whether both cannot be listened on; port 0 takes another each time.</summary>
    private static bool Collide(IPEndPoint one, IPEndPoint other) => one.Port == other.Port && one.Port != 0
        && (one.Address.Equals(other.Address) || IsAny(one.Address) || IsAny(other.Address));

    private static bool IsAny(IPAddress address) => address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any);

    private static TimeSpan Seconds(double seconds) => TimeSpan.FromSeconds(seconds);

    private static TimeSpan Hours(double hours) => TimeSpan.FromHours(hours);
}
