using RetentionScore.Core.Signals;
using RetentionScore.Core.Signals.Linear;

namespace RetentionScore.Cli.Learning;

/// <summary>
/// From which log-odds on the model tells of a signal that no phrase found: where F1 of both together is best on our own turns that were not learned from, but
/// never where more than a small share of ordinary turns would carry it. What starts or ends something in a call is told only where the model is sure.
/// </summary>
internal static class DecisionLine
{
    private const double MostOrdinary = 0.01;

    /// <summary>A wrong one of these costs a call its quiet, or an agent a prompt.</summary>
    private static readonly SignalSet Grave = SignalSet.Of(
        Signal.CancelRequest, Signal.CancelOther, Signal.CancelHint, Signal.InvitesOffer, Signal.WithdrawsCancel, Signal.DeclinesReason, Signal.DeclinesOffer,
        Signal.AcceptsOffer, Signal.Frustration, Signal.Abuse, Signal.PublicThreat, Signal.LegalThreat, Signal.RecordingNotice, Signal.EscalationRequest,
        Signal.RepeatContact, Signal.LifeEvent, Signal.AsksWhy, Signal.SaveOffer, Signal.Rebuts, Signal.Boasts, Signal.Stalls, Signal.BlocksRequest, Signal.AcknowledgesRequest, Signal.ConfirmsCancellation, Signal.Disrespect);

    /// <summary>The line, in calibrated log-odds.</summary>
    public static double Of(Signal signal, IReadOnlyList<Platt.Scored> scores, double slope, double offset)
    {
        double line = (slope * Best(scores)) + offset;
        return Grave.Has(signal) ? Math.Max(line, LearnedEvidence.Alone) : line;
    }

    private static double Best(IReadOnlyList<Platt.Scored> scores)
    {
        double[] ordinary = [.. scores.Where(s => s.Ordinary && !s.Positive).Select(s => s.LogOdds).OrderDescending()];
        int allowed = (int)(ordinary.Length * MostOrdinary);
        double least = ordinary.Length == 0 ? double.NegativeInfinity : ordinary[Math.Min(allowed, ordinary.Length - 1)];
        Platt.Scored[] own = [.. scores.Where(s => s.Own).OrderByDescending(s => s.LogOdds)];
        int positives = own.Count(s => s.Positive), called = own.Count(s => s.ByPhrase), hits = own.Count(s => s.ByPhrase && s.Positive);
        double line = own.Length == 0 ? 0 : own[0].LogOdds + 1, best = F1();
        for (int i = 0; i < own.Length && own[i].LogOdds > least; i++)
        {
            if (own[i].ByPhrase) continue;
            called++;
            hits += own[i].Positive ? 1 : 0;
            if (F1() <= best) continue;
            best = F1();
            line = i + 1 < own.Length ? (own[i].LogOdds + own[i + 1].LogOdds) / 2 : own[i].LogOdds;
        }

        return Math.Max(line, least);

        double F1() => 2.0 * hits / Math.Max(1, called + positives);
    }
}
