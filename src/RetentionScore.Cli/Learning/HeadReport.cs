using RetentionScore.Core;
using RetentionScore.Core.Signals;

namespace RetentionScore.Cli.Learning;

/// <summary>What cross-validation says of one signal: on our own labelled turns, from where it is told, and how many ordinary turns it would flag.</summary>
internal sealed record HeadReport(
    string Side, string Signal, int Positives, int OwnPositives, double Penalty, double Slope, double ReferenceRate, double OwnAuc, double OwnPrecision,
    double OwnRecall, double OwnF1, double PhrasesF1, double OrdinaryFlagged)
{
    public static HeadReport Of(Speaker side, Signal signal, IReadOnlyList<Platt.Scored> scores, double slope, double offset, double rate, double penalty)
    {
        bool Over(Platt.Scored score) => score.ByPhrase || Logistic.Of((slope * score.LogOdds) + offset) >= EvidenceLine.Told;
        Platt.Scored[] own = [.. scores.Where(score => score.Own)], ordinary = [.. scores.Where(score => score.Ordinary && !score.Positive)];
        int positives = own.Count(score => score.Positive), hits = own.Count(score => score.Positive && Over(score)), flagged = own.Count(Over);
        return new HeadReport(
            side.ToString().ToLowerInvariant(), SignalCatalogue.Name(signal), scores.Count(score => score.Positive), positives, penalty, slope, rate,
            Metrics.Auc([.. own.Select(score => (score.LogOdds, score.Positive))]), (double)hits / Math.Max(1, flagged), (double)hits / Math.Max(1, positives),
            2.0 * hits / Math.Max(1, flagged + positives), 2.0 * own.Count(score => score.Positive && score.ByPhrase) / Math.Max(1, own.Count(score => score.ByPhrase) + positives),
            (double)ordinary.Count(Over) / Math.Max(1, ordinary.Length));
    }
}
