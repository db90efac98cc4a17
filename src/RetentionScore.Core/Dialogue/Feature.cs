namespace RetentionScore.Core.Dialogue;

/// <summary>What the scores are sums of. Facts are counted and keep while a request is open; moods halve every 90 s of call time.</summary>
public enum Feature : byte
{
    /// <summary>The bias.</summary>
    Prior,

    /// <summary>Fact: whys after the customer declined to say.</summary>
    WhyAfterRefusal,
    /// <summary>Fact: whys after an answer, from the second.</summary>
    WhyAgain,
    /// <summary>Fact: unasked offers after a refusal of offers.</summary>
    OfferAfterRefusal,
    /// <summary>Fact: agent turns with a rebuttal or a boast after a request.</summary>
    Rebuttal,
    /// <summary>Fact: puttings off of an open request, from the second.</summary>
    PutOff,
    /// <summary>Fact: agent turns that refuse the request or make it depend on something.</summary>
    Blocked,
    /// <summary>Fact: unsolicited repeats of the request.</summary>
    Repeat,
    /// <summary>Fact: no acknowledgement in time; 0 or 1.</summary>
    Overdue,
    /// <summary>Fact: minutes without acknowledgement past the first half.</summary>
    UnacknowledgedMinutes,
    /// <summary>Fact: insults or mockery by the agent.</summary>
    Disrespect,

    /// <summary>Fact: the customer considers leaving; 0 or 1.</summary>
    Hinted,
    /// <summary>Fact: the customer asked to leave; 0 or 1.</summary>
    Requested,
    /// <summary>Fact: it was confirmed; 0 or 1.</summary>
    Confirmed,
    /// <summary>Fact: it was taken back; 0 or 1.</summary>
    Withdrawn,
    /// <summary>Fact: offers were refused; 0 or 1.</summary>
    OffersRefused,
    /// <summary>Fact: the reason was refused; 0 or 1.</summary>
    ReasonRefused,
    /// <summary>Fact: the customer asked what can be done for him; counted.</summary>
    OfferInvited,
    /// <summary>Fact: the reason is the price; 0 or 1.</summary>
    PriceReason,
    /// <summary>Fact: death, illness, separation, lost job; 0 or 1.</summary>
    LifeEvent,
    /// <summary>Fact: "I am recording this"; counted.</summary>
    Recording,
    /// <summary>Fact: post, press, review; counted.</summary>
    PublicThreat,
    /// <summary>Fact: lawyer, regulator, chargeback; counted.</summary>
    LegalThreat,
    /// <summary>Fact: not the first contact, in the customer's words; counted.</summary>
    RepeatContact,

    /// <summary>Belief: that the customer means to leave, from words that are not sure to say it; 0 to 1, while no request was heard.</summary>
    Leaning,
    /// <summary>Belief: turns in which the agent seems to hold the customer back, of those that are not counted as facts.</summary>
    HeldBack,

    /// <summary>Mood: dissatisfaction in the customer's words.</summary>
    Frustration,
    /// <summary>Mood: complaints.</summary>
    Complaint,
    /// <summary>Mood: asks for somebody else.</summary>
    EscalationAsked,
    /// <summary>Mood: threats of any kind.</summary>
    Threat,
    /// <summary>Mood: insults by the customer.</summary>
    Abuse,
    /// <summary>Mood: interruptions by the agent.</summary>
    Interruption,
    /// <summary>Mood: "as I said".</summary>
    RepeatsSelf,
    /// <summary>Mood: thanks by the customer.</summary>
    Gratitude,
    /// <summary>Mood: silence of the agent after a demand.</summary>
    Silence,

    /// <summary>Context: years as a customer.</summary>
    Tenure,
    /// <summary>Context: contacts in the last 30 days.</summary>
    Contacts,
    /// <summary>Context: powers of ten of the audience above 100.</summary>
    Audience,
}

/// <summary>How features are called where people read them.</summary>
public static class Features
{
    /// <summary>How many there are.</summary>
    public const int Count = (int)Feature.Audience + 1;

    /// <summary>The first mood; moods are consecutive.</summary>
    public const Feature FirstMood = Feature.Frustration;

    /// <summary>How many moods there are.</summary>
    public const int MoodCount = Feature.Silence - Feature.Frustration + 1;

    private static readonly string[] Names =
    [
        "prior", "asks_why", "asks_why", "save_offer", "rebuts", "stalls", "blocks_request", "cancel_request", "unacknowledged",
        "unacknowledged", "disrespect", "cancel_hint", "cancel_request", "confirms_cancellation", "withdraws_cancel",
        "declines_offer", "declines_reason", "invites_offer", "gives_reason", "life_event", "recording_notice", "public_threat", "legal_threat",
        "repeat_contact", "cancel_hint", "rebuts", "frustration", "complaint", "escalation_request", "threat", "abuse", "interruption", "repeats_self", "gratitude",
        "silence", "tenure", "contacts", "audience",
    ];

    private static readonly string[][] Notes = BuildNotes();

    /// <summary>The signal or feature name that evidence carries.</summary>
    public static string Name(Feature feature) => Names[(int)feature];

    /// <summary>One line for a person, e.g. "third why after a refusal".</summary>
    /// <param name="feature">Which.</param>
    /// <param name="count">How often, where it is counted.</param>
    public static string Note(Feature feature, double count)
    {
        string[] notes = Notes[(int)feature];
        return notes[Math.Clamp((int)count, 0, notes.Length - 1)];
    }

    private static string[][] BuildNotes()
    {
        string[] ordinals = ["", "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth"];
        var notes = new string[Count][];
        for (int i = 0; i < Count; i++) notes[i] = [Plain((Feature)i)];
        foreach (var (feature, words) in new (Feature, string)[]
        {
            (Feature.WhyAfterRefusal, "'why' after a refusal"), (Feature.OfferAfterRefusal, "offer after a refusal of offers"),
            (Feature.Rebuttal, "turn of the agent with a rebuttal or boast"), (Feature.Blocked, "turn that refuses or conditions the request"),
            (Feature.Repeat, "unsolicited repeat of the request"), (Feature.Recording, "notice of a recording"),
            (Feature.PublicThreat, "threat to go public"), (Feature.LegalThreat, "threat of law or regulator"), (Feature.Disrespect, "insult by the agent"),
        })
        {
            notes[(int)feature] = [.. ordinals.Select((o, n) => n == 0 ? words : o + " " + words)];
        }

        // These are counted from the second on.
        notes[(int)Feature.WhyAgain] = [.. ordinals.Skip(1).Select(o => o + " 'why' after an answer")];
        notes[(int)Feature.PutOff] = [.. ordinals.Skip(1).Select(o => o + " putting off of the request")];
        return notes;
    }

    private static string Plain(Feature feature) => feature switch
    {
        Feature.Prior => "what is known before anyone speaks",
        Feature.Overdue => "the request is not acknowledged in time",
        Feature.UnacknowledgedMinutes => "minutes without an acknowledgement",
        Feature.Hinted => "the customer considers leaving",
        Feature.Requested => "the customer asked to leave",
        Feature.Confirmed => "the cancellation is confirmed",
        Feature.Withdrawn => "the customer took it back",
        Feature.OffersRefused => "offers were refused",
        Feature.ReasonRefused => "the customer will not say why",
        Feature.OfferInvited => "the customer asks what can be done",
        Feature.PriceReason => "the reason is the price",
        Feature.LifeEvent => "a hard time in the customer's life",
        Feature.RepeatContact => "not the first contact",
        Feature.Leaning => "what was said may mean leaving",
        Feature.HeldBack => "the agent may be holding the customer back",
        Feature.Frustration => "dissatisfied words",
        Feature.Complaint => "a complaint",
        Feature.EscalationAsked => "asks for somebody else",
        Feature.Threat => "a threat",
        Feature.Abuse => "insults",
        Feature.Interruption => "the agent interrupts",
        Feature.RepeatsSelf => "has to say it again",
        Feature.Gratitude => "thanks",
        Feature.Silence => "silence after the request",
        Feature.Tenure => "years as a customer",
        Feature.Contacts => "contacts in the last 30 days",
        Feature.Audience => "people who listen to the customer",
        _ => feature.ToString(),
    };
}
