using System.Security.Cryptography.X509Certificates;
using System.Text;
using Grpc.Core;

namespace Grpc.AspNetCore.Server;

/// <summary>What a client's TLS certificate says of it: its DNS names and its common name, under the names that gRPC gives them.</summary>
internal static class PeerCertificate
{
    private const string AlternativeName = "x509_subject_alternative_name";
    private const string CommonName = "x509_common_name";

    private static readonly AuthContext Unauthenticated = new(peerIdentityPropertyName: null, []);

    internal static AuthContext ToAuthContext(X509Certificate2? certificate)
    {
        if (certificate is null) return Unauthenticated;
        var properties = new Dictionary<string, List<AuthProperty>>(StringComparer.Ordinal);
        var alternatives = certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>().SelectMany(extension => extension.EnumerateDnsNames());
        Add(AlternativeName, alternatives);
        Add(CommonName, [certificate.GetNameInfo(X509NameType.SimpleName, forIssuer: false)]);
        return new AuthContext(properties.ContainsKey(AlternativeName) ? AlternativeName : CommonName, properties);

        void Add(string name, IEnumerable<string> values)
        {
            List<AuthProperty> named = [.. values.Select(value => AuthProperty.Create(name, Encoding.UTF8.GetBytes(value)))];
            if (named.Count > 0) properties[name] = named;
        }
    }
}
