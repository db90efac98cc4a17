using Microsoft.IdentityModel.Tokens;
using Polly;
using Polly.Retry;

namespace RetentionScore.Server.Security;

/// <summary>
/// The keys that tokens are signed with: a JWKS file, read again when it changes, or a URL, fetched at first use, again after
/// <see cref="Options.JwtOptions.Refresh"/>, and, at most every 10 s, for a key id that is not known. What was fetched stays in force while the
/// URL does not answer. Safe for any thread.
/// </summary>
internal sealed partial class SigningKeys : IDisposable
{
    private static readonly TimeSpan Seldom = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan FetchTime = TimeSpan.FromSeconds(5);
    private const int MaxBytes = 1024 * 1024;

    private readonly Options.JwtOptions options;
    private readonly TimeProvider time;
    private readonly ILogger<SigningKeys> logger;
    private readonly WatchedFile<JsonWebKeySet>? file;
    private readonly HttpClient? http;
    private readonly ResiliencePipeline retry;
    private readonly SemaphoreSlim fetching = new(1);
    private volatile Fetched? fetched;

    internal SigningKeys(Options.JwtOptions options, TimeProvider time, ILogger<SigningKeys> logger)
    {
        (this.options, this.time, this.logger) = (options, time, logger);
        retry = new ResiliencePipelineBuilder { TimeProvider = time }
            .AddRetry(new RetryStrategyOptions { MaxRetryAttempts = 2, Delay = TimeSpan.FromMilliseconds(200), BackoffType = DelayBackoffType.Exponential, UseJitter = true })
            .Build();
        if (options.IsUrl) http = new HttpClient { MaxResponseContentBufferSize = MaxBytes, Timeout = FetchTime };
        else file = new WatchedFile<JsonWebKeySet>([options.Jwks!], () => JsonWebKeySet.Create(File.ReadAllText(options.Jwks!)), why => Unreadable(logger, why), time);
    }

    /// <summary>The keys; null where there never were any.</summary>
    /// <param name="keyId">The one that a token names.</param>
    internal async ValueTask<IList<SecurityKey>?> ForAsync(string keyId)
    {
        if (file is not null) return file.Current?.GetSigningKeys();
        Fetched? known = fetched;
        if (known is not null && !IsDue(known, keyId)) return known.Keys;
        await fetching.WaitAsync().ConfigureAwait(false);
        try
        {
            known = fetched;
            if (known is null || IsDue(known, keyId)) await FetchAsync().ConfigureAwait(false);
        }
        finally
        {
            fetching.Release();
        }

        return fetched?.Keys;
    }

    public void Dispose()
    {
        http?.Dispose();
        fetching.Dispose();
    }

    private bool IsDue(Fetched known, string keyId)
    {
        TimeSpan age = time.GetElapsedTime(known.TriedAt);
        return age >= options.Refresh || (age >= Seldom && (known.Keys is null || !known.Keys.Any(key => string.Equals(key.KeyId, keyId, StringComparison.Ordinal))));
    }

    private async Task FetchAsync()
    {
        IList<SecurityKey>? keys = fetched?.Keys;
        try
        {
            string json = await retry.ExecuteAsync(async stop => await http!.GetStringAsync(new Uri(options.Jwks!), stop).ConfigureAwait(false)).ConfigureAwait(false);
            keys = JsonWebKeySet.Create(json).GetSigningKeys();
        }
        catch (Exception unusable)
        {
            Unreadable(logger, $"{options.Jwks}: {unusable.Message}");
        }

        fetched = new Fetched(keys, time.GetTimestamp());
    }

    [LoggerMessage(1, LogLevel.Error, "The keys of tokens cannot be read; the former ones stay in force. {Why}")]
    private static partial void Unreadable(ILogger logger, string why);

    private sealed record Fetched(IList<SecurityKey>? Keys, long TriedAt);
}
