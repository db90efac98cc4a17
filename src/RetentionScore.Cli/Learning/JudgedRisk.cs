using RetentionScore.Cli.Calibrating;
using RetentionScore.Server.Scoring;

namespace RetentionScore.Cli.Learning;

/// <summary>How a risk ranks calls against what readers answered, and whether it means what it says.</summary>
/// <param name="Set">"written" or "real".</param>
/// <param name="Score">The risk's name in the contract.</param>
/// <param name="Mark">After how much of the calls, per cent; null for all marks together.</param>
/// <param name="AucInterval">95%, drawn over calls.</param>
/// <param name="Reliability">All other figures.</param>
internal sealed record JudgedRisk(string Set, string Score, int? Mark, Bootstrap.Interval AucInterval, Reliability Reliability)
{
    /// <summary>A figure for each risk, and for each of its marks where both outcomes were seen.</summary>
    public static IEnumerable<JudgedRisk> Of(string set, IEnumerable<LabelledScore> calls, int seed)
    {
        foreach (IGrouping<Core.Risk.Score, LabelledScore> score in calls.GroupBy(one => one.Score).OrderBy(group => group.Key))
        {
            LabelledScore[] all = [.. score];
            string name = CalibrationFile.NameOf(score.Key);
            yield return Measure(set, name, null, all, seed);
            foreach (IGrouping<int, LabelledScore> mark in all.GroupBy(one => one.Mark).OrderBy(group => group.Key))
            {
                if (mark.Count() < all.Length && mark.DistinctBy(one => one.Outcome).Count() == 2) yield return Measure(set, name, mark.Key, [.. mark], seed);
            }
        }
    }

    private static JudgedRisk Measure(string set, string name, int? mark, LabelledScore[] sample, int seed)
    {
        var (interval, _) = Bootstrap.Run(Reliability.Pairs(sample), null, Bootstrap.Auc, [.. sample.Select(one => one.Call)], seed);
        return new JudgedRisk(set, name, mark, interval, Reliability.Of(sample));
    }
}
