using System.Text;
using RetentionScore.Core;
using RetentionScore.Core.Calls;
using RetentionScore.Core.Dialogue;
using RetentionScore.Core.Policy;

namespace RetentionScore.Server.Scoring.Wire;

/// <summary>An id or a name in a context.</summary>
internal readonly record struct ContextName(string Name, string Value);

/// <summary>
/// Messages of the wire contract as Core's values: the one mapping wire → Core. What cannot be taken is left out, and the caller flags it.
/// Stateless.
/// </summary>
internal static class CallMessages
{
    /// <summary>Of the ids and names in a context.</summary>
    internal const int MaxNameChars = 256;

    /// <summary>The highest seq and an action of two digits, with room.</summary>
    private const int MaxPromptIdBytes = 16;

    /// <summary>False for a speaker that is not said or not known: scored as neither side.</summary>
    internal static bool TryRead(V1.Speaker speaker, out Speaker read)
    {
        bool known = speaker is > V1.Speaker.Unspecified and <= V1.Speaker.Bot;
        read = known ? (Speaker)speaker : Speaker.Unspecified;
        return known;
    }

    /// <summary>False for a kind that is not said or not known: keeps its place and changes nothing.</summary>
    internal static bool TryRead(V1.CallEventKind kind, out CallEventKind read)
    {
        bool known = kind is > V1.CallEventKind.Unspecified and <= V1.CallEventKind.PromptDismissed;
        read = known ? (CallEventKind)kind : CallEventKind.Unspecified;
        return known;
    }

    /// <summary>False for a disposition that is not known; one that is not said is fine.</summary>
    internal static bool TryRead(V1.Disposition disposition, out Disposition read)
    {
        bool known = disposition is >= V1.Disposition.Unspecified and <= V1.Disposition.Dropped;
        read = known ? (Disposition)disposition : Disposition.Unspecified;
        return known;
    }

    /// <summary>False for a number that is no confidence; null in <paramref name="read"/> where it is not said, too.</summary>
    internal static bool TryReadConfidence(float? told, out float? read)
    {
        bool possible = told is null or (>= 0f and <= 1f); // not NaN
        read = possible ? told : null;
        return possible;
    }

    /// <summary>False for an id that is none of ours.</summary>
    internal static bool TryReadPrompt(ReadOnlySpan<byte> id, out PromptId read)
    {
        read = default;
        if (id.Length > MaxPromptIdBytes) return false;
        Span<char> text = stackalloc char[MaxPromptIdBytes];
        return PromptId.TryParse(text[..Encoding.UTF8.GetChars(id, text)], out read);
    }

    /// <summary>A context; names the first member that is too long, which is then left out.</summary>
    internal static CallContext Read(V1.CallContext? context, out ContextName? tooLong)
    {
        tooLong = null;
        if (context is null) return CallContext.Empty;
        return new CallContext
        {
            AgentId = Bounded(context.HasAgentId, context.AgentId, "agent_id", ref tooLong),
            Queue = Bounded(context.HasQueue, context.Queue, "queue", ref tooLong),
            Jurisdiction = Bounded(context.HasJurisdiction, context.Jurisdiction, "jurisdiction", ref tooLong),
            CustomerId = Bounded(context.HasCustomerId, context.CustomerId, "customer_id", ref tooLong),
            TenureMonths = context.HasTenureMonths ? context.TenureMonths : null,
            ContactsLast30Days = context.HasContactsLast30Days ? context.ContactsLast30Days : null,
            Audience = context.HasAudience ? context.Audience : null,
        };
    }

    private static string? Bounded(bool isSet, string value, string name, ref ContextName? tooLong)
    {
        if (!isSet) return null;
        if (value.Length <= MaxNameChars) return value;
        tooLong ??= new ContextName(name, value);
        return null;
    }
}
