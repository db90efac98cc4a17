using System.Collections.Immutable;
using RetentionScore.Server.Scoring;

namespace RetentionScore.Server.Security;

/// <summary>Who calls, as its credential says. Immutable.</summary>
/// <param name="Name">Of the credential, for the audit log; never the credential itself.</param>
/// <param name="Tenant">Whose calls it sees where it names no tenant.</param>
/// <param name="Tenants">Other tenants that it may speak for; "*" is all.</param>
/// <param name="Roles">What it may do.</param>
internal sealed record Caller(string Name, string Tenant, ImmutableArray<string> Tenants, Roles Roles)
{
    /// <summary>The tenant of clients without credentials.</summary>
    internal const string DefaultTenant = "default";

    internal const int MaxTenantChars = 64;

    /// <summary>Everybody, where no credentials are configured.</summary>
    internal static readonly Caller Anonymous = new("anonymous", DefaultTenant, [], Roles.All);

    /// <summary>Whether it has one of the roles; an admin has all.</summary>
    internal bool Has(Roles role) => (Roles & (role | Roles.Admin)) != 0;

    /// <summary>The tenant that a start means: the one it names, if the credential may speak for it, or the credential's own.</summary>
    /// <param name="named"><c>start.tenant</c>; empty for the credential's own.</param>
    /// <param name="tenant">The tenant; the credential's own where it is refused.</param>
    /// <returns>Null, or why the caller may not speak for it.</returns>
    internal Refusal? SpeakFor(string named, out string tenant)
    {
        tenant = Tenant;
        if (named.Length == 0 || string.Equals(named, Tenant, StringComparison.Ordinal)) return null;
        if (IsName(named) && (Tenants.Contains("*", StringComparer.Ordinal) || Tenants.Contains(named, StringComparer.Ordinal)))
        {
            tenant = named;
            return null;
        }

        // The same words whether there is such a tenant or not.
        return new Refusal(RefusalReason.Forbidden, $"start.tenant is none that the credential may speak for, its own is '{Tenant}'")
        {
            Field = "start.tenant",
            Value = IsName(named) ? named : null,
            Limit = Tenant,
        };
    }

    /// <summary>1 to 64 letters, digits, points, dashes or underscores.</summary>
    internal static bool IsName(string tenant) =>
        tenant.Length is > 0 and <= MaxTenantChars && tenant.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.');
}
