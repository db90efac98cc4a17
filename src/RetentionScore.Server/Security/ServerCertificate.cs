using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace RetentionScore.Server.Security;

/// <summary>
/// TLS of both ports: certificate with chain and key in PEM files, read again when they change, so that they are exchanged without a restart: new connections
/// get the new certificate, open ones go on. With a CA for clients, only clients with a certificate of it come in (mutual TLS; revocation is
/// not asked for); to the ops port those without one, too, for whom <see cref="Guard"/> answers health only. TLS 1.2 and 1.3. Safe for any thread.
/// </summary>
internal sealed partial class ServerCertificate
{
    private static readonly TimeSpan HandshakeTime = TimeSpan.FromSeconds(10);

    private readonly Options.TlsOptions options;
    private readonly WatchedFile<Chain> chain;
    private readonly WatchedFile<X509Certificate2Collection>? clientCa;

    internal ServerCertificate(Options.TlsOptions options, TimeProvider time, ILogger<ServerCertificate> logger)
    {
        this.options = options;
        chain = new WatchedFile<Chain>([options.CertificatePath!, options.KeyPath!], Read, why => Unreadable(logger, why), time);
        if (options.ClientCaPath is not null)
            clientCa = new WatchedFile<X509Certificate2Collection>([options.ClientCaPath], ReadClientCa, why => Unreadable(logger, why), time);
    }

    /// <summary>When the certificate in use ends; unix seconds, 0 where there is none.</summary>
    internal double NotAfter => chain.Current is { } current ? new DateTimeOffset(current.NotAfter).ToUnixTimeSeconds() : 0;

    /// <summary>Puts TLS before a port that speaks one protocol.</summary>
    /// <param name="listen">The port.</param>
    /// <param name="protocol">Its one protocol.</param>
    /// <param name="mayBeAnonymous">Whether clients without a certificate come in although there is a CA for clients.</param>
    internal void Encrypt(ListenOptions listen, SslApplicationProtocol protocol, bool mayBeAnonymous)
    {
        var callback = new TlsHandshakeCallbackOptions
        {
            OnConnection = _ => ValueTask.FromResult(ForHandshake(protocol, mayBeAnonymous)),
            HandshakeTimeout = HandshakeTime,
        };
        listen.UseHttps(callback);
    }

    private SslServerAuthenticationOptions ForHandshake(SslApplicationProtocol protocol, bool mayBeAnonymous) => new()
    {
        ServerCertificateContext = (chain.Current ?? throw new AuthenticationException("there is no certificate")).Context,
        EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
        ApplicationProtocols = [protocol],
        ClientCertificateRequired = clientCa is not null,
        RemoteCertificateValidationCallback = clientCa is null ? null : (_, certificate, _, _) => certificate is null ? mayBeAnonymous : IsOfClientCa(certificate),
        AllowRenegotiation = false,
    };

    /// <summary>Reads the files once, for a start that fails with a clear word. Null where all is well.</summary>
    internal static string? Check(Options.TlsOptions options)
    {
        try
        {
            using X509Certificate2 certificate = X509Certificate2.CreateFromPemFile(options.CertificatePath!, options.KeyPath);
            return options.ClientCaPath is { } ca && ReadCertificates(ca).Count == 0 ? $"{ca}: no certificate" : null;
        }
        catch (Exception unusable)
        {
            return unusable.Message;
        }
    }

    private Chain Read()
    {
        var leaf = X509Certificate2.CreateFromPemFile(options.CertificatePath!, options.KeyPath);
        X509Certificate2Collection all = ReadCertificates(options.CertificatePath!);
        return new Chain(SslStreamCertificateContext.Create(leaf, all, offline: true), leaf.NotAfter);
    }

    private X509Certificate2Collection ReadClientCa()
    {
        X509Certificate2Collection read = ReadCertificates(options.ClientCaPath!);
        return read.Count > 0 ? read : throw new FormatException("no certificate");
    }

    private static X509Certificate2Collection ReadCertificates(string path)
    {
        var read = new X509Certificate2Collection();
        read.ImportFromPemFile(path);
        return read;
    }

    private bool IsOfClientCa(X509Certificate certificate)
    {
        if (clientCa!.Current is not { } roots) return false;
        using var built = new X509Chain
        {
            ChainPolicy =
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                RevocationMode = X509RevocationMode.NoCheck,
                DisableCertificateDownloads = true,
            },
        };
        built.ChainPolicy.CustomTrustStore.AddRange(roots);
        built.ChainPolicy.ApplicationPolicy.Add(new System.Security.Cryptography.Oid("1.3.6.1.5.5.7.3.2")); // client authentication
        return built.Build(certificate as X509Certificate2 ?? X509CertificateLoader.LoadCertificate(certificate.GetRawCertData()));
    }

    [LoggerMessage(1, LogLevel.Error, "A certificate cannot be read; the former one stays in force. {Why}")]
    private static partial void Unreadable(ILogger logger, string why);

    private sealed record Chain(SslStreamCertificateContext Context, DateTime NotAfter);
}
