using System.Collections.Concurrent;
using System.Globalization;
using RetentionScore.Client;
using RetentionScore.V1;

namespace RetentionScore.Nodes;

/// <summary>One call of tests/calls played through the SDK, and what its client was told.</summary>
internal sealed class PlayedCall
{
    private readonly ConcurrentDictionary<uint, ScoreUpdate> updates = [];
    private readonly ConcurrentDictionary<string, int> raised = new(StringComparer.Ordinal);

    /// <summary>First answers by seq, without what may differ.</summary>
    internal IReadOnlyDictionary<uint, ScoreUpdate> Updates => updates;

    /// <summary>How often each recommendation was raised to whoever shows them.</summary>
    internal IReadOnlyDictionary<string, int> Raised => raised;

    internal CallSummary? Summary { get; private set; }

    internal CallStatus Status { get; private set; } = new();

    internal string Problem { get; private set; } = "";

    internal static async Task<PlayedCall> PlayAsync(
        Func<string, Task<ScoredCall>> start, string id, IReadOnlyList<(Speaker Speaker, string Text)> turns, TimeSpan pace, Action said)
    {
        var played = new PlayedCall();
        await using ScoredCall call = await start(id);
        call.RecommendationChanged += (_, change) =>
        {
            if (change.Change == RecommendationChange.New) played.raised.AddOrUpdate(change.Recommendation.Id, 1, static (_, times) => times + 1);
        };
        Task reading = played.ReadAsync(call);
        for (int i = 0; i < turns.Count; i++)
        {
            var (speaker, text) = turns[i];
            await call.SendAsync(new Utterance { Speaker = speaker, Text = text, StartMs = i * 4000, EndMs = i * 4000 + 3000, UtteranceId = i.ToString(CultureInfo.InvariantCulture) });
            said();
            await Task.Delay(pace);
        }

        // With a time of its own: one that has to wait would be given one by the client's clock, another by the server's, and moods fade by the millisecond.
        EndResult end = await call.EndAsync(Disposition.Resolved, TimeSpan.FromSeconds(20), atMs: turns.Count * 4000);
        played.Summary = end.Summary is null ? null : Bare(end.Summary);
        played.Problem = end.Refusal?.ToString() ?? "";
        await reading.WaitAsync(TimeSpan.FromSeconds(5)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        played.Status = call.Status;
        return played;
    }

    private static CallSummary Bare(CallSummary summary)
    {
        var bare = summary.Clone();
        bare.CallId = "";
        bare.Last = Bare(bare.Last);
        return bare;
    }

    private static ScoreUpdate Bare(ScoreUpdate update)
    {
        var bare = update.Clone();
        (bare.Latency, bare.DurableSeq) = (null, 0);
        bare.Degraded.Remove(Degradation.NotDurable);
        return bare;
    }

    private async Task ReadAsync(ScoredCall call)
    {
        await foreach (ScoreUpdate update in call.Updates())
        {
            // A duplicate is answered with the score as it stands, which is not the first answer to that seq.
            if (update.Seq != 0 && !update.Duplicate && !updates.TryAdd(update.Seq, Bare(update)) && !updates[update.Seq].Equals(Bare(update)))
                Problem = $"seq {update.Seq} was answered twice, and not the same";
        }
    }
}
