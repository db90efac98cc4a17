using System.Security.Cryptography;
using RetentionScore.Server.Options;
using RetentionScore.Server.Scoring;

namespace RetentionScore.Server.Security;

/// <summary>
/// Finds out who calls: by the key in <c>x-api-key</c>, the key or token in <c>authorization: Bearer</c>, or the client's certificate, in this order; the first
/// that is presented decides. Without credentials configured everybody is <see cref="Caller.Anonymous"/>. Safe for any thread.
/// </summary>
internal sealed partial class Authentication
{
    private const string KeyHeader = "x-api-key";
    private const string Bearer = "Bearer ";

    private readonly WatchedFile<ApiKeys>? apiKeys;
    private readonly Tokens? tokens;
    private readonly TimeProvider time;
    private readonly TimeSpan retryAfter;

    public Authentication(ServerOptions options, TimeProvider time, ILoggerFactory loggers)
    {
        this.time = time;
        retryAfter = options.Calls.RetryAfter;
        SecurityOptions security = options.Security;
        ILogger logger = loggers.CreateLogger<Authentication>();
        if (security.ApiKeysPath is { } path) apiKeys = new WatchedFile<ApiKeys>([path], () => ApiKeys.Read(path), why => Unreadable(logger, why), time);
        if (security.Jwt.IsOn) tokens = new Tokens(security.Jwt, new SigningKeys(security.Jwt, time, loggers.CreateLogger<SigningKeys>()), time);
        IsOn = security.HasCredentials;
    }

    /// <summary>Whether credentials are asked for.</summary>
    internal bool IsOn { get; }

    /// <summary>Who calls, or why nobody is believed.</summary>
    internal async ValueTask<(Caller? Caller, Refusal? Refusal)> IdentifyAsync(HttpContext context)
    {
        if (!IsOn) return (Caller.Anonymous, null);
        if (context.Request.Headers.TryGetValue(KeyHeader, out var key)) return OfKey(key.ToString(), KeyHeader);
        string authorization = context.Request.Headers.Authorization.ToString();
        if (authorization.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase))
        {
            string bearer = authorization[Bearer.Length..].Trim();
            // Prometheus can send no header but this one; a token never begins like a key.
            return bearer.StartsWith(ApiKey.Prefix, StringComparison.Ordinal) ? OfKey(bearer, "authorization") : await OfTokenAsync(bearer).ConfigureAwait(false);
        }

        if (apiKeys is not null && context.Connection.ClientCertificate is { } certificate)
        {
            Caller? caller = apiKeys.Current?.OfCertificate(certificate.GetCertHash(HashAlgorithmName.SHA256), time.GetUtcNow());
            return Believed(caller, "client certificate", "of nobody that we know");
        }

        return (null, Unauthenticated("credentials", "missing"));
    }

    private (Caller? Caller, Refusal? Refusal) OfKey(string key, string field) => Believed(apiKeys?.Current?.OfKey(key, time.GetUtcNow()), field, "no valid key");

    private async ValueTask<(Caller? Caller, Refusal? Refusal)> OfTokenAsync(string token)
    {
        if (tokens is null) return (null, Unauthenticated("authorization", "a token, and tokens are not configured"));
        var (caller, problem, keysMissing) = await tokens.ReadAsync(token).ConfigureAwait(false);
        if (!keysMissing) return Believed(caller, "authorization", problem ?? "no token");
        return (null, new Refusal(RefusalReason.NotReady, "the keys that tokens are signed with could not be read yet") { RetryAfter = retryAfter });
    }

    private static (Caller? Caller, Refusal? Refusal) Believed(Caller? caller, string field, string problem) =>
        caller is not null ? (caller, null) : (null, Unauthenticated(field, problem));

    private static Refusal Unauthenticated(string field, string problem) => new(RefusalReason.Unauthenticated, $"{field} is {problem}")
    {
        Field = field,
        Limit = "x-api-key, authorization: Bearer or a client certificate",
    };

    [LoggerMessage(1, LogLevel.Error, "The file of keys cannot be read; the former keys stay in force. {Why}")]
    private static partial void Unreadable(ILogger logger, string why);
}
