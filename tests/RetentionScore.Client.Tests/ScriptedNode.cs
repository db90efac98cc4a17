using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace RetentionScore.Client.Tests;

/// <summary>A bare gRPC server that does what a test says, stream by stream: for what the real one seldom does.</summary>
internal sealed class ScriptedNode : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly Script script;

    private ScriptedNode(WebApplication app, Script script)
    {
        this.app = app;
        this.script = script;
        Address = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
    }

    internal Uri Address { get; }

    /// <summary>The streams that came, in their order.</summary>
    internal ScriptedStream[] Streams => [.. script.Streams];

    /// <summary>Trunks that came. Each is answered as it should be, without a script.</summary>
    internal int Trunks => Volatile.Read(ref script.Trunks);

    /// <summary>Requests on them.</summary>
    internal int TrunkRequests => Volatile.Read(ref script.Requests);

    /// <summary>Messages in these.</summary>
    internal int TrunkMessages => Volatile.Read(ref script.Messages);

    /// <summary>Starts a server.</summary>
    /// <param name="streams">What each stream does; the last one does for all further ones.</param>
    internal static async Task<ScriptedNode> StartAsync(params Func<ScriptedStream, Task>[] streams)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2));
        var steps = new Script(streams);
        builder.Services.AddSingleton(steps);
        builder.Services.AddGrpc();
        WebApplication built = builder.Build();
        built.MapGrpcService<ScriptedService>();
        await built.StartAsync().Within();
        return new ScriptedNode(built, steps);
    }

    public async ValueTask DisposeAsync()
    {
        using var stop = new CancellationTokenSource(TimeSpan.FromSeconds(1));
        await app.StopAsync(stop.Token).Within();
        await app.DisposeAsync().Within();
    }

    internal sealed class Script(Func<ScriptedStream, Task>[] steps)
    {
        internal int Trunks;
        internal int Requests;
        internal int Messages;
        private int next;

        internal ConcurrentQueue<ScriptedStream> Streams { get; } = [];

        internal Func<ScriptedStream, Task> Next() => steps[Math.Min(Interlocked.Increment(ref next), steps.Length) - 1];
    }
}

/// <summary>The service: one object for each stream.</summary>
internal sealed class ScriptedService(ScriptedNode.Script script) : ScoringService.ScoringServiceBase
{
    public override async Task ScoreCall(
        IAsyncStreamReader<ScoreCallRequest> requestStream, IServerStreamWriter<ScoreCallResponse> responseStream, ServerCallContext context)
    {
        var stream = new ScriptedStream(requestStream, responseStream, context);
        Func<ScriptedStream, Task> step = script.Next();
        script.Streams.Enqueue(stream);
        await step(stream);
    }

    public override async Task ScoreCalls(
        IAsyncStreamReader<ScoreCallsRequest> requestStream, IServerStreamWriter<ScoreCallsResponse> responseStream, ServerCallContext context)
    {
        Interlocked.Increment(ref script.Trunks);
        while (await requestStream.MoveNext(CancellationToken.None))
        {
            Interlocked.Increment(ref script.Requests);
            var answers = new ScoreCallsResponse();
            foreach (CallRequest request in requestStream.Current.Requests)
            {
                Interlocked.Increment(ref script.Messages);
                var answer = new ScoreCallResponse();
                if (request.Request.Start is { } start) answer.Opened = new CallOpened { CallId = start.CallId, NextSeq = 1 };
                else if (request.Request.End is { } end) answer.Summary = new CallSummary { Utterances = end.Seq - 1 };
                else if (ScriptedStream.SeqOf(request.Request) is > 0 and var seq) answer.Update = new ScoreUpdate { Seq = seq, AsOfSeq = seq };
                else answer.Heartbeat = new HeartbeatReply();
                answers.Replies.Add(new CallReply { Channel = request.Channel, Response = answer });
            }

            await responseStream.WriteAsync(answers);
        }
    }
}

/// <summary>One stream of a scripted server.</summary>
internal sealed class ScriptedStream(IAsyncStreamReader<ScoreCallRequest> requests, IServerStreamWriter<ScoreCallResponse> responses, ServerCallContext context)
{
    internal long ArrivedAt { get; } = Environment.TickCount64;

    internal CallStart? Start { get; private set; }

    internal string? CallIdHeader => context.RequestHeaders.GetValue("call-id");

    /// <summary>What came, but the start.</summary>
    internal ConcurrentQueue<ScoreCallRequest> Received { get; } = [];

    internal IEnumerable<uint> Seqs => Received.Select(SeqOf).Where(seq => seq > 0);

    internal async Task<ScoreCallRequest?> ReadAsync()
    {
        if (!await requests.MoveNext(CancellationToken.None)) return null;
        ScoreCallRequest request = requests.Current;
        if (request.Start is not null) Start = request.Start;
        else Received.Enqueue(request);
        return request;
    }

    internal Task WriteAsync(ScoreCallResponse response) => responses.WriteAsync(response);

    internal Task WriteAsync(ScoreUpdate update) => WriteAsync(new ScoreCallResponse { Update = update });

    internal async Task OpenAsync(uint nextSeq = 0, Action<CallOpened>? with = null)
    {
        await ReadAsync();
        var opened = new CallOpened { CallId = Start!.CallId, NextSeq = nextSeq == 0 ? Math.Max(1, Start.ResumeFrom) : nextSeq };
        with?.Invoke(opened);
        await WriteAsync(new ScoreCallResponse { Opened = opened });
    }

    /// <summary>Answers so many messages, or all there are; heartbeats besides.</summary>
    internal async Task AnswerAsync(int count = int.MaxValue, Func<ScoreUpdate, ScoreUpdate>? with = null)
    {
        while (count > 0 && await ReadAsync() is { } request)
        {
            if (request.Heartbeat is null) count--;
            if (request.Heartbeat is not null) await WriteAsync(new ScoreCallResponse { Heartbeat = new HeartbeatReply() });
            else if (request.End is { } end) await WriteAsync(new ScoreCallResponse { Summary = new CallSummary { CallId = Start!.CallId, Utterances = end.Seq - 1 } });
            else if (SeqOf(request) is > 0 and var seq)
            {
                var update = new ScoreUpdate { Seq = seq, AsOfSeq = seq };
                await WriteAsync(with?.Invoke(update) ?? update);
            }
        }
    }

    /// <summary>Until the client leaves.</summary>
    internal async Task HoldAsync()
    {
        try
        {
            await Task.Delay(Waiting.Limit, context.CancellationToken);
        }
        catch (OperationCanceledException)
        {
            // It left.
        }
    }

    internal static Func<ScriptedStream, Task> Refuses(StatusCode code, string reason, TimeSpan? retryAfter = null, uint nextSeq = 0) => async stream =>
    {
        await stream.ReadAsync();
        throw Status(code, reason, retryAfter, nextSeq);
    };

    internal static RpcException Status(StatusCode code, string reason, TimeSpan? retryAfter = null, uint nextSeq = 0)
    {
        if (reason.Length == 0) return new RpcException(new Grpc.Core.Status(code, "of a proxy"));
        var info = new ErrorInfo { Domain = "retentionscore", Type = reason };
        if (nextSeq > 0) info.Metadata["next_seq"] = nextSeq.ToString(CultureInfo.InvariantCulture);
        var status = new Google.Rpc.Status { Code = (int)code, Message = reason, Details = { Any.Pack(info) } };
        if (retryAfter is { } wait) status.Details.Add(Any.Pack(new RetryInfo { RetryDelay = Duration.FromTimeSpan(wait) }));
        return new RpcException(new Grpc.Core.Status(code, reason), new Metadata { { "grpc-status-details-bin", status.ToByteArray() } });
    }

    internal static uint SeqOf(ScoreCallRequest request) => request.Utterance?.Seq ?? request.Event?.Seq ?? request.End?.Seq ?? 0;
}
