using System.Collections.Immutable;
using RetentionScore.V1;

namespace RetentionScore.Client;

/// <summary>A recommendation that the server lists. Open while it is to be shown.</summary>
internal readonly record struct ListedRecommendation(Recommendation Recommendation, bool IsOpen);

/// <summary>
/// What the server lists at the moment, by id. What was fulfilled, withdrawn or has lapsed stays here, closed, for as long as it is listed, so that it
/// is not raised again. For one thread.
/// </summary>
internal sealed class StandingRecommendations
{
    /// <summary>In the server's order, the most urgent first.</summary>
    internal ImmutableArray<ListedRecommendation> Listed { get; private set; } = [];

    /// <summary>When the next one lapses, on the call's clock; null where none does.</summary>
    internal int? NextExpiryMs { get; private set; }

    /// <summary>Takes what an update lists: what has lapsed is listed again only where it was given a new life.</summary>
    internal void Update(IReadOnlyList<Recommendation> listed)
    {
        if (listed.Count == 0 && Listed.IsEmpty) return;
        var builder = ImmutableArray.CreateBuilder<ListedRecommendation>(listed.Count);
        foreach (Recommendation recommendation in listed)
        {
            bool isClosed = recommendation.State is RecommendationState.Fulfilled or RecommendationState.Withdrawn
                || Listed.Any(was => !was.IsOpen && IsSame(was.Recommendation, recommendation) && was.Recommendation.ExpiresAtMs == recommendation.ExpiresAtMs);
            builder.Add(new ListedRecommendation(recommendation, !isClosed));
        }

        Set(builder.MoveToImmutable());
    }

    /// <summary>Closes what has lapsed, where no server has said anything of it any more.</summary>
    /// <param name="nowMs">On the call's clock, as far as it was answered.</param>
    /// <returns>Whether something has.</returns>
    internal bool Lapse(int nowMs)
    {
        if (NextExpiryMs is not { } next || next >= nowMs) return false;
        Set([.. Listed.Select(listed => listed with { IsOpen = listed.IsOpen && !IsPast(listed.Recommendation, nowMs) })]);
        return true;
    }

    /// <summary>The call is over: nothing is to be shown.</summary>
    internal void Clear() => Set([]);

    private void Set(ImmutableArray<ListedRecommendation> listed)
    {
        Listed = listed;
        NextExpiryMs = null;
        foreach ((Recommendation recommendation, bool isOpen) in listed)
        {
            if (isOpen && recommendation.ExpiresAtMs > 0) NextExpiryMs = Math.Min(NextExpiryMs ?? int.MaxValue, recommendation.ExpiresAtMs);
        }
    }

    private static bool IsPast(Recommendation recommendation, int nowMs) => recommendation.ExpiresAtMs > 0 && recommendation.ExpiresAtMs < nowMs;

    private static bool IsSame(Recommendation one, Recommendation other) => string.Equals(one.Id, other.Id, StringComparison.Ordinal);
}
