using System.Collections.Immutable;
using RetentionScore.Core.Risk;

namespace RetentionScore.Core.Policy;

/// <summary>A house's rules: bands, limits, wording. Immutable; a call keeps the one it began with.</summary>
public sealed record RetentionPolicy
{
    /// <summary>The rules that apply where none are named.</summary>
    public static readonly RetentionPolicy Default = new();

    /// <summary>The name a call asks for.</summary>
    public string Name { get; init; } = "default";

    /// <summary>Told to clients, journalled with calls.</summary>
    public string Version { get; init; } = "default-1";

    /// <summary>Share of bad endings among the calls that are scored, above 0 and below 1: a retention queue.</summary>
    public double PriorBadEnding { get; init; } = 0.10;

    /// <summary>Overall score from which a call is elevated.</summary>
    public double Elevated { get; init; } = 0.25;

    /// <summary>Overall score from which a call is high.</summary>
    public double High { get; init; } = 0.55;

    /// <summary>Overall score from which a call is critical.</summary>
    public double Critical { get; init; } = 0.80;

    /// <summary>How sums of evidence become probabilities.</summary>
    public Calibration Calibration { get; init; } = Calibration.Shipped;

    /// <summary>Save attempts in a call, 0 to 2. A house rule, not a statement of law.</summary>
    public int SaveAttempts { get; init; } = 1;

    /// <summary>Lower limits by jurisdiction, e.g. "US-CA"; never above <see cref="SaveAttempts"/>.</summary>
    public ImmutableSortedDictionary<string, int> SaveAttemptsByJurisdiction { get; init; } =
        ImmutableSortedDictionary.Create<string, int>(StringComparer.OrdinalIgnoreCase);

    /// <summary>Likelihood from which an offer is worth presenting, 0 to 1.</summary>
    public double OfferWorthwhile { get; init; } = 0.40;

    /// <summary>Whether the agent is prompted at all.</summary>
    public bool PromptAgent { get; init; } = true;

    /// <summary>The limit of save attempts where a call is.</summary>
    public int SaveLimit(string? jurisdiction)
    {
        int limit = Math.Clamp(SaveAttempts, 0, 2);
        return jurisdiction is not null && SaveAttemptsByJurisdiction.TryGetValue(jurisdiction, out int lower) ? Math.Clamp(lower, 0, limit) : limit;
    }

    /// <summary>What is added to the prior of the overall score: log-odds of <see cref="PriorBadEnding"/> above those of one in ten.</summary>
    internal double PriorShift => PriorBadEnding == 0.10 ? 0 : Logistic.LogOdds(PriorBadEnding) - Logistic.LogOdds(0.10);

    /// <summary>Wording that an agent or supervisor may use.</summary>
    internal static string Say(Reason reason) => reason switch
    {
        Reason.FirstRequest => "I've understood that you want to cancel, and I'll take care of it for you.",
        Reason.OfferWelcome => "There is one thing I could do for you, if you'd like to hear it.",
        Reason.ReasonDeclined => "You don't need to give a reason. (Reason code: declined)",
        Reason.WhyAskedAfterRefusal => "You don't have to tell me why. I'll go ahead with it.",
        Reason.WhyAskedAgain => "Thank you, I've noted your reason. I'll go ahead with it.",
        Reason.OfferAfterRefusal => "Of course, no offers. I'll go ahead with it.",
        Reason.RequestRepeated or Reason.SaveLimitExceeded or Reason.AcknowledgementOverdue =>
            "I'm processing your cancellation now. You'll have a confirmation in a moment.",
        Reason.ApologyDue => "I'm sorry that this took so long.",
        Reason.InterruptedTwice => "Please go on, I'm listening.",
        Reason.LongMonologue => "What would you like me to do?",
        Reason.InWritingDue => "I'll send you the confirmation in writing.",
        Reason.GoodbyeDue => "Thank you for having been with us. You're always welcome back.",
        Reason.PressureRising => "A request to cancel is being held up: please listen in.",
        Reason.CustomerEscalates => "The customer asks for somebody else: please listen in.",
        Reason.EndingBadly => "A request to cancel is being refused: please take over and let the customer go.",
        Reason.GoesPublic => "The customer says that this goes public, to a regulator or to a lawyer.",
        Reason.AgentAbused => "The agent was insulted: offer a break.",
        Reason.LongHold => "May we call you back instead of keeping you waiting?",
        _ => "",
    };
}
