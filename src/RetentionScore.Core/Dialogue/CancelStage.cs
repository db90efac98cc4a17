namespace RetentionScore.Core.Dialogue;

/// <summary>How far a request to leave has come. Values are those of the wire contract.</summary>
public enum CancelStage : byte
{
    /// <summary>Nothing was evaluated yet.</summary>
    Unspecified = 0,
    /// <summary>Nobody spoke of leaving.</summary>
    None = 1,
    /// <summary>The customer considers or threatens it.</summary>
    Hinted = 2,
    /// <summary>The customer asked for it.</summary>
    Requested = 3,
    /// <summary>The customer had to ask again.</summary>
    Repeated = 4,
    /// <summary>The agent said that it will be done, or began it.</summary>
    Acknowledged = 5,
    /// <summary>It is done, or booked with a date or number.</summary>
    Confirmed = 6,
    /// <summary>The customer took it back.</summary>
    Withdrawn = 7,
}
