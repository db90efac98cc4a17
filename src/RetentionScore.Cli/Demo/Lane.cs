using RetentionScore.Cli.Calls;
using RetentionScore.Cli.Scoring;
using RetentionScore.V1;

namespace RetentionScore.Cli.Demo;

/// <summary>One call of the demo as it goes. Changed and read under the lock of its <see cref="Board"/>.</summary>
internal sealed class Lane(RecordedCall call, bool isFollowed)
{
    private readonly List<TimelineEntry> timeline = [];

    /// <summary>The call.</summary>
    public RecordedCall Call => call;

    /// <summary>Whether its words are shown.</summary>
    public bool IsFollowed => isFollowed;

    /// <summary>What it is about, in a few words.</summary>
    public string Title { get; } = call.Labels.GetValueOrDefault("title", call.Id);

    /// <summary>Line of business.</summary>
    public string Line { get; } = call.Labels.GetValueOrDefault("line", "");

    /// <summary>The call's clock; negative before it began.</summary>
    public int NowMs { get; private set; } = -1;

    /// <summary>The latest score; null before the first.</summary>
    public ScoreUpdate? Latest { get; private set; }

    /// <summary>The worst of it.</summary>
    public CallTally Tally { get; } = new();

    /// <summary>Set once the call has ended well.</summary>
    public CallSummary? Summary { get; private set; }

    /// <summary>Why it broke off; null unless it did.</summary>
    public string? Problem { get; private set; }

    /// <summary>Everything so far.</summary>
    public IReadOnlyList<TimelineEntry> Timeline => timeline;

    /// <summary>The first warning to the agent; null while there was none.</summary>
    public TimelineEntry? FirstWarning { get; private set; }

    /// <summary>When the supervisor was first alerted; null while that was not needed.</summary>
    public TimelineEntry? FirstAlert { get; private set; }

    /// <summary>When a break was first advised for the agent; null while none was.</summary>
    public TimelineEntry? FirstCare { get; private set; }

    /// <summary>Whether somebody was warned: an agent about conduct, or a supervisor.</summary>
    public bool IsCaught => FirstWarning is not null || FirstAlert is not null;

    /// <summary>What is recommended now, the most urgent first.</summary>
    public IEnumerable<Recommendation> InForce => Summary is not null || Latest is null
        ? []
        : Latest.Recommendations.Where(r => r.State is RecommendationState.New or RecommendationState.Standing);

    /// <summary>Takes an answer, and tells what there is to say of it.</summary>
    public IReadOnlyList<TimelineEntry> Take(Due due, ScoreUpdate update)
    {
        int from = timeline.Count;
        NowMs = due.DueMs;
        Latest = update;
        if (due.Request.Utterance is { } said) timeline.Add(new TimelineEntry(said.StartMs) { Said = said, Risk = update.Risk });
        else if (due.Request.Event is { Kind: not CallEventKind.Tick } happened) timeline.Add(new TimelineEntry(due.DueMs) { Happened = happened });
        foreach (Recommendation raised in Tally.Add(update)) timeline.Add(Advise(new TimelineEntry(due.DueMs) { Advised = raised }));
        foreach (Recommendation settled in update.Recommendations)
        {
            if (settled.State is RecommendationState.Fulfilled or RecommendationState.Withdrawn)
                timeline.Add(new TimelineEntry(due.DueMs) { Settled = settled });
        }

        return timeline[from..];
    }

    /// <summary>The call has ended, or broken off.</summary>
    public void End(CallSummary? summary, string? problem)
    {
        Summary = summary;
        Problem = problem;
    }

    private TimelineEntry Advise(TimelineEntry entry)
    {
        Recommendation advised = entry.Advised!;
        if (advised.Audience == Audience.Agent && advised.Severity >= Severity.Warning) FirstWarning ??= entry;
        // A break for an agent who was insulted is care, not an alarm.
        else if (advised.Action == RecommendedAction.GiveAgentBreak) FirstCare ??= entry;
        else if (advised.Audience == Audience.Supervisor) FirstAlert ??= entry;
        return entry;
    }
}
