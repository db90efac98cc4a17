using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace RetentionScore.Server.Tests.Security;

/// <summary>An authority of the test's own, certificates of it as PEM files in a folder that is gone after the test.</summary>
internal sealed class TestPki : IDisposable
{
    private readonly X509Certificate2 authority;

    internal TestPki()
    {
        Directory.CreateDirectory(Folder);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=test authority", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, critical: true));
        authority = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(30));
        File.WriteAllText(AuthorityPath, authority.ExportCertificatePem());
    }

    internal string Folder { get; } = Path.Combine(Path.GetTempPath(), $"retentionscore-pki-{Guid.NewGuid():N}");

    internal string AuthorityPath => PathOf("ca.pem");

    internal string PathOf(string file) => Path.Combine(Folder, file);

    /// <summary>A certificate and its key, written to NAME.pem and NAME.key.</summary>
    internal X509Certificate2 Issue(string name, bool forClients = false, int days = 10)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(forClients ? "1.3.6.1.5.5.7.3.2" : "1.3.6.1.5.5.7.3.1")], critical: false));
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        names.AddIpAddress(System.Net.IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        using X509Certificate2 issued = request.Create(authority, DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddDays(days), RandomNumberGenerator.GetBytes(8));
        X509Certificate2 whole = issued.CopyWithPrivateKey(key);
        File.WriteAllText(PathOf($"{name}.pem"), whole.ExportCertificatePem());
        File.WriteAllText(PathOf($"{name}.key"), key.ExportPkcs8PrivateKeyPem());
        return whole;
    }

    /// <summary>A handler that believes this authority alone, and shows a certificate if told to.</summary>
    internal SocketsHttpHandler Handler(X509Certificate2? client = null, Action<X509Certificate2>? seen = null)
    {
        var handler = new SocketsHttpHandler();
        if (client is not null) handler.SslOptions.ClientCertificates = [client];
        handler.SslOptions.RemoteCertificateValidationCallback = (_, certificate, _, _) =>
        {
            var shown = new X509Certificate2(certificate!);
            seen?.Invoke(shown);
            using var chain = new X509Chain { ChainPolicy = { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck } };
            chain.ChainPolicy.CustomTrustStore.Add(authority);
            return chain.Build(shown);
        };
        return handler;
    }

    public void Dispose()
    {
        authority.Dispose();
        Directory.Delete(Folder, recursive: true);
    }
}
