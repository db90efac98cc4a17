using RetentionScore.Core.Dialogue;

namespace RetentionScore.Core.Risk;

/// <summary>What is known of the customer before anyone speaks, as features: typed, capped, its weight visible.</summary>
/// <param name="TenureYears">Years as a customer.</param>
/// <param name="Contacts">Contacts in the last 30 days.</param>
/// <param name="AudiencePowers">Powers of ten of the audience above 100, at most 5.</param>
public readonly record struct PriorFeatures(double TenureYears, double Contacts, double AudiencePowers)
{
    /// <summary>Reads what a platform told; unknown is 0.</summary>
    public static PriorFeatures Of(uint? tenureMonths, uint? contacts, uint? audience)
    {
        int powers = 0;
        for (uint reach = audience ?? 0; reach >= 1000 && powers < 5; reach /= 10) powers++;
        return new PriorFeatures((tenureMonths ?? 0) / 12.0, contacts ?? 0, powers);
    }
}

/// <summary>Writes the state of a dialogue as a row of features.</summary>
internal static class FeatureRow
{
    private const double FirstAttempt = 0.5;

    public static void Fill(in DialogueState s, in PriorFeatures prior, Span<double> row)
    {
        double scale = s.FactScale;
        row[(int)Feature.Prior] = 1;
        for (Feature f = Feature.WhyAfterRefusal; f < Features.FirstMood; f++) row[(int)f] = s.Facts[(int)f];
        for (Feature f = Feature.WhyAfterRefusal; f <= Feature.Repeat; f++) row[(int)f] *= scale;
        row[(int)Feature.Overdue] = s.IsOverdue ? 1 : 0;
        row[(int)Feature.UnacknowledgedMinutes] = s.OverdueMs / 60_000.0;
        row[(int)Feature.Hinted] = s.Stage == CancelStage.Hinted ? 1 : 0;
        row[(int)Feature.Requested] = s.IsOpen || s.Stage == CancelStage.Confirmed ? 1 : 0;
        row[(int)Feature.Confirmed] = s.Stage == CancelStage.Confirmed ? 1 : 0;
        row[(int)Feature.Withdrawn] = s.Stage == CancelStage.Withdrawn ? 1 : 0;
        row[(int)Feature.OffersRefused] = s.OffersRefused ? 1 : 0;
        row[(int)Feature.ReasonRefused] = Math.Min((int)s.ReasonDeclined, 1);
        row[(int)Feature.PriceReason] = s.Reason == ReasonCode.Price ? 1 : 0;
        row[(int)Feature.LifeEvent] = Math.Min(row[(int)Feature.LifeEvent], 1);
        row[(int)Feature.Leaning] = s.IsOpen || s.Stage == CancelStage.Confirmed ? 0 : s.Leaning;
        // One attempt that is respected is no holding back.
        row[(int)Feature.HeldBack] = Math.Max(0, s.HeldBack - FirstAttempt) * scale;
        for (Feature f = Features.FirstMood; f <= Feature.Silence; f++) row[(int)f] = s.Mood(f);
        row[(int)Feature.Tenure] = prior.TenureYears;
        row[(int)Feature.Contacts] = prior.Contacts;
        row[(int)Feature.Audience] = prior.AudiencePowers;
    }
}
