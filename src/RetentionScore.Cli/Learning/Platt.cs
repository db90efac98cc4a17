using RetentionScore.Cli.Calibrating;
using RetentionScore.Core.Signals;

namespace RetentionScore.Cli.Learning;

/// <summary>
/// Scale and offset of one signal, fitted on scores of examples that were not learned from (Platt 1999). They are weighted to be a mixture: our own
/// labelled turns are half of what is not said, ordinary turns the other half, and what is said is as frequent as the reference rate.
/// </summary>
internal static class Platt
{
    private const double LeastRate = 0.03, MostRate = 0.15, PullToOne = 0.1, LeastSlope = 0.05;

    /// <summary>
    /// How often a signal is taken to be said in ordinary service calls, a share of the turns of its side: as often as in our own labelled calls, of which a good part is ordinary, but
    /// threats hardly ever, a wish to leave in two of a hundred turns and what is said about it in three, dissatisfaction half as often.
    /// </summary>
    public static double ReferenceRate(Signal signal, double ownShare) => signal switch
    {
        Signal.PublicThreat or Signal.LegalThreat or Signal.RecordingNotice => 0.005,
        Signal.Abuse => 0.01,
        Signal.CancelRequest or Signal.CancelHint or Signal.CancelOther or Signal.WithdrawsCancel => 0.02,
        Signal.InvitesOffer or Signal.GivesReason or Signal.DeclinesReason or Signal.DeclinesOffer or Signal.AcceptsOffer or Signal.EscalationRequest or Signal.RepeatsSelf
            or Signal.RepeatContact or Signal.LifeEvent => LeastRate,
        Signal.Complaint or Signal.Frustration => Math.Clamp(ownShare / 2, LeastRate, MostRate),
        _ => Math.Clamp(ownShare, LeastRate, MostRate),
    };

    /// <summary>One score that was not learned from.</summary>
    /// <param name="LogOdds">Of the model.</param>
    /// <param name="Positive">Whether it is said.</param>
    /// <param name="Own">One of our own labelled turns.</param>
    /// <param name="Ordinary">An ordinary turn, most likely without it.</param>
    /// <param name="ByPhrase">Whether a phrase says it, whatever the model says.</param>
    public readonly record struct Scored(double LogOdds, bool Positive, bool Own, bool Ordinary, bool ByPhrase);

    /// <summary>Fits scale and offset.</summary>
    public static (double Slope, double Offset, double Rate) Fit(Signal signal, IReadOnlyList<Scored> scores)
    {
        bool ownPositives = scores.Count(s => s.Own && s.Positive) >= 20;
        Scored[] positives = [.. scores.Where(s => s.Positive && (s.Own || !ownPositives))];
        Scored[] hard = [.. scores.Where(s => !s.Positive && !s.Ordinary && (s.Own || !ownPositives))];
        Scored[] ordinary = [.. scores.Where(s => !s.Positive && s.Ordinary)];
        double rate = ReferenceRate(signal, (double)positives.Length / Math.Max(1, positives.Length + hard.Length));
        double total = positives.Length + hard.Length;
        var points = new List<(double LogOdds, double Target, double Weight)>();
        Add(positives, 1, total * rate);
        Add(hard, 0, total * (1 - rate) * (ordinary.Length > 0 ? 0.5 : 1));
        Add(ordinary, 0, total * (1 - rate) * 0.5);
        PlattFit fit = PlattFit.To(points, PullToOne);
        return (Math.Max(fit.Scale, LeastSlope), fit.Offset, rate);

        void Add(Scored[] from, double target, double weight)
        {
            foreach (Scored score in from) points.Add((score.LogOdds, target, weight / from.Length));
        }
    }
}
