using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Grpc.Core;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;
using RetentionScore.Server.Options;

namespace RetentionScore.Server.Tests.Security;

/// <summary>Signed tokens against a JWKS file and a JWKS URL.</summary>
public sealed class TokenTests : IDisposable
{
    private const string Issuer = "https://issuer.test", Audience = "retentionscore";
    private readonly string folder = Directory.CreateTempSubdirectory("retentionscore-jwt-").FullName;
    private readonly RSA rsa = RSA.Create(2048), other = RSA.Create(2048);

    public void Dispose()
    {
        rsa.Dispose();
        other.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    private static string Jwks(params (RSA Key, string Id)[] keys) => JsonSerializer.Serialize(new
    {
        keys = keys.Select(key => JsonWebKeyConverter.ConvertFromRSASecurityKey(new RsaSecurityKey(key.Key.ExportParameters(false)) { KeyId = key.Id }))
            .Select(jwk => new { kty = jwk.Kty, kid = jwk.Kid, n = jwk.N, e = jwk.E, use = "sig" }),
    });

    private string Token(Action<SecurityTokenDescriptor>? change = null, RSA? key = null, string id = "k1")
    {
        var token = new SecurityTokenDescriptor
        {
            Issuer = Issuer,
            Audience = Audience,
            NotBefore = DateTime.UtcNow.AddMinutes(-1),
            Expires = DateTime.UtcNow.AddMinutes(5),
            Claims = new Dictionary<string, object>(StringComparer.Ordinal) { ["sub"] = "dialler", ["tenant"] = "acme", ["tenants"] = new[] { "acme-eu" }, ["roles"] = new[] { "telephony" } },
            SigningCredentials = new SigningCredentials(new RsaSecurityKey(key ?? rsa) { KeyId = id }, SecurityAlgorithms.RsaSha256),
        };
        change?.Invoke(token);
        return new JsonWebTokenHandler { SetDefaultTimesOnTokenCreation = false }.CreateToken(token);
    }

    private async Task<TestServer> StartAsync(string? jwks = null)
    {
        string path = Path.Combine(folder, "jwks.json");
        if (jwks is null) await File.WriteAllTextAsync(path, Jwks((rsa, "k1")));
        return await TestServer.StartAsync(options => options with
        {
            Security = new SecurityOptions { Jwt = new JwtOptions { Issuer = Issuer, Audience = Audience, Jwks = jwks ?? path, Refresh = TimeSpan.FromHours(1) } },
        });
    }

    private static Metadata Bearer(string token) => new() { { "authorization", $"Bearer {token}" } };

    private static Task<GetServerInfoResponse> AskAsync(TestServer server, string token) =>
        server.Client.GetServerInfoAsync(new GetServerInfoRequest(), Bearer(token)).ResponseAsync.Within();

    [Fact]
    public async Task Token_OfTheIssuer_OpensCallsOfItsTenants()
    {
        await using TestServer server = await StartAsync();
        using TestCall own = server.Call(Bearer(Token())), granted = server.Call(Bearer(Token()));
        await own.OpenAsync("c");
        Assert.False((await granted.OpenAsync(new CallStart { CallId = "c", ResumeFrom = 1, Tenant = "acme-eu" })).Resumed);
        using TestCall forged = server.Call(Bearer(Token()));
        await forged.SendAsync(new CallStart { CallId = "c", ResumeFrom = 1, Tenant = "globex" });
        Assert.Equal("FORBIDDEN", (await Refused.ByAsync(forged)).Reason);
    }

    [Fact]
    public async Task Token_ThatIsNotToBeBelieved_IsUnauthenticated_AndNeverInTheLog()
    {
        await using TestServer server = await StartAsync();
        string good = Token();
        string[] parts = good.Split('.');
        string none = $"{Base64UrlEncoder.Encode("{\"alg\":\"none\"}")}.{parts[1]}.";
        // The public key as a secret: the oldest trick with tokens.
        string header = Base64UrlEncoder.Encode("{\"alg\":\"HS256\",\"kid\":\"k1\"}");
        string confused = $"{header}.{parts[1]}.{Base64UrlEncoder.Encode(HMACSHA256.HashData(Encoding.UTF8.GetBytes(rsa.ExportSubjectPublicKeyInfoPem()), Encoding.UTF8.GetBytes($"{header}.{parts[1]}")))}";
        (string Token, string Why)[] wrong =
        [
            ("x", "authorization is no token"),
            (Token(token => token.Expires = DateTime.UtcNow.AddMinutes(-2)), "authorization is not valid now"), // replayed after its time
            (Token(token => token.NotBefore = DateTime.UtcNow.AddMinutes(3)), "authorization is not valid now"),
            (Token(token => token.Expires = null), "authorization is not valid now"),
            (Token(token => token.Issuer = "https://elsewhere.test"), "authorization is of another issuer"),
            (Token(token => token.Audience = "billing"), "authorization is for another audience"), // replayed from another service
            (Token(key: other), "authorization is not signed with a key that we know"),
            (Token(key: other, id: "k2"), "authorization is not signed with a key that we know"),
            (good[..^4] + "AAAA", "authorization is not signed with a key that we know"),
            (none, "authorization is not signed with a key that we know"),
            (confused, "authorization is not signed with a key that we know"),
            (Token(token => token.Claims["roles"] = new[] { "king" }), "authorization is without a tenant or a role that we know"),
            (Token(token => token.Claims["tenant"] = "no name"), "authorization is without a tenant or a role that we know"),
            (new string('a', 20_000), "authorization is no token"),
        ];
        await AskAsync(server, good);
        foreach ((string token, string why) in wrong)
        {
            Refused refused = Refused.From(await Assert.ThrowsAsync<RpcException>(() => AskAsync(server, token)));
            Assert.Equal((StatusCode.Unauthenticated, why), (refused.Code, refused.Message));
        }

        Assert.DoesNotContain(server.Log.Lines, line => line.Contains(parts[1], StringComparison.Ordinal));
    }

    [Fact]
    public async Task Clocks_MayDifferByTheSkew()
    {
        await using TestServer server = await StartAsync();
        await AskAsync(server, Token(token => token.Expires = DateTime.UtcNow.AddSeconds(-10)));
    }

    [Fact]
    public async Task KeysOfAUrl_AreFetched_AgainForAKeyThatIsNew_AndStayWhileItIsDown()
    {
        using var keys = new HttpListener();
        int port = FreePort();
        keys.Prefixes.Add($"http://127.0.0.1:{port}/");
        keys.Start();
        string served = Jwks((rsa, "k1"));
        int asked = 0;
        Task serving = Task.Run(async () =>
        {
            while (keys.IsListening)
            {
                HttpListenerContext context = await keys.GetContextAsync();
                Interlocked.Increment(ref asked);
                await context.Response.OutputStream.WriteAsync(Encoding.UTF8.GetBytes(served));
                context.Response.Close();
            }
        });
        var time = new FakeTime();
        await using TestServer server = await TestServer.StartAsync(
            options => options with
            {
                Security = new SecurityOptions { Jwt = new JwtOptions { Issuer = Issuer, Audience = Audience, Jwks = $"http://127.0.0.1:{port}/", Refresh = TimeSpan.FromHours(1) } },
            },
            time);
        string At(string id, RSA key) => Token(token => (token.NotBefore, token.Expires) = (null, time.GetUtcNow().UtcDateTime.AddMinutes(5)), key, id);
        await AskAsync(server, At("k1", rsa));
        await AskAsync(server, At("k1", rsa));
        Assert.Equal(1, asked);

        served = Jwks((rsa, "k1"), (other, "k2"));
        await Assert.ThrowsAsync<RpcException>(() => AskAsync(server, At("k2", other))); // not asked again so soon
        time.Advance(TimeSpan.FromSeconds(11));
        await AskAsync(server, At("k2", other));
        Assert.Equal(2, asked);

        keys.Stop();
        time.Advance(TimeSpan.FromHours(2));
        Task<GetServerInfoResponse> asking = AskAsync(server, At("k1", rsa));
        while (!asking.IsCompleted)
        {
            time.Advance(TimeSpan.FromSeconds(1)); // its retries wait by this clock
            await Task.Delay(10);
        }

        await asking;
        await serving.ContinueWith(_ => { }, TaskScheduler.Default).Within();
    }

    [Fact]
    public async Task KeysThatCannotBeReadYet_AreNotReady()
    {
        int port = FreePort();
        await using TestServer server = await StartAsync($"http://127.0.0.1:{port}/");
        Refused refused = Refused.From(await Assert.ThrowsAsync<RpcException>(() => AskAsync(server, Token())));
        Assert.Equal((StatusCode.Unavailable, "NOT_READY"), (refused.Code, refused.Reason));
        Assert.NotNull(refused.RetryAfter);
    }

    private static int FreePort()
    {
        var probe = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        int port = ((IPEndPoint)probe.LocalEndpoint).Port;
        probe.Stop();
        return port;
    }
}
