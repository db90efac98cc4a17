using System.Diagnostics;
using System.Globalization;
using RetentionScore.Client;
using RetentionScore.LoadTests.Calls;
using RetentionScore.V1;

namespace RetentionScore.LoadTests.Sdk;

/// <summary>One call after another through the SDK, each message sent when it is due whatever became of those before. For one task.</summary>
internal sealed class SdkLane(int number, ScoringClient client, CallScript[] scripts, double nsPerCallMs, SdkTally tally)
{
    private static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(60), ReadLimit = TimeSpan.FromSeconds(5);

    private readonly List<(uint Seq, long Due)> awaited = [];
    private readonly HashSet<string> nodes = new(StringComparer.Ordinal);

    /// <summary>Plays calls until it is time; the last one is ended early, and waited for.</summary>
    /// <param name="from">When its first call begins, as of <see cref="Stopwatch"/>.</param>
    /// <param name="until">When it is time.</param>
    internal async Task RunAsync(long from, long until)
    {
        long at = from;
        for (int round = 0; at < until; round++)
        {
            await UntilAsync(at);
            CallScript script = scripts[(number + round) % scripts.Length];
            at = await PlayAsync(script, $"sdk-{tally.Record.RunId}-{number}-{round}", at, until) + (long)(CallScript.PauseMs * nsPerCallMs);
        }
    }

    private async Task<long> PlayAsync(CallScript script, string id, long at, long until)
    {
        long said = 0;
        nodes.Clear();
        await using ScoredCall call = await client.StartCallAsync(id);
        var sends = new List<Task>();
        Task reading = ReadAsync(call, at);
        foreach (ScriptMessage message in script.Messages)
        {
            at += (long)(message.GapMs * nsPerCallMs);
            if (at >= until) break;
            ScoreCallRequest request = ScoreCallRequest.Parser.ParseFrom(message.Request);
            if (request.MessageCase != ScoreCallRequest.MessageOneofCase.Utterance || request.Utterance.CorrectsSeq > 0 || request.Utterance.Interim) continue;
            await UntilAsync(at);
            request.Utterance.UtteranceId = said++.ToString(CultureInfo.InvariantCulture);
            sends.Add(SendAsync(call, request.Utterance, at));
        }

        long ended = Stopwatch.GetTimestamp();
        EndResult end = await call.EndAsync(Disposition.Resolved, EndLimit);
        await Task.WhenAll(sends);
        await reading.WaitAsync(ReadLimit).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        lock (awaited)
        {
            foreach (var (_, due) in awaited) tally.Unanswered(due);
            awaited.Clear();
        }

        if (end.Summary is { } summary) tally.Finished(ended, said, summary.Utterances, call.Status.Breaks, nodes.Count);
        else tally.Fail($"a call ended without its summary: {end.Refusal?.ToString() ?? "in time"}");
        if (call.Status is { Lost: > 0 } or { HistoryLost: true }) tally.Fail("a call lost messages or history");
        return at;
    }

    /// <summary>Sends without waiting. While a stream is open the answer completes the sending; else it comes with the updates, after the break.</summary>
    private async Task SendAsync(ScoredCall call, Utterance utterance, long due)
    {
        ValueTask<SendResult> sending = call.SendAsync(utterance);
        tally.Sent(due, Stopwatch.GetTimestamp());
        SendResult result = await sending;
        if (result.Outcome == SendOutcome.Answered) tally.Answered(due);
        else if (result.Outcome is not (SendOutcome.Kept or SendOutcome.Sent)) tally.Fail($"a message was not taken: {result.Outcome}");
        else
        {
            lock (awaited) awaited.Add((result.Seq, due));
            Answered(call);
        }
    }

    private async Task ReadAsync(ScoredCall call, long due)
    {
        bool isOpen = false;
        await foreach (ScoreUpdate _ in call.Updates())
        {
            if (call.Status.Opened is { } opened && nodes.Add(opened.Node) && !isOpen)
            {
                isOpen = true;
                tally.Opened(due);
            }

            Answered(call);
        }
    }

    /// <summary>Takes what has been answered, or was counted before a break, from what is awaited.</summary>
    private void Answered(ScoredCall call)
    {
        uint upTo = call.Status.AnsweredSeq;
        lock (awaited)
        {
            foreach (var (_, due) in awaited.Where(one => one.Seq <= upTo)) tally.Answered(due);
            awaited.RemoveAll(one => one.Seq <= upTo);
        }
    }

    private static async Task UntilAsync(long at)
    {
        TimeSpan wait = Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), at);
        if (wait > TimeSpan.Zero) await Task.Delay(wait);
    }
}
