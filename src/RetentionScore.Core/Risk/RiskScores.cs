namespace RetentionScore.Core.Risk;

/// <summary>The scores, in the order of the wire contract.</summary>
public enum Score : byte
{
    /// <summary>That the ending of the call is bad, as docs/labels.md says.</summary>
    Overall,
    /// <summary>That the customer, asked now, would say that he wants to end it.</summary>
    CancelIntent,
    /// <summary>That three of five readers would call the customer dissatisfied now.</summary>
    Frustration,
    /// <summary>That the agent is holding the customer back: conduct, never emotion.</summary>
    RetentionPressure,
    /// <summary>That within six turns the customer escalates.</summary>
    Escalation,
    /// <summary>That the call goes public, to a regulator or to a lawyer.</summary>
    Exposure,
    /// <summary>That an offer made now would be accepted.</summary>
    SaveLikelihood,
}

/// <summary>Probabilities, 0 to 1.</summary>
public record struct RiskScores
{
    /// <summary>See <see cref="Score.Overall"/>.</summary>
    public float Overall;
    /// <summary>With doubtful evidence counted against the score.</summary>
    public float OverallLow;
    /// <summary>With doubtful evidence counted for it.</summary>
    public float OverallHigh;
    /// <summary>See <see cref="Score.CancelIntent"/>.</summary>
    public float CancelIntent;
    /// <summary>See <see cref="Score.Frustration"/>.</summary>
    public float Frustration;
    /// <summary>See <see cref="Score.RetentionPressure"/>.</summary>
    public float RetentionPressure;
    /// <summary>See <see cref="Score.Escalation"/>.</summary>
    public float Escalation;
    /// <summary>See <see cref="Score.Exposure"/>.</summary>
    public float Exposure;
    /// <summary>See <see cref="Score.SaveLikelihood"/>.</summary>
    public float SaveLikelihood;
}

/// <summary>Bands of <see cref="RiskScores.Overall"/>. Values are those of the wire contract.</summary>
public enum RiskBand : byte
{
    /// <summary>Nothing was evaluated yet.</summary>
    Unspecified = 0,
    /// <summary>An ordinary call.</summary>
    Low = 1,
    /// <summary>Worth a look afterwards.</summary>
    Elevated = 2,
    /// <summary>Worth a supervisor's ear.</summary>
    High = 3,
    /// <summary>Worth a supervisor's voice.</summary>
    Critical = 4,
}
