using Grpc.Core;

namespace RetentionScore.Server.Tests.Trunk;

/// <summary>One trunk, driven step by step; answers are handed out by channel, in their order.</summary>
internal sealed class TestTrunk(AsyncDuplexStreamingCall<ScoreCallsRequest, ScoreCallsResponse> trunk) : IDisposable
{
    private readonly Dictionary<uint, Queue<CallReply>> unread = [];

    internal AsyncDuplexStreamingCall<ScoreCallsRequest, ScoreCallsResponse> Raw => trunk;

    /// <summary>How often the server said that it drains.</summary>
    internal List<V1.Draining> Draining { get; } = [];

    /// <summary>Of each response: how many replies it had.</summary>
    internal List<int> Batches { get; } = [];

    /// <summary>The channels of all replies, in the order they came.</summary>
    internal List<uint> Order { get; } = [];

    internal static CallRequest On(uint channel, CallStart start) => new() { Channel = channel, Request = new ScoreCallRequest { Start = start } };

    internal static CallRequest On(uint channel, Utterance utterance) => new() { Channel = channel, Request = new ScoreCallRequest { Utterance = utterance } };

    internal static CallRequest On(uint channel, CallEnd end) => new() { Channel = channel, Request = new ScoreCallRequest { End = end } };

    internal static CallRequest On(uint channel, Heartbeat heartbeat) => new() { Channel = channel, Request = new ScoreCallRequest { Heartbeat = heartbeat } };

    internal Task SendAsync(params IEnumerable<CallRequest> requests) => trunk.RequestStream.WriteAsync(new ScoreCallsRequest { Requests = { requests } }).Within();

    internal Task HalfCloseAsync() => trunk.RequestStream.CompleteAsync().Within();

    /// <summary>The next reply on a channel.</summary>
    internal async Task<CallReply> ReadAsync(uint channel)
    {
        while (true)
        {
            if (unread.TryGetValue(channel, out Queue<CallReply>? replies) && replies.TryDequeue(out CallReply? reply)) return reply;
            Assert.True(await PumpAsync(), "the trunk ended");
        }
    }

    internal async Task<ScoreCallResponse> ResponseAsync(uint channel)
    {
        CallReply reply = await ReadAsync(channel);
        Assert.True(reply.OutcomeCase == CallReply.OutcomeOneofCase.Response, $"{reply}");
        return reply.Response;
    }

    internal async Task<CallError> ErrorAsync(uint channel)
    {
        CallReply reply = await ReadAsync(channel);
        Assert.True(reply.OutcomeCase == CallReply.OutcomeOneofCase.Error, $"{reply}");
        return reply.Error;
    }

    internal async Task<CallOpened> OpenAsync(uint channel, string id, uint resumeFrom = 1, ulong attempt = 0)
    {
        await SendAsync(On(channel, new CallStart { CallId = id, ResumeFrom = resumeFrom, Attempt = attempt }));
        ScoreCallResponse response = await ResponseAsync(channel);
        Assert.Equal(ScoreCallResponse.MessageOneofCase.Opened, response.MessageCase);
        return response.Opened;
    }

    internal async Task<ScoreUpdate> UpdateAsync(uint channel)
    {
        ScoreCallResponse response = await ResponseAsync(channel);
        Assert.True(response.MessageCase == ScoreCallResponse.MessageOneofCase.Update, $"{response}");
        return response.Update;
    }

    internal async Task<ScoreUpdate> SayAsync(uint channel, uint seq, string text, Speaker speaker = Speaker.Customer)
    {
        await SendAsync(On(channel, Say.Final(seq, text, speaker)));
        return await UpdateAsync(channel);
    }

    internal async Task<CallSummary> EndAsync(uint channel, uint seq)
    {
        await SendAsync(On(channel, new CallEnd { Seq = seq, Disposition = Disposition.Cancelled }));
        ScoreCallResponse response = await ResponseAsync(channel);
        Assert.Equal(ScoreCallResponse.MessageOneofCase.Summary, response.MessageCase);
        return response.Summary;
    }

    /// <summary>Nothing on this channel waits to be read, and nothing comes before an answer on another.</summary>
    internal bool HasNothing(uint channel) => !unread.TryGetValue(channel, out Queue<CallReply>? replies) || replies.Count == 0;

    /// <summary>The status that the trunk ends with, whatever comes before.</summary>
    internal async Task<RpcException> FailureAsync() => await Assert.ThrowsAsync<RpcException>(async () =>
    {
        while (await PumpAsync())
        {
        }
    });

    internal async Task<Refused> RefusedAsync() => Refused.From(await FailureAsync());

    /// <summary>Reads to an end with OK.</summary>
    internal async Task DrainAsync()
    {
        while (await PumpAsync())
        {
        }
    }

    internal async Task<bool> PumpAsync()
    {
        if (!await trunk.ResponseStream.MoveNext(CancellationToken.None).Within()) return false;
        ScoreCallsResponse response = trunk.ResponseStream.Current;
        if (response.Draining is not null) Draining.Add(response.Draining);
        if (response.Replies.Count > 0) Batches.Add(response.Replies.Count);
        foreach (CallReply reply in response.Replies)
        {
            Order.Add(reply.Channel);
            if (!unread.TryGetValue(reply.Channel, out Queue<CallReply>? replies)) unread[reply.Channel] = replies = new Queue<CallReply>();
            replies.Enqueue(reply);
        }

        return true;
    }

    public void Dispose() => trunk.Dispose();
}
