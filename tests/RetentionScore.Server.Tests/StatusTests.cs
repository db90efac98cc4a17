using Grpc.Core;
using RetentionScore.Server.Scoring;

namespace RetentionScore.Server.Tests;

/// <summary>The rows of the status table that no other class has: SEQUENCE_GAP is in OrderTests, HISTORY_LOST, CALL_EXISTS, CALL_ENDED and SUPERSEDED in
/// OpeningTests, IDLE in QuietTests, DRAINING in DrainTests.</summary>
public sealed class StatusTests
{
    private static async Task<Refused> RefusedAsync(CallStart start, Metadata? headers = null)
    {
        await using TestServer server = await TestServer.StartAsync();
        using TestCall call = server.Call(headers);
        await call.SendAsync(start);
        return await Refused.ByAsync(call);
    }

    [Theory]
    [InlineData("utterance")]
    [InlineData("heartbeat")]
    [InlineData("none")]
    [InlineData("nothing")]
    public async Task FirstMessageOtherThanStart_IsInvalid(string first)
    {
        await using TestServer server = await TestServer.StartAsync();
        using TestCall call = server.Call();
        if (first == "utterance") await call.SendAsync(Say.Final(1, "hello"));
        else if (first == "heartbeat") await call.SendAsync(new ScoreCallRequest { Heartbeat = new Heartbeat() });
        else if (first == "none") await call.SendAsync(new ScoreCallRequest());
        else await call.HalfCloseAsync();
        Refused refused = await Refused.ByAsync(call);
        Assert.Equal(StatusCode.InvalidArgument, refused.Code);
        Assert.Equal("INVALID_MESSAGE", refused.Reason);
        Assert.Equal("message", refused.Metadata["field"]);
    }

    [Fact]
    public async Task SecondStart_IsInvalid()
    {
        await using TestServer server = await TestServer.StartAsync();
        using TestCall call = server.Call();
        await call.OpenAsync("c");
        await call.SendAsync(new CallStart { CallId = "c" });
        Assert.Equal("INVALID_MESSAGE", (await Refused.ByAsync(call)).Reason);
    }

    [Theory]
    [InlineData("")]
    [InlineData("with space")]
    [InlineData("tab\t")]
    [InlineData("ünicode")]
    [InlineData("129")]
    public async Task BadCallId_IsInvalid(string id)
    {
        Refused refused = await RefusedAsync(new CallStart { CallId = id == "129" ? new string('x', 129) : id, ResumeFrom = 1 });
        Assert.Equal(StatusCode.InvalidArgument, refused.Code);
        Assert.Equal("INVALID_MESSAGE", refused.Reason);
        Assert.Equal("start.call_id", refused.Metadata["field"]);
        Assert.Contains("128", refused.Metadata["limit"], StringComparison.Ordinal);
        Assert.Contains("start.call_id", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task CallIdOf128VisibleCharacters_IsTaken()
    {
        await using TestServer server = await TestServer.StartAsync();
        using TestCall call = server.Call();
        Assert.Equal(1u, (await call.OpenAsync("!~" + new string('x', 126))).NextSeq);
    }

    [Theory]
    [InlineData("english please")]
    [InlineData("-en")]
    [InlineData("en_US")]
    public async Task BadLanguage_IsInvalid(string language)
    {
        Refused refused = await RefusedAsync(new CallStart { CallId = "c", ResumeFrom = 1, Language = language });
        Assert.Equal("INVALID_MESSAGE", refused.Reason);
        Assert.Equal("start.language", refused.Metadata["field"]);
    }

    [Fact]
    public async Task BadAttempt_IsInvalid()
    {
        Refused refused = await RefusedAsync(new CallStart { CallId = "c", ResumeFrom = 1, Attempt = ulong.MaxValue });
        Assert.Equal("INVALID_MESSAGE", refused.Reason);
        Assert.Equal("start.attempt", refused.Metadata["field"]);
        Assert.Equal("18446744073709551615", refused.Metadata["value"]);
    }

    [Fact]
    public async Task OverlongContext_IsInvalid()
    {
        Refused refused = await RefusedAsync(new CallStart { CallId = "c", ResumeFrom = 1, Context = new CallContext { Queue = new string('q', 257) } });
        Assert.Equal("INVALID_MESSAGE", refused.Reason);
        Assert.Equal("start.context.queue", refused.Metadata["field"]);
    }

    [Fact]
    public async Task CallIdInMetadataUnlikeStart_IsInvalid()
    {
        Refused refused = await RefusedAsync(new CallStart { CallId = "c", ResumeFrom = 1 }, new Metadata { { "call-id", "d" } });
        Assert.Equal("INVALID_MESSAGE", refused.Reason);
        Assert.Equal("start.call_id", refused.Metadata["field"]);
    }

    [Fact]
    public async Task CallIdInMetadataLikeStart_IsTaken()
    {
        await using TestServer server = await TestServer.StartAsync();
        using TestCall call = server.Call(new Metadata { { "call-id", "c" } });
        Assert.Equal("c", (await call.OpenAsync("c")).CallId);
    }

    [Fact]
    public async Task UnknownPolicy_IsNotFound()
    {
        Refused refused = await RefusedAsync(new CallStart { CallId = "c", ResumeFrom = 1, Policy = "strict" });
        Assert.Equal(StatusCode.NotFound, refused.Code);
        Assert.Equal("UNKNOWN_POLICY", refused.Reason);
        Assert.Equal("strict", refused.Metadata["value"]);
    }

    [Fact]
    public async Task AnotherTenant_IsForbidden()
    {
        Refused refused = await RefusedAsync(new CallStart { CallId = "c", ResumeFrom = 1, Tenant = "acme" });
        Assert.Equal(StatusCode.PermissionDenied, refused.Code);
        Assert.Equal("FORBIDDEN", refused.Reason);
        Assert.Equal("start.tenant", refused.Metadata["field"]);
        Assert.Equal("acme", refused.Metadata["value"]);
        Assert.Equal("default", refused.Metadata["limit"]);
    }

    [Fact]
    public async Task TooManyCalls_AreRefusedWithARetry_UntilOneEnds()
    {
        await using TestServer server = await TestServer.StartAsync(options => options with { Limits = options.Limits with { MaxLiveCalls = 2 } });
        using TestCall one = server.Call(), two = server.Call(), three = server.Call(), again = server.Call();
        await one.OpenAsync("1");
        await two.OpenAsync("2");
        await three.SendAsync(new CallStart { CallId = "3", ResumeFrom = 1 });
        Refused refused = await Refused.ByAsync(three);
        Assert.Equal(StatusCode.ResourceExhausted, refused.Code);
        Assert.Equal("TOO_MANY", refused.Reason);
        Assert.Equal("2", refused.Metadata["limit"]);
        Assert.Equal(TimeSpan.FromSeconds(1), refused.RetryAfter);
        await one.EndAsync(1);
        Assert.Equal(1u, (await again.OpenAsync("3")).NextSeq);
    }

    [Fact]
    public async Task StartWhileStarting_IsNotReadyWithARetry()
    {
        using var warm = new ManualResetEventSlim();
        var log = new RecordedLog();
        await using var app = TestServer.Build(null, null, log);
        ((WarmUp)app.Services.GetService(typeof(WarmUp))!).Before = () => warm.Wait(Waiting.Limit);
        Task starting = Task.Run(() => app.StartAsync());
        await Waiting.UntilAsync(() => app.Urls.Count == 2 && !app.Urls.Any(url => url.EndsWith(":0", StringComparison.Ordinal)));
        using var channel = global::Grpc.Net.Client.GrpcChannel.ForAddress(ServerHost.GrpcAddress(app));
        using var ops = new HttpClient { BaseAddress = ServerHost.OpsAddress(app) };
        using (var call = new TestCall(new ScoringService.ScoringServiceClient(channel).ScoreCall()))
        {
            await call.SendAsync(new CallStart { CallId = "c", ResumeFrom = 1 });
            Refused refused = await Refused.ByAsync(call);
            Assert.Equal(StatusCode.Unavailable, refused.Code);
            Assert.Equal("NOT_READY", refused.Reason);
            Assert.NotNull(refused.RetryAfter);
        }

        Assert.Equal(System.Net.HttpStatusCode.ServiceUnavailable, (await ops.GetAsync("/readyz").Within()).StatusCode);
        Assert.Equal(System.Net.HttpStatusCode.OK, (await ops.GetAsync("/healthz").Within()).StatusCode);
        warm.Set();
        await starting.Within();
        Assert.Equal(System.Net.HttpStatusCode.OK, (await ops.GetAsync("/readyz").Within()).StatusCode);
        using (var call = new TestCall(new ScoringService.ScoringServiceClient(channel).ScoreCall())) await call.OpenAsync("c");
        await app.StopAsync().Within();
    }

    [Fact]
    public async Task BugOutsideScoring_IsInternalWithoutDetail()
    {
        await using TestServer server = await TestServer.StartAsync();
        using TestCall call = server.Call();
        await call.OpenAsync("c");
        server.Service<CallFactory>().BeforeAnswer = () => throw new BrokenStateException();
        await call.SendAsync(Say.Final(1, "secret"));
        Refused refused = await Refused.ByAsync(call);
        Assert.Equal(StatusCode.Internal, refused.Code);
        Assert.Equal("INTERNAL", refused.Reason);
        Assert.Equal("internal error", refused.Message);
        Assert.Contains(server.Log.Lines, line => line.Contains(nameof(BrokenStateException), StringComparison.Ordinal));
        Assert.DoesNotContain(server.Log.Lines, line => line.Contains("secret", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Rubbish_IsInvalid()
    {
        await using TestServer server = await TestServer.StartAsync();
        var method = new Method<byte[], byte[]>(
            MethodType.DuplexStreaming, "retentionscore.v1.ScoringService", "ScoreCall", Marshallers.Create(b => b, b => b), Marshallers.Create(b => b, b => b));
        using var call = server.Channel.CreateCallInvoker().AsyncDuplexStreamingCall(method, null, default);
        await call.RequestStream.WriteAsync([0xff, 0xff, 0xff]).Within();
        RpcException exception = await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext(CancellationToken.None).Within());
        Refused refused = Refused.From(exception);
        Assert.Equal(StatusCode.InvalidArgument, refused.Code);
        Assert.Equal("INVALID_MESSAGE", refused.Reason);
    }

    [Theory]
    [InlineData("ScoreTranscript")]
    [InlineData("GetServerInfo")]
    public async Task RubbishBeforeTheHandler_IsInvalid(string name)
    {
        await using TestServer server = await TestServer.StartAsync();
        var method = new Method<byte[], byte[]>(
            MethodType.Unary, "retentionscore.v1.ScoringService", name, Marshallers.Create(b => b, b => b), Marshallers.Create(b => b, b => b));
        using var call = server.Channel.CreateCallInvoker().AsyncUnaryCall(method, null, default, [0xff, 0xff, 0xff]);
        Refused refused = Refused.From(await Assert.ThrowsAsync<RpcException>(() => call.ResponseAsync.Within()));
        Assert.Equal(("INVALID_MESSAGE", "message"), (refused.Reason, refused.Metadata["field"]));
        Assert.DoesNotContain("value", refused.Metadata.Keys);
    }

    [Theory]
    [InlineData("ScoreCall", new byte[] { 7, 0, 0, 0, 0 })]
    [InlineData("ScoreCall", new byte[] { 1, 0, 0, 0, 1, 0 })]
    [InlineData("ScoreCall", new byte[] { 0, 0, 0, 0, 9, 1 })]
    [InlineData("ScoreCall", new byte[] { 0, 0 })]
    [InlineData("ScoreTranscript", new byte[] { 7, 0, 0, 0, 0 })]
    [InlineData("ScoreTranscript", new byte[] { 0, 0, 0, 0, 9, 1 })]
    [InlineData("GetServerInfo", new byte[] { 0, 0 })]
    public async Task BrokenFrame_IsInvalid(string method, byte[] body)
    {
        await using TestServer server = await TestServer.StartAsync();
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(server.Address, "/retentionscore.v1.ScoringService/" + method))
        {
            Version = new Version(2, 0),
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent(body),
        };
        request.Content.Headers.ContentType = new("application/grpc");
        request.Headers.TE.ParseAdd("trailers");
        using HttpResponseMessage response = await http.SendAsync(request).Within();
        await response.Content.ReadAsByteArrayAsync().Within();
        // A method of one request has sent nothing yet: trailers only, which are headers.
        var end = response.Headers.Concat(response.TrailingHeaders).ToDictionary(header => header.Key, header => header.Value.Single(), StringComparer.Ordinal);
        Assert.Equal("3", end["grpc-status"]);
        Assert.Contains("frame", end["grpc-message"], StringComparison.Ordinal);
        Assert.NotEmpty(end["grpc-status-details-bin"]);
    }

    [Fact]
    public async Task MessageOverTheSizeLimit_IsInvalid_AndTheCallLivesOn()
    {
        await using TestServer server = await TestServer.StartAsync(options => options with { Limits = options.Limits with { MaxMessageBytes = 1024 } });
        using (TestCall call = server.Call())
        {
            await call.OpenAsync("c");
            await call.SendAsync(Say.Final(1, new string('a', 2000)));
            // RESOURCE_EXHAUSTED of the stack would be tried again for ever.
            Refused refused = await Refused.ByAsync(call);
            Assert.Equal(StatusCode.InvalidArgument, refused.Code);
            Assert.Equal("INVALID_MESSAGE", refused.Reason);
            Assert.Equal("message", refused.Metadata["field"]);
            Assert.Equal("1024 bytes or less", refused.Metadata["limit"]);
        }

        using TestCall again = server.Call();
        Assert.Equal(1u, (await again.OpenAsync("c", attempt: 1)).NextSeq);
    }

    [Fact]
    public async Task TranscriptOverTheSizeLimit_IsInvalid()
    {
        await using TestServer server = await TestServer.StartAsync(options => options with { Limits = options.Limits with { MaxMessageBytes = 1024 } });
        var request = new ScoreTranscriptRequest { Start = new CallStart { CallId = "c" }, Messages = { new ScoreCallRequest { Utterance = Say.Final(1, new string('a', 2000)) } } };
        using var call = server.Client.ScoreTranscript(request);
        Refused refused = Refused.From(await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext(CancellationToken.None).Within()));
        Assert.Equal(StatusCode.InvalidArgument, refused.Code);
        Assert.Equal(("INVALID_MESSAGE", "message", "1024 bytes or less"), (refused.Reason, refused.Metadata["field"], refused.Metadata["limit"]));
    }

    private sealed class BrokenStateException() : Exception("quotes a secret");
}
