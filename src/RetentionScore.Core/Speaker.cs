namespace RetentionScore.Core;

/// <summary>Who spoke. Values are those of the wire contract.</summary>
public enum Speaker : byte
{
    /// <summary>Not said: scored as neither side.</summary>
    Unspecified = 0,

    /// <summary>Several customers on a line are one customer.</summary>
    Customer = 1,

    /// <summary>The agent who holds the call.</summary>
    Agent = 2,

    /// <summary>Read as an agent, with conduct kept apart.</summary>
    Supervisor = 3,

    /// <summary>A voice bot: read as an agent only where it asks why or offers.</summary>
    Bot = 4,
}
