using System.Collections.Concurrent;
using RetentionScore.Client;
using RetentionScore.V1;

namespace RetentionScore.Chaos;

/// <summary>A platform on the SDK, on streams or on a trunk: says what there is to say and goes by what it is told.</summary>
internal sealed class SdkCaller(Func<CallStart, Task<ScoredCall>> start, Tally tally, TimeSpan endLimit)
{
    private static readonly TimeSpan LongestSend = TimeSpan.FromSeconds(2);

    /// <summary>One call from start to summary.</summary>
    /// <returns>The summary, if it was told to be durable.</returns>
    internal async Task<CallSummary?> RunAsync(CallScript script, int seed, double pace)
    {
        var random = new Random(seed);
        string id = script.Start.CallId;
        await using ScoredCall call = await start(script.Start);
        var shown = new ConcurrentDictionary<(string Id, int Expires), byte>();
        call.RecommendationChanged += (_, change) =>
        {
            if (change.Change != RecommendationChange.New) return;
            tally.Count("recommendations raised");
            if (!shown.TryAdd((change.Recommendation.Id, change.Recommendation.ExpiresAtMs), 0)) tally.Problem("noRecommendationTwice", $"{id}: {change.Recommendation}");
        };
        Task reading = ReadAsync(call, script);
        foreach (ScoreCallRequest message in script.Messages[..^1])
        {
            await Task.Delay((int)(random.Next(5, 250) * pace));
            if (message.Utterance is { } said && random.Next(4) == 0) await call.SendAsync(new Utterance(said) { Interim = true, CorrectsSeq = 0 });
            long from = Environment.TickCount64;
            SendResult sent = message.Utterance is { } utterance ? await call.SendAsync(utterance) : await call.SendAsync(message.Event);
            long took = Environment.TickCount64 - from;
            tally.Count("messages sent with the SDK");
            if (took > LongestSend.TotalMilliseconds) tally.Problem("noSendHoldsThePlatformUp", $"{id}: {took} ms");
            if (sent.Outcome is SendOutcome.Over or SendOutcome.Duplicate)
            {
                tally.Lose(id, 1, $"refused with {sent.Outcome}, {call.Status.Refusal}");
                return null;
            }

            if (sent.Seq != 0 && sent.Seq != Seq(message)) tally.Problem("everyCallAsInThePlainFold", $"{id}: seq {sent.Seq} instead of {Seq(message)}");
        }

        CallEnd end = script.Messages[^1].End;
        EndResult ended = await call.EndAsync(end.Disposition, endLimit, atMs: end.AtMs);
        CallStatus status = call.Status;
        if (ended.Summary is not { } summary)
        {
            tally.Lose(id, script.Utterances, $"no summary: {status.State}, answered {status.AnsweredSeq}, durable {status.DurableSeq}, kept {status.Kept}, last {status.Refusal}");
            return null;
        }

        await reading;
        if (status.HistoryLost || status.Lost > 0) tally.Lose(id, 1, "history lost, as the SDK says");
        tally.Count("breaks survived by the SDK", status.Breaks);
        tally.Check(script, summary);
        if (ended.IsDurable) return summary;
        tally.Count("summaries that did not become durable in time");
        return null;
    }

    private async Task ReadAsync(ScoredCall call, CallScript script)
    {
        uint last = 0;
        await foreach (ScoreUpdate update in call.Updates())
        {
            if (update.Interim || update.Seq == 0) continue;
            if (update.Seq <= last) tally.Problem("nothingCountedTwice", $"{call.CallId}: the update of seq {update.Seq} came behind that of {last}");
            last = update.Seq;
            tally.Check(script, update);
        }
    }

    private static uint Seq(ScoreCallRequest message) => message.Utterance?.Seq ?? message.Event.Seq;
}
