namespace RetentionScore.Core.Calls;

/// <summary>What the platform knows of a call before anyone speaks. Ids are pseudonyms; null is unknown.</summary>
public sealed record CallContext
{
    /// <summary>Nothing is known.</summary>
    public static readonly CallContext Empty = new();

    /// <summary>The agent who holds the call; another one starts with whys and turns of his own.</summary>
    public string? AgentId { get; init; }

    /// <summary>The queue the call came through.</summary>
    public string? Queue { get; init; }

    /// <summary>Chooses the policy's save-attempt limit, e.g. "US-CA".</summary>
    public string? Jurisdiction { get; init; }

    /// <summary>The customer, for erasure.</summary>
    public string? CustomerId { get; init; }

    /// <summary>How long the customer has been one.</summary>
    public uint? TenureMonths { get; init; }

    /// <summary>Earlier contacts on any matter.</summary>
    public uint? ContactsLast30Days { get; init; }

    /// <summary>Followers on public networks.</summary>
    public uint? Audience { get; init; }

    /// <summary>This context with everything that <paramref name="change"/> sets put in its place.</summary>
    public CallContext Merge(CallContext change) => new()
    {
        AgentId = change.AgentId ?? AgentId,
        Queue = change.Queue ?? Queue,
        Jurisdiction = change.Jurisdiction ?? Jurisdiction,
        CustomerId = change.CustomerId ?? CustomerId,
        TenureMonths = change.TenureMonths ?? TenureMonths,
        ContactsLast30Days = change.ContactsLast30Days ?? ContactsLast30Days,
        Audience = change.Audience ?? Audience,
    };
}
