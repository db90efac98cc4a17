using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace RetentionScore.Server.Security;

/// <summary>
/// Credentials of a file, by the SHA-256 of what is presented: a JSON list of
/// <code>{"name": "dialler", "sha256": "…64 hex…", "tenant": "acme", "tenants": ["acme-eu"], "roles": ["telephony"], "not_after": "2027-01-01T00:00:00Z"}</code>
/// with <c>certificate_sha256</c> in place of <c>sha256</c> for a client certificate. Several keys (<see cref="ApiKey"/>)
/// of one name may be valid at once, so that they can be exchanged. Immutable.
/// </summary>
internal sealed class ApiKeys
{
    private const int HashBytes = 32;

    private static readonly JsonSerializerOptions Json = new() { UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow };

    private readonly ImmutableArray<Entry> entries;

    private ApiKeys(ImmutableArray<Entry> entries) => this.entries = entries;

    /// <summary>Reads the file. Throws <see cref="FormatException"/> naming entry, member and what it may be.</summary>
    internal static ApiKeys Read(string path)
    {
        Written[] written;
        try
        {
            written = JsonSerializer.Deserialize<Written[]>(File.ReadAllText(path), Json) ?? throw new FormatException("no list");
        }
        catch (JsonException broken)
        {
            throw new FormatException($"line {broken.LineNumber + 1}: no list of keys as docs/security.md has it", broken);
        }

        return new ApiKeys([.. written.Select(Check)]);
    }

    /// <summary>The caller that presents a key; null where nobody has it. All entries are compared, each in constant time.</summary>
    internal Caller? OfKey(string key, DateTimeOffset now) => Find(ApiKey.HashOf(key), ofCertificate: false, now);

    /// <summary>The caller that presents a certificate, by the SHA-256 of its DER encoding.</summary>
    internal Caller? OfCertificate(ReadOnlySpan<byte> fingerprint, DateTimeOffset now) => Find(fingerprint, ofCertificate: true, now);

    private Caller? Find(ReadOnlySpan<byte> hash, bool ofCertificate, DateTimeOffset now)
    {
        Caller? found = null;
        foreach (Entry entry in entries)
        {
            // No early exit: how long it takes says nothing of which entry was close.
            bool same = CryptographicOperations.FixedTimeEquals(entry.Hash, hash) & entry.OfCertificate == ofCertificate & now < entry.NotAfter;
            if (same) found = entry.Caller;
        }

        return found;
    }

    private static Entry Check(Written entry, int index)
    {
        FormatException Wrong(string member, string limit) => new($"key {index + 1} ('{entry.Name}'): {member} must be {limit}");
        if (string.IsNullOrWhiteSpace(entry.Name) || entry.Name.Length > 128) throw Wrong("name", "1 to 128 characters");
        if (entry.Sha256 is null == entry.CertificateSha256 is null) throw Wrong("sha256", "there, or certificate_sha256, but not both");
        if ((entry.Sha256 ?? entry.CertificateSha256) is not { Length: 2 * HashBytes } hex || !hex.All(char.IsAsciiHexDigit))
            throw Wrong(entry.Sha256 is null ? "certificate_sha256" : "sha256", "64 hexadecimal digits");
        string tenant = entry.Tenant ?? Caller.DefaultTenant;
        ImmutableArray<string> tenants = [.. entry.Tenants ?? []];
        if (!Caller.IsName(tenant)) throw Wrong("tenant", $"1 to {Caller.MaxTenantChars} letters, digits, points, dashes or underscores");
        if (!tenants.All(other => other == "*" || Caller.IsName(other))) throw Wrong("tenants", "names of tenants or *");
        Roles roles = Roles.None;
        foreach (string name in entry.Roles ?? [])
        {
            if (!RoleNames.TryParse(name, out Roles role)) throw Wrong("roles", RoleNames.Choice);
            roles |= role;
        }

        if (roles == Roles.None) throw Wrong("roles", $"one or more of {RoleNames.Choice}");
        return new Entry(Convert.FromHexString(hex), entry.Sha256 is null, entry.NotAfter ?? DateTimeOffset.MaxValue, new Caller(entry.Name, tenant, tenants, roles));
    }

    private sealed record Entry(byte[] Hash, bool OfCertificate, DateTimeOffset NotAfter, Caller Caller);

    private sealed record Written(
        [property: JsonPropertyName("name")] string Name,
        [property: JsonPropertyName("sha256")] string? Sha256,
        [property: JsonPropertyName("certificate_sha256")] string? CertificateSha256,
        [property: JsonPropertyName("tenant")] string? Tenant,
        [property: JsonPropertyName("tenants")] string[]? Tenants,
        [property: JsonPropertyName("roles")] string[]? Roles,
        [property: JsonPropertyName("not_after")] DateTimeOffset? NotAfter);
}
