using System.Collections.Immutable;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace RetentionScore.Server.Security;

/// <summary>
/// Reads signed tokens (JWT): issuer, audience, expiry and signature are required, asymmetric algorithms only. Claims: <c>sub</c> names the caller,
/// <c>tenant</c> is its tenant, <c>tenants</c> others that it may speak for, <c>roles</c> what it may do. Safe for any thread.
/// </summary>
internal sealed class Tokens(Options.JwtOptions options, SigningKeys keys, TimeProvider time)
{
    private const int MaxTokenChars = 16 * 1024;

    private static readonly string[] Algorithms =
    [
        SecurityAlgorithms.RsaSha256, SecurityAlgorithms.RsaSha384, SecurityAlgorithms.RsaSha512, SecurityAlgorithms.RsaSsaPssSha256,
        SecurityAlgorithms.RsaSsaPssSha384, SecurityAlgorithms.RsaSsaPssSha512, SecurityAlgorithms.EcdsaSha256, SecurityAlgorithms.EcdsaSha384,
        SecurityAlgorithms.EcdsaSha512,
    ];

    private readonly JsonWebTokenHandler handler = new() { MaximumTokenSizeInBytes = MaxTokenChars, MapInboundClaims = false };

    /// <summary>The caller that a token speaks for, or what is wrong with it in a few words that say nothing of the token itself.</summary>
    internal async ValueTask<(Caller? Caller, string? Problem, bool KeysMissing)> ReadAsync(string token)
    {
        if (token.Length > MaxTokenChars || !handler.CanReadToken(token)) return (null, "no token", false);
        JsonWebToken read;
        try
        {
            read = handler.ReadJsonWebToken(token);
        }
        catch (ArgumentException)
        {
            return (null, "no token", false);
        }

        if (await keys.ForAsync(read.Kid).ConfigureAwait(false) is not { } signing) return (null, null, true);
        TokenValidationResult result = await handler.ValidateTokenAsync(read, Parameters(signing)).ConfigureAwait(false);
        if (!result.IsValid) return (null, Told(result.Exception), false);
        return CallerOf(read) is { } caller ? (caller, null, false) : (null, "without a tenant or a role that we know", false);
    }

    private TokenValidationParameters Parameters(IList<SecurityKey> signing) => new()
    {
        ValidIssuer = options.Issuer,
        ValidAudience = options.Audience,
        IssuerSigningKeys = signing,
        ValidAlgorithms = Algorithms,
        RequireExpirationTime = true,
        RequireSignedTokens = true,
        ClockSkew = options.ClockSkew,
        LifetimeValidator = (from, to, _, _) => IsAlive(from, to),
    };

    private bool IsAlive(DateTime? from, DateTime? to)
    {
        DateTime now = time.GetUtcNow().UtcDateTime;
        return to is { } end && now < end + options.ClockSkew && (from is not { } begin || now >= begin - options.ClockSkew);
    }

    private static Caller? CallerOf(JsonWebToken token)
    {
        string tenant = Text(token, "tenant") ?? Caller.DefaultTenant;
        ImmutableArray<string> tenants = [.. Texts(token, "tenants")];
        Roles roles = Roles.None;
        foreach (string name in Texts(token, "roles"))
        {
            if (RoleNames.TryParse(name, out Roles role)) roles |= role;
        }

        bool isSound = roles != Roles.None && Caller.IsName(tenant) && tenants.All(other => other == "*" || Caller.IsName(other));
        return isSound ? new Caller(token.Subject is { Length: > 0 } subject ? subject : "token", tenant, tenants, roles) : null;
    }

    private static string? Text(JsonWebToken token, string claim) => token.TryGetPayloadValue(claim, out string? value) ? value : null;

    private static IEnumerable<string> Texts(JsonWebToken token, string claim) =>
        token.Claims.Where(one => string.Equals(one.Type, claim, StringComparison.Ordinal)).Select(one => one.Value);

    private static string Told(Exception? why) => why switch
    {
        SecurityTokenInvalidLifetimeException or SecurityTokenExpiredException or SecurityTokenNoExpirationException => "not valid now",
        SecurityTokenInvalidIssuerException => "of another issuer",
        SecurityTokenInvalidAudienceException => "for another audience",
        SecurityTokenInvalidAlgorithmException => "signed with an algorithm that is not allowed",
        _ => "not signed with a key that we know",
    };
}
