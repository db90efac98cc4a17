using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Grpc.Core;
using Grpc.Net.Client;
using RetentionScore.Server.Options;

namespace RetentionScore.Server.Tests.Security;

/// <summary>TLS on real sockets: exchange of certificates, mutual TLS, downgrade.</summary>
public sealed class TlsTests : IDisposable
{
    private readonly TestPki pki = new();

    public void Dispose() => pki.Dispose();

    private TlsOptions Tls(bool mutual = false) => new()
    {
        CertificatePath = pki.PathOf("server.pem"),
        KeyPath = pki.PathOf("server.key"),
        ClientCaPath = mutual ? pki.AuthorityPath : null,
    };

    private static async Task<GetServerInfoResponse> AskAsync(Uri address, HttpMessageHandler handler)
    {
        using var channel = GrpcChannel.ForAddress(address, new GrpcChannelOptions { HttpHandler = handler, DisposeHttpClient = true });
        return await new ScoringService.ScoringServiceClient(channel).GetServerInfoAsync(new GetServerInfoRequest()).ResponseAsync.Within();
    }

    [Fact]
    public async Task BothPorts_AreEncrypted_AndPlaintextIsNotAnswered()
    {
        using X509Certificate2 server = pki.Issue("server");
        await using TestServer running = await TestServer.StartAsync(options => options with { Tls = Tls() });
        Assert.Equal("https", running.Address.Scheme);
        await AskAsync(running.Address, pki.Handler());
        using var ops = new HttpClient(pki.Handler()) { BaseAddress = running.Ops.BaseAddress };
        Assert.Contains("retentionscore_tls_certificate_not_after_seconds", await ops.GetStringAsync(new Uri("/metrics", UriKind.Relative)).Within(), StringComparison.Ordinal);
        using var plain = GrpcChannel.ForAddress(new UriBuilder(running.Address) { Scheme = "http" }.Uri);
        await Assert.ThrowsAsync<RpcException>(() => new ScoringService.ScoringServiceClient(plain).GetServerInfoAsync(new GetServerInfoRequest()).ResponseAsync.Within());
    }

    [Fact]
    public async Task Certificate_IsExchangedWithoutARestart_AndACallThatIsOpenGoesOn()
    {
        using X509Certificate2 former = pki.Issue("server");
        await using TestServer running = await TestServer.StartAsync(options => options with { Tls = Tls() });
        using var channel = GrpcChannel.ForAddress(running.Address, new GrpcChannelOptions { HttpHandler = pki.Handler(), DisposeHttpClient = true });
        using var call = new TestCall(new ScoringService.ScoringServiceClient(channel).ScoreCall());
        await call.OpenAsync("c");
        await call.SayAsync(1, "hello");

        // A certificate without its key yet: the former pair stays in force.
        string key = await File.ReadAllTextAsync(pki.PathOf("server.key"));
        using X509Certificate2 latter = pki.Issue("server", days: 20);
        string newKey = await File.ReadAllTextAsync(pki.PathOf("server.key"));
        await File.WriteAllTextAsync(pki.PathOf("server.key"), key);
        await Task.Delay(1200);
        string seen = "";
        await AskAsync(running.Address, pki.Handler(seen: shown => seen = shown.Thumbprint));
        Assert.Equal(former.Thumbprint, seen);

        await File.WriteAllTextAsync(pki.PathOf("server.key"), newKey);
        await Task.Delay(1200);
        await AskAsync(running.Address, pki.Handler(seen: shown => seen = shown.Thumbprint));
        Assert.Equal(latter.Thumbprint, seen);
        Assert.Equal(2u, (await call.SayAsync(2, "still there")).Seq);
    }

    [Fact]
    public async Task MutualTls_LetsInOnlyClientsOfTheAuthority()
    {
        using X509Certificate2 server = pki.Issue("server"), client = pki.Issue("dialler", forClients: true);
        using var stranger = new TestPki();
        using X509Certificate2 foreign = stranger.Issue("dialler", forClients: true);
        await using TestServer running = await TestServer.StartAsync(options => options with { Tls = Tls(mutual: true) });
        await AskAsync(running.Address, pki.Handler(client));
        foreach (X509Certificate2? wrong in new[] { null, foreign, server })
            await Assert.ThrowsAsync<RpcException>(() => AskAsync(running.Address, pki.Handler(wrong)));
    }

    [Fact]
    public async Task OpsPort_WithMutualTls_AnswersProbesWithoutACertificate_AndMetricsOnlyWithOne()
    {
        using X509Certificate2 server = pki.Issue("server"), client = pki.Issue("prometheus", forClients: true);
        using var stranger = new TestPki();
        using X509Certificate2 foreign = stranger.Issue("prometheus", forClients: true);
        await using TestServer running = await TestServer.StartAsync(options => options with { Tls = Tls(mutual: true) });
        using var probe = new HttpClient(pki.Handler()) { BaseAddress = running.Ops.BaseAddress };
        Assert.Equal("ready\n", await probe.GetStringAsync(new Uri("/readyz", UriKind.Relative)).Within());
        using HttpResponseMessage refused = await probe.GetAsync(new Uri("/metrics", UriKind.Relative)).Within();
        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
        Assert.Contains("certificate is missing", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        using var scraper = new HttpClient(pki.Handler(client)) { BaseAddress = running.Ops.BaseAddress };
        Assert.NotEmpty(await scraper.GetStringAsync(new Uri("/metrics", UriKind.Relative)).Within());
        using var foreigner = new HttpClient(pki.Handler(foreign)) { BaseAddress = running.Ops.BaseAddress };
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => foreigner.GetStringAsync(new Uri("/readyz", UriKind.Relative)).Within());
    }

    [Fact]
    public async Task CertificateOfAClient_IsACredential()
    {
        using X509Certificate2 server = pki.Issue("server"), known = pki.Issue("known", forClients: true), unknown = pki.Issue("unknown", forClients: true);
        string keys = pki.PathOf("keys.json");
        string fingerprint = Convert.ToHexStringLower(known.GetCertHash(HashAlgorithmName.SHA256));
        await File.WriteAllTextAsync(keys, JsonSerializer.Serialize(new[] { new { name = "known", certificate_sha256 = fingerprint, tenant = "acme", roles = new[] { "telephony" } } }));
        await using TestServer running = await TestServer.StartAsync(options => options with { Tls = Tls(mutual: true), Security = new SecurityOptions { ApiKeysPath = keys } });
        await AskAsync(running.Address, pki.Handler(known));
        RpcException refused = await Assert.ThrowsAsync<RpcException>(() => AskAsync(running.Address, pki.Handler(unknown)));
        Assert.Equal(StatusCode.Unauthenticated, refused.StatusCode);
    }

    [Fact]
    public async Task Downgrade_ToAnOlderTlsIsRefused()
    {
        using X509Certificate2 server = pki.Issue("server");
        await using TestServer running = await TestServer.StartAsync(options => options with { Tls = Tls() });
        using var socket = new TcpClient();
        await socket.ConnectAsync(running.Address.Host, running.Address.Port);
        await using var tls = new SslStream(socket.GetStream());
#pragma warning disable CA5359, CA5397, SYSLIB0039 // the old protocol is what is tried
        var old = new SslClientAuthenticationOptions { TargetHost = "localhost", EnabledSslProtocols = SslProtocols.Tls11, RemoteCertificateValidationCallback = (_, _, _, _) => true };
#pragma warning restore CA5359, CA5397, SYSLIB0039
        await Assert.ThrowsAnyAsync<Exception>(() => tls.AuthenticateAsClientAsync(old).Within());
        Assert.False(tls.IsAuthenticated);
    }
}
