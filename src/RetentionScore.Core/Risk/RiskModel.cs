using RetentionScore.Core.Dialogue;

namespace RetentionScore.Core.Risk;

/// <summary>One term of a score.</summary>
/// <param name="Feature">Of what.</param>
/// <param name="Each">Log-odds for each unit; its sign is the sign of every contribution.</param>
/// <param name="Most">Bound of the term, in log-odds.</param>
public readonly record struct Term(Feature Feature, double Each, double Most);

/// <summary>A score as an additive model in log-odds: bias and bounded terms. What is told of it is calibrated (<see cref="Calibration"/>).</summary>
/// <param name="Score">Which.</param>
/// <param name="Bias">Log-odds of a call of which nothing is known.</param>
/// <param name="Terms">In the fixed order in which they are summed.</param>
public sealed record ScoreModel(Score Score, double Bias, Term[] Terms);

/// <summary>
/// The weights. Set by hand from the seeds of the scoring design; each has its reason in docs/how-it-scores.md. No labels stand behind them
/// yet: every score is an ordering, not a measured probability.
/// </summary>
public static class RiskModel
{
    /// <summary>All models, in the order of <see cref="Score"/>.</summary>
    public static readonly ScoreModel[] All =
    [
        new(Score.Overall, -2.197, // log-odds of one bad ending in ten
        [
            new(Feature.WhyAfterRefusal, 0.8, 2.4), new(Feature.WhyAgain, 0.5, 1.6), new(Feature.OfferAfterRefusal, 0.8, 2.4),
            new(Feature.Rebuttal, 0.4, 1.6), new(Feature.PutOff, 0.5, 1.6), new(Feature.Blocked, 0.8, 2.4), new(Feature.Repeat, 0.5, 2.5),
            new(Feature.Overdue, 0.5, 0.5), new(Feature.UnacknowledgedMinutes, 0.15, 1.5), new(Feature.HeldBack, 0.4, 1.6),
            new(Feature.Disrespect, 1.0, 2.0), new(Feature.Recording, 0.7, 1.0), new(Feature.RepeatContact, 0.2, 0.4),
            new(Feature.Frustration, 0.35, 1.0), new(Feature.Complaint, 0.15, 0.4), new(Feature.EscalationAsked, 0.35, 0.7),
            new(Feature.Threat, 0.8, 1.6), new(Feature.Abuse, 0.3, 0.7), new(Feature.Interruption, 0.3, 1.2), new(Feature.Silence, 0.2, 0.4),
            new(Feature.Gratitude, -0.1, 0.2), new(Feature.Confirmed, -0.8, 0.8), new(Feature.Withdrawn, -0.6, 0.6),
            new(Feature.Tenure, 0.02, 0.3), new(Feature.Contacts, 0.1, 0.4), new(Feature.Audience, 0.1, 0.5),
        ]),
        new(Score.CancelIntent, -3.5,
        [
            new(Feature.Leaning, 4.0, 4.0), new(Feature.Hinted, 2.5, 2.5), new(Feature.Requested, 5.5, 5.5), new(Feature.Repeat, 0.5, 1.0), new(Feature.OffersRefused, 0.5, 0.5),
            new(Feature.ReasonRefused, 0.3, 0.3), new(Feature.OfferInvited, -0.6, 1.2), new(Feature.Withdrawn, -5.0, 5.0),
            new(Feature.Frustration, 0.2, 0.5),
        ]),
        new(Score.Frustration, -3.2,
        [
            new(Feature.Frustration, 2.6, 4.0), new(Feature.Complaint, 0.8, 1.6), new(Feature.Abuse, 2.0, 3.0), new(Feature.EscalationAsked, 0.6, 1.0),
            new(Feature.Threat, 1.6, 2.4), new(Feature.RepeatsSelf, 1.0, 1.6), new(Feature.RepeatContact, 0.6, 1.0), new(Feature.Repeat, 0.4, 1.2),
            new(Feature.Interruption, 0.2, 0.6), new(Feature.Gratitude, -0.8, 1.2),
        ]),
        new(Score.RetentionPressure, -3.0,
        [
            new(Feature.WhyAfterRefusal, 1.3, 4.0), new(Feature.WhyAgain, 0.6, 3.0), new(Feature.OfferAfterRefusal, 1.2, 4.0),
            new(Feature.Rebuttal, 0.8, 4.0), new(Feature.PutOff, 0.7, 4.0), new(Feature.Blocked, 1.3, 3.0), new(Feature.Interruption, 0.7, 4.0),
            new(Feature.Repeat, 0.6, 4.0), new(Feature.Overdue, 0.7, 0.7), new(Feature.UnacknowledgedMinutes, 0.2, 1.5),
            new(Feature.HeldBack, 0.9, 3.5),
        ]),
        new(Score.Escalation, -3.4,
        [
            new(Feature.EscalationAsked, 1.6, 2.4), new(Feature.Threat, 1.4, 2.4), new(Feature.Abuse, 1.0, 2.0), new(Feature.Frustration, 0.7, 2.0),
            new(Feature.WhyAfterRefusal, 0.4, 1.2), new(Feature.WhyAgain, 0.3, 0.9), new(Feature.OfferAfterRefusal, 0.4, 1.2),
            new(Feature.Rebuttal, 0.2, 0.8), new(Feature.PutOff, 0.3, 0.9), new(Feature.Blocked, 0.6, 1.8), new(Feature.Repeat, 0.5, 2.0),
            new(Feature.Overdue, 0.3, 0.3), new(Feature.Interruption, 0.3, 0.9), new(Feature.RepeatsSelf, 0.4, 0.8), new(Feature.Recording, 0.8, 0.8),
            new(Feature.RepeatContact, 0.4, 0.8), new(Feature.HeldBack, 0.2, 0.8),
        ]),
        new(Score.Exposure, -4.2,
        [
            new(Feature.PublicThreat, 4.2, 5.0), new(Feature.LegalThreat, 3.6, 4.5), new(Feature.Recording, 2.4, 3.0),
            new(Feature.WhyAfterRefusal, 0.2, 0.6), new(Feature.Repeat, 0.2, 0.8), new(Feature.Blocked, 0.3, 0.6), new(Feature.Audience, 0.3, 1.5),
            new(Feature.Tenure, 0.02, 0.3), new(Feature.Contacts, 0.1, 0.4),
        ]),
        new(Score.SaveLikelihood, -1.4,
        [
            new(Feature.Hinted, 0.8, 0.8), new(Feature.OfferInvited, 1.8, 2.7), new(Feature.PriceReason, 0.9, 0.9), new(Feature.Requested, -0.3, 0.3),
            new(Feature.OffersRefused, -2.2, 2.2), new(Feature.ReasonRefused, -1.2, 1.2), new(Feature.Repeat, -0.8, 2.4), new(Feature.LifeEvent, -2.5, 2.5),
            new(Feature.Frustration, -0.3, 0.9), new(Feature.Threat, -0.6, 1.2), new(Feature.Confirmed, -2.0, 2.0), new(Feature.Withdrawn, -1.0, 1.0),
        ]),
    ];

    /// <summary>What a term adds, in log-odds.</summary>
    public static double Contribution(in Term term, double value)
    {
        double amount = term.Each * value;
        return term.Each >= 0 ? Math.Min(amount, term.Most) : Math.Max(amount, -term.Most);
    }

    /// <summary>The log-odds of a score for a row of features.</summary>
    /// <param name="model">The score's model.</param>
    /// <param name="features">One value for each <see cref="Feature"/>.</param>
    /// <param name="calibration">Of that score.</param>
    /// <param name="shift">Added to the prior: another base rate.</param>
    public static double LogOdds(ScoreModel model, ReadOnlySpan<double> features, Platt calibration, double shift)
    {
        double sum = model.Bias;
        foreach (ref readonly var term in model.Terms.AsSpan()) sum += Contribution(term, features[(int)term.Feature]);
        return calibration.Scale * sum + calibration.Offset + shift;
    }
}
