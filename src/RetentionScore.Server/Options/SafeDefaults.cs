using System.Net;
using RetentionScore.Server.Security;

namespace RetentionScore.Server.Options;

/// <summary>What no start may get past by accident: a port open to others without credentials, or credentials in the clear. Says how to allow it.</summary>
internal static class SafeDefaults
{
    internal static void Check(ServerOptions options, OptionsReader read)
    {
        CheckTls(options.Tls, read);
        CheckCredentials(options.Security, read);
        foreach ((string key, IPEndPoint at) in new[] { ("Listen:Grpc", options.Listen.Grpc), ("Listen:Ops", options.Listen.Ops) })
        {
            if (IPAddress.IsLoopback(at.Address)) continue;
            if (!options.Security.HasCredentials && !options.Security.AllowAnonymous)
            {
                read.Report(key, at.ToString(), "on loopback while there are no credentials; configure Security:ApiKeysPath or Security:Jwt, or set "
                    + "Security:AllowAnonymous=true where something in front asks for them");
            }
            else if (options.Security.HasCredentials && !options.Tls.IsOn && !options.Security.AllowPlaintext)
            {
                read.Report(key, at.ToString(), "on loopback while credentials would come in the clear; configure Tls:CertificatePath and Tls:KeyPath, or set "
                    + "Security:AllowPlaintext=true where something in front encrypts");
            }
        }
    }

    private static void CheckTls(TlsOptions tls, OptionsReader read)
    {
        if (tls.CertificatePath is null != tls.KeyPath is null)
            read.Report(tls.KeyPath is null ? "Tls:KeyPath" : "Tls:CertificatePath", "", "set where the other of certificate and key is");
        else if (tls.ClientCaPath is not null && !tls.IsOn)
            read.Report("Tls:ClientCaPath", tls.ClientCaPath, "set with Tls:CertificatePath and Tls:KeyPath only");
        else if (tls.IsOn && ServerCertificate.Check(tls) is { } problem)
            read.Report("Tls:CertificatePath", tls.CertificatePath!, $"PEM files that can be read and belong together: {problem}");
    }

    private static void CheckCredentials(SecurityOptions security, OptionsReader read)
    {
        if (security.ApiKeysPath is { } path)
        {
            try
            {
                ApiKeys.Read(path);
            }
            catch (Exception unusable) when (unusable is IOException or UnauthorizedAccessException or FormatException)
            {
                read.Report("Security:ApiKeysPath", path, $"a file of keys: {unusable.Message}");
            }
        }

        JwtOptions jwt = security.Jwt;
        bool isBegun = jwt.Issuer is not null || jwt.Audience is not null || jwt.Jwks is not null;
        if (isBegun && !jwt.IsOn) read.Report("Security:Jwt", "", "all of Issuer, Audience and Jwks, or none");
        if (jwt.IsUrl)
        {
            bool isSafe = Uri.TryCreate(jwt.Jwks, UriKind.Absolute, out Uri? url) && (url.Scheme == Uri.UriSchemeHttps || url.IsLoopback);
            if (!isSafe) read.Report("Security:Jwt:Jwks", jwt.Jwks!, "an https URL, http on loopback only, or a file");
        }
        else if (jwt.Jwks is not null && !File.Exists(jwt.Jwks))
        {
            read.Report("Security:Jwt:Jwks", jwt.Jwks, "a file that is there, or an https URL");
        }
    }
}
