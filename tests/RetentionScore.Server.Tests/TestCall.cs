using Grpc.Core;

namespace RetentionScore.Server.Tests;

/// <summary>One stream of a call, driven step by step.</summary>
internal sealed class TestCall(AsyncDuplexStreamingCall<ScoreCallRequest, ScoreCallResponse> call) : IDisposable
{
    internal AsyncDuplexStreamingCall<ScoreCallRequest, ScoreCallResponse> Raw => call;

    internal Task SendAsync(ScoreCallRequest request) => call.RequestStream.WriteAsync(request).Within();

    internal Task SendAsync(CallStart start) => SendAsync(new ScoreCallRequest { Start = start });

    internal Task SendAsync(Utterance utterance) => SendAsync(new ScoreCallRequest { Utterance = utterance });

    internal Task SendAsync(CallEvent callEvent) => SendAsync(new ScoreCallRequest { Event = callEvent });

    internal Task SendAsync(CallEnd end) => SendAsync(new ScoreCallRequest { End = end });

    internal Task HalfCloseAsync() => call.RequestStream.CompleteAsync().Within();

    internal async Task<ScoreCallResponse> ReadAsync()
    {
        Assert.True(await call.ResponseStream.MoveNext(CancellationToken.None).Within(), "the stream ended");
        return call.ResponseStream.Current;
    }

    internal async Task<CallOpened> OpenAsync(CallStart start)
    {
        await SendAsync(start);
        ScoreCallResponse response = await ReadAsync();
        Assert.Equal(ScoreCallResponse.MessageOneofCase.Opened, response.MessageCase);
        return response.Opened;
    }

    internal Task<CallOpened> OpenAsync(string id, uint resumeFrom = 1, ulong attempt = 0) =>
        OpenAsync(new CallStart { CallId = id, ResumeFrom = resumeFrom, Attempt = attempt });

    internal async Task<ScoreUpdate> UpdateAsync()
    {
        ScoreCallResponse response = await ReadAsync();
        Assert.Equal(ScoreCallResponse.MessageOneofCase.Update, response.MessageCase);
        return response.Update;
    }

    internal async Task<ScoreUpdate> SayAsync(uint seq, string text, Speaker speaker = Speaker.Customer)
    {
        await SendAsync(Say.Final(seq, text, speaker));
        return await UpdateAsync();
    }

    internal async Task<CallSummary> EndAsync(uint seq, Disposition disposition = Disposition.Cancelled)
    {
        await SendAsync(new CallEnd { Seq = seq, Disposition = disposition });
        ScoreCallResponse response = await ReadAsync();
        Assert.Equal(ScoreCallResponse.MessageOneofCase.Summary, response.MessageCase);
        return response.Summary;
    }

    /// <summary>The status that the stream ends with, whatever comes before.</summary>
    internal async Task<RpcException> FailureAsync() => await Assert.ThrowsAsync<RpcException>(async () =>
    {
        while (await call.ResponseStream.MoveNext(CancellationToken.None).Within())
        {
        }
    });

    /// <summary>Reads to an end with OK; returns what came.</summary>
    internal async Task<List<ScoreCallResponse>> RestAsync()
    {
        var rest = new List<ScoreCallResponse>();
        while (await call.ResponseStream.MoveNext(CancellationToken.None).Within()) rest.Add(call.ResponseStream.Current);
        return rest;
    }

    public void Dispose() => call.Dispose();
}

/// <summary>Messages as a recogniser with a clock would send them.</summary>
internal static class Say
{
    internal static Utterance Final(uint seq, string text, Speaker speaker = Speaker.Customer, string id = "") => new()
    {
        Seq = seq,
        Speaker = speaker,
        Text = text,
        StartMs = (int)seq * 3000,
        EndMs = (int)seq * 3000 + 2000,
        UtteranceId = id,
    };

    internal static Utterance Interim(string text, Speaker speaker = Speaker.Customer, int startMs = 3000) =>
        new() { Interim = true, Speaker = speaker, Text = text, StartMs = startMs, EndMs = startMs + 1000 };
}
