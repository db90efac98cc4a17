using System.Threading.Channels;
using RetentionScore.V1;

namespace RetentionScore.Client;

/// <summary>
/// Raises a call's events, one at a time, beside its loop: a handler that takes long holds up other handlers, never the call. Recommendations are told as
/// the difference between what is shown and what is to be shown now, so what came and went in between is not told at all, and nothing piles up.
/// Notices wait in a bounded queue that drops its oldest.
/// </summary>
internal sealed class CallEvents(object sender)
{
    private const int MaxNotices = 256;

    private readonly Signal signal = new();
    private readonly Lock gate = new();
    private readonly Channel<CallNoticeEventArgs> notices = Channel.CreateBounded<CallNoticeEventArgs>(
        new BoundedChannelOptions(MaxNotices) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });

    private readonly List<Recommendation> told = [];
    private volatile StrongBox listed = new([]);
    private volatile bool isOver;
    private EventHandler<RecommendationEventArgs>? recommendationChanged;
    private EventHandler<CallNoticeEventArgs>? noticed;

    /// <summary>A handler that comes late is told what stands.</summary>
    internal event EventHandler<RecommendationEventArgs> RecommendationChanged
    {
        add
        {
            lock (gate) recommendationChanged += value;
            signal.Set();
        }

        remove
        {
            lock (gate) recommendationChanged -= value;
        }
    }

    /// <summary>A handler that comes late is told the notices that still wait.</summary>
    internal event EventHandler<CallNoticeEventArgs> Noticed
    {
        add
        {
            lock (gate) noticed += value;
            signal.Set();
        }

        remove
        {
            lock (gate) noticed -= value;
        }
    }

    /// <summary>What the server lists has changed. Safe for any thread, as the others are.</summary>
    internal void Tell(StandingRecommendations standing)
    {
        listed = new StrongBox(standing.Listed);
        signal.Set();
    }

    internal void Tell(CallNoticeEventArgs notice)
    {
        notices.Writer.TryWrite(notice);
        signal.Set();
    }

    /// <summary>Nothing more will come; <see cref="RunAsync"/> ends when all is told.</summary>
    internal void Close()
    {
        isOver = true;
        signal.Set();
    }

    internal async Task RunAsync()
    {
        bool isLast;
        do
        {
            await signal.WaitAsync().ConfigureAwait(false);
            isLast = isOver;
            TellNotices();
            TellRecommendations();
        }
        while (!isLast);
    }

    private void TellNotices()
    {
        EventHandler<CallNoticeEventArgs>? handler;
        lock (gate) handler = noticed;
        if (handler is null) return;
        while (notices.Reader.TryRead(out CallNoticeEventArgs? notice))
        {
            try
            {
                handler(sender, notice);
            }
            catch (Exception) when (notice.Notice == CallNotice.HandlerFailed)
            {
                // It cannot take its own failure.
            }
            catch (Exception exception)
            {
                Tell(new CallNoticeEventArgs { Notice = CallNotice.HandlerFailed, Exception = exception });
            }
        }
    }

    private void TellRecommendations()
    {
        EventHandler<RecommendationEventArgs>? handler;
        lock (gate) handler = recommendationChanged;
        if (handler is null) return;
        var now = listed.Value;
        for (int i = told.Count - 1; i >= 0; i--)
        {
            Recommendation shown = told[i];
            ListedRecommendation is_ = now.FirstOrDefault(entry => string.Equals(entry.Recommendation.Id, shown.Id, StringComparison.Ordinal));
            if (is_.IsOpen) continue;
            told.RemoveAt(i);
            Raise(handler, RecommendationChange.Gone, is_.Recommendation ?? shown);
        }

        foreach ((Recommendation recommendation, bool isOpen) in now)
        {
            if (!isOpen) continue;
            int at = told.FindIndex(shown => string.Equals(shown.Id, recommendation.Id, StringComparison.Ordinal));
            if (at < 0)
            {
                told.Add(recommendation);
                Raise(handler, RecommendationChange.New, recommendation);
            }
            else if (!LooksLike(told[at], recommendation))
            {
                told[at] = recommendation;
                Raise(handler, RecommendationChange.Changed, recommendation);
            }
        }
    }

    private void Raise(EventHandler<RecommendationEventArgs> handler, RecommendationChange change, Recommendation recommendation)
    {
        try
        {
            handler(sender, new RecommendationEventArgs { Change = change, Recommendation = recommendation });
        }
        catch (Exception exception)
        {
            Tell(new CallNoticeEventArgs { Notice = CallNotice.HandlerFailed, Exception = exception });
        }
    }

    /// <summary>New and standing look the same.</summary>
    private static bool LooksLike(Recommendation one, Recommendation other) =>
        ReferenceEquals(one, other) || new Recommendation(one) { State = default }.Equals(new Recommendation(other) { State = default });

    /// <summary>An immutable array is a struct; its reference is swapped whole.</summary>
    private sealed record StrongBox(System.Collections.Immutable.ImmutableArray<ListedRecommendation> Value);
}
