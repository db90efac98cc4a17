using System.Text.Json;
using Grpc.Core;
using RetentionScore.Server.Options;
using RetentionScore.Server.Security;

namespace RetentionScore.Server.Tests.Security;

/// <summary>API keys, roles and tenants, on every method of the service.</summary>
public sealed class KeyTests : IDisposable
{
    private readonly string path = Path.Combine(Path.GetTempPath(), $"retentionscore-keys-{Guid.NewGuid():N}.json");
    private readonly string acme, globex, spare, scraper, watcher, old;

    public KeyTests()
    {
        var entries = new List<object>();
        string Make(string name, string tenant, string role, string[]? tenants = null, DateTimeOffset? until = null)
        {
            (string key, string hash) = ApiKey.Make();
            entries.Add(new { name, sha256 = hash, tenant, tenants = tenants ?? [], roles = new[] { role }, not_after = until });
            return key;
        }

        acme = Make("acme dialler", "acme", "telephony", ["acme-eu"]);
        spare = Make("acme dialler", "acme", "telephony");
        globex = Make("globex", "globex", "telephony");
        scraper = Make("prometheus", "default", "metrics");
        watcher = Make("floor", "acme", "supervisor");
        old = Make("last year", "acme", "telephony", until: DateTimeOffset.UtcNow.AddDays(-1));
        File.WriteAllText(path, JsonSerializer.Serialize(entries));
    }

    public void Dispose() => File.Delete(path);

    private Task<TestServer> StartAsync(string? audit = null) => TestServer.StartAsync(options => options with
    {
        Security = new SecurityOptions { ApiKeysPath = path },
        Audit = new AuditOptions { Path = audit },
    });

    private static Metadata Key(string key) => new() { { "x-api-key", key } };

    /// <summary>Every method of the service, called with headers; to its end.</summary>
    public static TheoryData<string> Methods() => [.. ScoringService.Descriptor.Methods.Select(method => method.Name)];

    private static async Task CallAsync(TestServer server, string method, Metadata headers, CallStart start)
    {
        switch (method)
        {
            case "ScoreCall":
                using (TestCall call = server.Call(headers))
                {
                    await TrySendAsync(async () =>
                    {
                        await call.SendAsync(start);
                        await call.HalfCloseAsync();
                    });
                    await call.RestAsync();
                }

                break;
            case "ScoreCalls":
                using (var trunk = server.Client.ScoreCalls(headers))
                {
                    await TrySendAsync(async () =>
                    {
                        await trunk.RequestStream.WriteAsync(new ScoreCallsRequest { Requests = { new CallRequest { Channel = 1, Request = new ScoreCallRequest { Start = start } } } }).Within();
                        await trunk.RequestStream.CompleteAsync().Within();
                    });
                    while (await trunk.ResponseStream.MoveNext(CancellationToken.None).Within())
                    {
                        foreach (CallReply reply in trunk.ResponseStream.Current.Replies)
                        {
                            if (reply.Error is { } error) throw new RpcException(new Status((StatusCode)error.Code, error.Message));
                        }
                    }
                }

                break;
            case "ScoreTranscript":
                using (var transcript = server.Client.ScoreTranscript(new ScoreTranscriptRequest { Start = start }, headers))
                {
                    while (await transcript.ResponseStream.MoveNext(CancellationToken.None).Within())
                    {
                    }
                }

                break;
            case "GetServerInfo":
                await server.Client.GetServerInfoAsync(new GetServerInfoRequest(), headers).ResponseAsync.Within();
                break;
            default:
                Assert.Fail($"{method}: who may call it is not tested");
                break;
        }
    }

    /// <summary>A send may find the call ended: its status is read, as every client has to.</summary>
    private static async Task TrySendAsync(Func<Task> send)
    {
        try
        {
            await send();
        }
        catch (Exception ended) when (ended is RpcException or InvalidOperationException)
        {
        }
    }

    [Theory]
    [MemberData(nameof(Methods))]
    public async Task Method_WithoutOrWithAWrongCredential_IsUnauthenticated(string method)
    {
        await using TestServer server = await StartAsync();
        var start = new CallStart { CallId = "c", ResumeFrom = 1 };
        foreach (Metadata headers in new Metadata[] { [], Key("rsk_0000"), Key(""), Key(old), new() { { "authorization", $"Bearer {old}" } }, new() { { "authorization", "Bearer x.y.z" } }, new() { { "authorization", "Basic YTpi" } } })
        {
            Refused refused = Refused.From(await Assert.ThrowsAsync<RpcException>(() => CallAsync(server, method, headers, start)));
            Assert.Equal(StatusCode.Unauthenticated, refused.Code);
            Assert.Equal("UNAUTHENTICATED", refused.Reason);
        }
    }

    [Theory]
    [MemberData(nameof(Methods))]
    public async Task Method_WithARoleThatMayNot_IsForbidden(string method)
    {
        await using TestServer server = await StartAsync();
        foreach (string key in method == "GetServerInfo" ? [scraper] : new[] { scraper, watcher })
        {
            Refused refused = Refused.From(await Assert.ThrowsAsync<RpcException>(() => CallAsync(server, method, Key(key), new CallStart { CallId = "c", ResumeFrom = 1 })));
            Assert.Equal((StatusCode.PermissionDenied, "FORBIDDEN"), (refused.Code, refused.Reason));
        }
    }

    [Theory]
    [MemberData(nameof(Methods))]
    public async Task Method_ForAForgedTenant_IsForbidden(string method)
    {
        if (method == "GetServerInfo") return; // has no tenant
        await using TestServer server = await StartAsync();
        foreach (string tenant in new[] { "globex", "nobody", "acme-", "*", "Acme", "acme\n" })
        {
            RpcException refused = await Assert.ThrowsAsync<RpcException>(
                () => CallAsync(server, method, Key(acme), new CallStart { CallId = "c", ResumeFrom = 1, Tenant = tenant }));
            Assert.Equal(StatusCode.PermissionDenied, refused.StatusCode);
            Assert.DoesNotContain("globex", refused.Status.Detail, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task TwoKeysOfOneName_AreValidTogether_AndSoIsATenantThatIsGranted()
    {
        await using TestServer server = await StartAsync();
        using TestCall first = server.Call(Key(acme)), second = server.Call(Key(spare)), granted = server.Call(Key(acme));
        await first.OpenAsync("c");
        Assert.True((await second.OpenAsync("c", attempt: 1)).Resumed);
        Assert.False((await granted.OpenAsync(new CallStart { CallId = "c", ResumeFrom = 1, Tenant = "acme-eu" })).Resumed);
    }

    [Fact]
    public async Task CallOfAnotherTenant_CannotBeToldFromAnUnknownOne()
    {
        await using TestServer server = await StartAsync();
        using TestCall own = server.Call(Key(acme));
        await own.OpenAsync("c");
        await own.SayAsync(1, "please cancel my broadband");
        async Task<Refused> AskAsync(string id)
        {
            using TestCall call = server.Call(Key(globex));
            await call.SendAsync(new CallStart { CallId = id, ResumeFrom = 2, Attempt = 9 });
            return await Refused.ByAsync(call);
        }

        Refused there = await AskAsync("c"), nowhere = await AskAsync("d");
        Assert.Equal("HISTORY_LOST", there.Reason);
        Assert.Equal(nowhere with { Metadata = there.Metadata }, there);
        Assert.Equal(nowhere.Metadata, there.Metadata);
        using TestCall theirs = server.Call(Key(globex));
        Assert.False((await theirs.OpenAsync("c")).Resumed);
        Assert.Equal(2u, (await own.SayAsync(2, "yes please")).Seq);
    }

    [Fact]
    public async Task Keys_AreReadAgainWhenTheFileChanges_AndAFileThatIsNoneChangesNothing()
    {
        await using TestServer server = await StartAsync();
        (string key, string hash) = ApiKey.Make();
        string former = await File.ReadAllTextAsync(path);
        await File.WriteAllTextAsync(path, "[{");
        await Task.Delay(1200);
        await server.Client.GetServerInfoAsync(new GetServerInfoRequest(), Key(acme)).ResponseAsync.Within();
        await File.WriteAllTextAsync(path, former.TrimEnd(']') + $$""","{"name":"new","sha256":"{{hash}}","tenant":"acme","roles":["telephony"]}]""".Replace(",\"{", ",{", StringComparison.Ordinal));
        await Task.Delay(1200);
        await server.Client.GetServerInfoAsync(new GetServerInfoRequest(), Key(key)).ResponseAsync.Within();
        await File.WriteAllTextAsync(path, $$"""[{"name":"new","sha256":"{{hash}}","tenant":"acme","roles":["telephony"]}]""");
        await Task.Delay(1200);
        RpcException gone = await Assert.ThrowsAsync<RpcException>(() => server.Client.GetServerInfoAsync(new GetServerInfoRequest(), Key(acme)).ResponseAsync.Within());
        Assert.Equal(StatusCode.Unauthenticated, gone.StatusCode);
        Assert.DoesNotContain(server.Log.Lines, line => line.Contains(key, StringComparison.Ordinal) || line.Contains(hash, StringComparison.Ordinal));
    }

    [Fact]
    public async Task OpsPort_AsksForARole_ButNotForHealth()
    {
        await using TestServer server = await StartAsync();
        Assert.Equal(System.Net.HttpStatusCode.Unauthorized, (await server.Ops.GetAsync(new Uri("/metrics", UriKind.Relative)).Within()).StatusCode);
        server.Ops.DefaultRequestHeaders.Add("x-api-key", watcher);
        Assert.Equal(System.Net.HttpStatusCode.Forbidden, (await server.Ops.GetAsync(new Uri("/metrics", UriKind.Relative)).Within()).StatusCode);
        server.Ops.DefaultRequestHeaders.Remove("x-api-key");
        Assert.True((await server.Ops.GetAsync(new Uri("/healthz", UriKind.Relative)).Within()).IsSuccessStatusCode);
        Assert.True((await server.Ops.GetAsync(new Uri("/readyz", UriKind.Relative)).Within()).IsSuccessStatusCode);
        server.Ops.DefaultRequestHeaders.Add("x-api-key", scraper);
        Assert.Contains("retentionscore_refusals_total{reason=\"UNAUTHENTICATED\"} 1", await server.Ops.GetStringAsync(new Uri("/metrics", UriKind.Relative)).Within(), StringComparison.Ordinal);
        await new Grpc.Health.V1.Health.HealthClient(server.Channel).CheckAsync(new Grpc.Health.V1.HealthCheckRequest()).ResponseAsync.Within();

        // As Prometheus sends it.
        server.Ops.DefaultRequestHeaders.Remove("x-api-key");
        server.Ops.DefaultRequestHeaders.Authorization = new("Bearer", scraper);
        Assert.True((await server.Ops.GetAsync(new Uri("/metrics", UriKind.Relative)).Within()).IsSuccessStatusCode);
        server.Ops.DefaultRequestHeaders.Authorization = new("Bearer", scraper + "0");
        Assert.Equal(System.Net.HttpStatusCode.Unauthorized, (await server.Ops.GetAsync(new Uri("/metrics", UriKind.Relative)).Within()).StatusCode);
    }

    [Fact]
    public async Task OversizedHeader_IsRefused_AndTheServerGoesOn()
    {
        await using TestServer server = await StartAsync();
        var oversized = new Metadata { { "x-api-key", new string('k', 64 * 1024) } };
        using (var channel = Grpc.Net.Client.GrpcChannel.ForAddress(server.Address))
        {
            RpcException refused = await Assert.ThrowsAsync<RpcException>(
                () => new ScoringService.ScoringServiceClient(channel).GetServerInfoAsync(new GetServerInfoRequest(), oversized).ResponseAsync.Within());
            Assert.NotEqual(StatusCode.OK, refused.StatusCode);
        }

        await server.Client.GetServerInfoAsync(new GetServerInfoRequest(), Key(acme)).ResponseAsync.Within();
    }

    [Fact]
    public async Task Reflection_AsksForACredential()
    {
        await using TestServer server = await StartAsync();
        using var call = new Grpc.Reflection.V1.ServerReflection.ServerReflectionClient(server.Channel).ServerReflectionInfo();
        RpcException refused = await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext(CancellationToken.None).Within());
        Assert.Equal(StatusCode.Unauthenticated, refused.StatusCode);
    }

    [Fact]
    public async Task Audit_TellsWhoOpenedAttachedAndTookOver_AndNothingThatWasSaid()
    {
        string audit = path + ".audit";
        await using (TestServer server = await StartAsync(audit))
        {
            using TestCall first = server.Call(Key(acme));
            await first.OpenAsync("c");
            await first.SayAsync(1, "zanzibar wants to cancel");
            using TestCall second = server.Call(Key(spare));
            await second.OpenAsync("c", attempt: 1);
            await second.HalfCloseAsync();
            await second.RestAsync();
            using TestCall third = server.Call(Key(acme));
            await third.OpenAsync("c", attempt: 2);
        }

        string[] lines = await File.ReadAllLinesAsync(audit);
        Assert.Equal(["opened", "took_over", "attached"], lines.Select(line => JsonDocument.Parse(line).RootElement.GetProperty("what").GetString()));
        Assert.All(lines, line => Assert.Equal("acme dialler|acme|c", string.Join('|', new[] { "who", "tenant", "call" }.Select(name => JsonDocument.Parse(line).RootElement.GetProperty(name).GetString()))));
        Assert.DoesNotContain("zanzibar", string.Concat(lines), StringComparison.Ordinal);
        Assert.Equal((3, null), (Auditing.AuditFile.Verify(audit).Entries, Auditing.AuditFile.Verify(audit).Problem));
        File.Delete(audit);
    }
}
