using System.Collections.Concurrent;

namespace RetentionScore.Client.Tests;

/// <summary>Clients with short times, and what they told.</summary>
internal static class TestClient
{
    internal static readonly ScoringClientOptions Quick = new()
    {
        SendLimit = TimeSpan.FromSeconds(5),
        FirstBackOff = TimeSpan.FromMilliseconds(10),
        LongestBackOff = TimeSpan.FromMilliseconds(200),
        OpenLimit = TimeSpan.FromSeconds(2),
        AnswerLimit = TimeSpan.FromSeconds(2),
    };

    internal static ScoringClient Of(Uri address, Func<ScoringClientOptions, ScoringClientOptions>? options = null) => new([address], options?.Invoke(Quick) ?? Quick);

    internal static async Task<List<ScoreUpdate>> AllAsync(this IAsyncEnumerable<ScoreUpdate> updates)
    {
        var all = new List<ScoreUpdate>();
        await foreach (ScoreUpdate update in updates) all.Add(update);
        return all;
    }

    internal static ConcurrentQueue<CallNoticeEventArgs> Notices(this ScoredCall call)
    {
        var notices = new ConcurrentQueue<CallNoticeEventArgs>();
        call.Noticed += (_, notice) => notices.Enqueue(notice);
        return notices;
    }

    internal static ConcurrentQueue<(RecommendationChange Change, string Id)> Changes(this ScoredCall call)
    {
        var changes = new ConcurrentQueue<(RecommendationChange, string)>();
        call.RecommendationChanged += (_, change) => changes.Enqueue((change.Change, change.Recommendation.Id));
        return changes;
    }
}
