using RetentionScore.Core.Dialogue;
using RetentionScore.Core.Policy;
using RetentionScore.Core.Risk;

namespace RetentionScore.Core.Tests.Scenarios;

/// <summary>Every rule has a scenario whose golden scores change without it.</summary>
public class CoverageTests
{
    private static readonly IReadOnlyList<Play> Plays = [.. ScenarioFile.All().Select(f => Play.Of(ScenarioFile.Load(f)))];

    [Fact]
    public void EveryTerm_OfEveryScore_MovesSomeScenario()
    {
        var moved = Plays.SelectMany(p => p.MovedTerms).ToHashSet();
        string[] idle = [.. RiskModel.All.SelectMany(m => m.Terms.Select(t => $"{m.Score} {Features.Name(t.Feature)}")).Distinct().Where(t => !moved.Contains(t))];
        Assert.True(idle.Length == 0, string.Join(", ", idle));
    }

    [Fact]
    public void EveryReason_IsRaisedInSomeScenario()
    {
        var raised = Plays.SelectMany(p => p.RaisedReasons).ToHashSet(StringComparer.Ordinal);
        string[] idle = [.. Enumerable.Range(1, Reasons.Count - 1).Select(r => Reasons.Name((Reason)r)).Where(r => !raised.Contains(r))];
        Assert.True(idle.Length == 0, string.Join(", ", idle));
    }

    [Fact]
    public void EverySignal_IsHeardInSomeScenario()
    {
        var heard = Plays.SelectMany(p => p.HeardSignals).ToHashSet();
        var idle = Enumerable.Range(1, (int)Core.Signals.Signal.AsksToRepeat).Select(i => (Core.Signals.Signal)i).Where(s => !heard.Contains(s)).ToArray();
        Assert.True(idle.Length == 0, string.Join(", ", idle));
    }
}
