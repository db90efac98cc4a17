using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace RetentionScore.Nodes;

/// <summary>An authority of this run, and the certificates of HAProxy and the nodes, as files that can be exchanged.</summary>
internal sealed class Certificates : IDisposable
{
    private readonly string folder;
    private readonly X509Certificate2 authority;

    internal Certificates(string folder)
    {
        this.folder = folder;
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=authority of the nodes' test", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, 0, critical: true));
        authority = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        File.WriteAllText(Authority, authority.ExportCertificatePem());
        Exchange();
    }

    internal string Authority => Path.Combine(folder, "ca.pem");

    /// <summary>With its key, as HAProxy wants it.</summary>
    internal string ProxyCertificate => Path.Combine(folder, "proxy.pem");

    internal string NodeCertificate => Path.Combine(folder, "node.pem");

    internal string NodeKey => Path.Combine(folder, "node.key");

    /// <summary>The serial number of what is in the nodes' file.</summary>
    internal string NodeSerial { get; private set; } = "";

    /// <summary>The same of HAProxy's.</summary>
    internal string ProxySerial { get; private set; } = "";

    /// <summary>New certificates in the place of those that were.</summary>
    internal void Exchange()
    {
        (string node, string nodeKey, NodeSerial) = Issue();
        File.WriteAllText(NodeKey, nodeKey);
        File.WriteAllText(NodeCertificate, node);
        (string proxy, string proxyKey, ProxySerial) = Issue();
        File.WriteAllText(ProxyCertificate, proxy + "\n" + proxyKey);
    }

    /// <summary>A handler that believes this authority and no other.</summary>
    internal SocketsHttpHandler Trusting()
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.Add(authority);
        return new SocketsHttpHandler { SslOptions = new SslClientAuthenticationOptions { CertificateChainPolicy = policy } };
    }

    public void Dispose() => authority.Dispose();

    private (string Certificate, string Key, string Serial) Issue()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1")], critical: false));
        byte[] serial = RandomNumberGenerator.GetBytes(8);
        serial[0] &= 0x7f; // a positive number
        using X509Certificate2 issued = request.Create(authority, DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddHours(12), serial);
        return (issued.ExportCertificatePem(), key.ExportPkcs8PrivateKeyPem(), issued.SerialNumber);
    }
}
