using System.Net;
using System.Net.Sockets;
using Google.Protobuf;
using Grpc.Core;

namespace RetentionScore.Server.Tests.Overload;

/// <summary>Clients that mean harm, over real sockets: what they hold is given back, and everybody else is served. Measures memory, so it runs alone.</summary>
[Collection(Alone.Name)]
public sealed class HostileTests
{
    private const string ScoreCall = "/retentionscore.v1.ScoringService/ScoreCall";
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(1);

    /// <summary>The HTTP/2 preface and an empty SETTINGS frame.</summary>
    private static readonly byte[] Hello = [.. "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8, 0, 0, 0, 4, 0, 0, 0, 0, 0];

    /// <summary>A HEADERS frame of stream 1 that says ":method: POST" and that more headers follow.</summary>
    private static readonly byte[] HalfOfHeaders = [0, 0, 1, 1, 0, 0, 0, 0, 1, 0x83];

    private static Task<TestServer> StartAsync(Func<Options.CallOptions, Options.CallOptions> calls) => TestServer.StartAsync(options => options with { Calls = calls(options.Calls) });

    [Fact]
    public async Task HeadersThatDoNotEnd_CostTheConnection()
    {
        await using TestServer server = await StartAsync(calls => calls with { FirstMessage = Soon });
        using TestCall call = server.Call();
        await call.OpenAsync("c");
        using TcpClient client = await ConnectAsync(server, [.. Hello, .. HalfOfHeaders]);
        await AssertClosedAsync(client);
        await call.SayAsync(1, "still here");
    }

    [Fact]
    public async Task IdleConnections_AreClosed()
    {
        await using TestServer server = await StartAsync(calls => calls with { IdleTimeout = Soon });
        var clients = new List<TcpClient>();
        for (int i = 0; i < 200; i++) clients.Add(await ConnectAsync(server, i % 2 == 0 ? [] : Hello));
        await Task.WhenAll(clients.Select(AssertClosedAsync));
        clients.ForEach(client => client.Dispose());
        using TestCall call = server.Call();
        await call.OpenAsync("c");
    }

    [Fact]
    public async Task StreamsWithoutAStart_EndIdle_AndNothingIsLeft()
    {
        await using TestServer server = await StartAsync(calls => calls with { FirstMessage = Soon });
        TestCall[] calls = [.. Enumerable.Range(0, 500).Select(_ => server.Call())];
        await Task.WhenAll(calls.Select(call => call.Raw.ResponseHeadersAsync)).Within();
        Refused[] ends = await Task.WhenAll(calls.Select(Refused.ByAsync)).Within();
        Assert.All(ends, end => Assert.Equal(("IDLE", "first_message_s"), (end.Reason, end.Metadata["field"])));
        await Waiting.UntilAsync(() => server.Service<Calls.OpenStreams>().IsEmpty);
        Assert.Contains("retentionscore_live_calls 0\n", await server.Ops.GetStringAsync("/metrics").Within(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task MessageThatDribbles_EndsIdle()
    {
        await using TestServer server = await StartAsync(calls => calls with { IdleTimeout = 2 * Soon });
        using var http = new HttpClient();
        using var stopped = new CancellationTokenSource();
        byte[] start = Framed(new ScoreCallRequest { Start = new CallStart { CallId = "c", ResumeFrom = 1 } });
        using HttpRequestMessage request = Request(server, new PushedContent(async body =>
        {
            await body.WriteAsync(start, stopped.Token);
            await body.WriteAsync(new byte[] { 0, 0, 0x10, 0, 0 }, stopped.Token); // a megabyte is to follow
            while (!stopped.IsCancellationRequested)
            {
                await body.WriteAsync(new byte[] { 0 }, stopped.Token);
                await body.FlushAsync(stopped.Token);
                await Task.Delay(50, stopped.Token);
            }
        }));
        using HttpResponseMessage response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead).Within();
        await response.Content.ReadAsByteArrayAsync().Within();
        Assert.Equal("4", response.TrailingHeaders.GetValues("grpc-status").Single());
        await stopped.CancelAsync();
    }

    [Fact]
    public async Task MillionTinyMessages_LeaveNothingBehind()
    {
        const int Million = 1_000_000;
        await using TestServer server = await TestServer.StartAsync();
        using var http = new HttpClient();
        byte[] start = Framed(new ScoreCallRequest { Start = new CallStart { CallId = "c", ResumeFrom = 1 } });
        byte[] empty = new byte[5 * 10_000]; // ten thousand frames without a message
        long before = GC.GetTotalMemory(forceFullCollection: true);
        using (HttpRequestMessage request = Request(server, new PushedContent(async body =>
        {
            await body.WriteAsync(start);
            for (int sent = 0; sent < Million; sent += 10_000) await body.WriteAsync(empty);
        })))
        {
            using HttpResponseMessage response = await http.SendAsync(request).WaitAsync(TimeSpan.FromSeconds(60));
            Assert.Equal("0", response.TrailingHeaders.GetValues("grpc-status").Single());
        }

        long after = GC.GetTotalMemory(forceFullCollection: true);
        Assert.True(after - before < 16 * 1024 * 1024, $"{(after - before) / 1024} KiB");
        using TestCall call = server.Call();
        Assert.Equal(1u, (await call.OpenAsync("c", attempt: 1)).NextSeq);
    }

    [Fact]
    public async Task HugeMetadata_IsRefused_AndOthersGoOn()
    {
        await using TestServer server = await TestServer.StartAsync();
        using TestCall call = server.Call();
        await call.OpenAsync("c");
        foreach (Metadata huge in (Metadata[])[new() { { "huge", new string('h', 100_000) } }, [.. Enumerable.Range(0, 200).Select(i => new Metadata.Entry($"k{i}", "v"))]])
        {
            using var channel = global::Grpc.Net.Client.GrpcChannel.ForAddress(server.Address);
            using var other = new TestCall(new ScoringService.ScoringServiceClient(channel).ScoreCall(huge));
            await Assert.ThrowsAnyAsync<RpcException>(async () =>
            {
                await other.SendAsync(new CallStart { CallId = "d", ResumeFrom = 1 });
                await other.ReadAsync();
            });
        }

        await call.SayAsync(1, "still here");
    }

    [Fact]
    public async Task ClientsThatNeverRead_LeaveNothingBehind()
    {
        await using TestServer server = await StartAsync(calls => calls with { SlowConsumer = Soon });
        long before = GC.GetTotalMemory(forceFullCollection: true);
        var channels = Enumerable.Range(0, 4).Select(_ => global::Grpc.Net.Client.GrpcChannel.ForAddress(server.Address)).ToList();
        var calls = Enumerable.Range(0, 64).Select(i => new TestCall(new ScoringService.ScoringServiceClient(channels[i % 4]).ScoreCall())).ToList();
        for (int i = 0; i < calls.Count; i++)
        {
            await calls[i].OpenAsync(new CallStart { CallId = $"{i}", ResumeFrom = 1, Explain = true });
            for (uint seq = 1; seq <= 100; seq++) await calls[i].SendAsync(Say.Final(seq, "I want to cancel my service, I am very unhappy."));
        }

        await Waiting.UntilAsync(() => server.Service<Calls.OpenStreams>().IsEmpty);
        await Task.Delay(1.5 * Soon);
        calls.ForEach(call => call.Dispose());
        channels.ForEach(channel => channel.Dispose());
        long after = GC.GetTotalMemory(forceFullCollection: true);
        // 64 calls live on, at most 6 KiB each; the rest is Kestrel's and HttpClient's pools.
        Assert.True(after - before < 16 * 1024 * 1024, $"{(after - before) / 1024} KiB");
    }

    private static async Task<TcpClient> ConnectAsync(TestServer server, byte[] bytes)
    {
        var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, server.Address.Port).Within();
        await client.GetStream().WriteAsync(bytes).AsTask().Within();
        return client;
    }

    private static async Task AssertClosedAsync(TcpClient client)
    {
        var buffer = new byte[256];
        try
        {
            while (await client.GetStream().ReadAsync(buffer).AsTask().Within() > 0)
            {
            }
        }
        catch (IOException)
        {
            // Reset: closed, too.
        }
    }

    private static HttpRequestMessage Request(TestServer server, HttpContent content)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, new Uri(server.Address, ScoreCall))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = content,
        };
        content.Headers.ContentType = new("application/grpc");
        request.Headers.TE.ParseAdd("trailers");
        return request;
    }

    private static byte[] Framed(IMessage message)
    {
        byte[] payload = message.ToByteArray();
        return [0, 0, 0, 0, (byte)payload.Length, .. payload];
    }

    private sealed class PushedContent(Func<Stream, Task> write) : HttpContent
    {
        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            try
            {
                await write(stream);
            }
            catch (OperationCanceledException)
            {
                // The test is over.
            }
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
