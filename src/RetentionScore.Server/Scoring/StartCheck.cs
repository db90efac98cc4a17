using System.Globalization;
using RetentionScore.Core.Calls;
using RetentionScore.Core.Policy;
using RetentionScore.Server.Scoring.Wire;
using RetentionScore.Server.Security;

namespace RetentionScore.Server.Scoring;

/// <summary>What a start may say. Stateless.</summary>
internal static class StartCheck
{
    private const int MaxCallIdChars = 128;
    private const int MaxLanguageChars = 64;
    private const string CallIdLimit = "1 to 128 visible ASCII characters";

    /// <summary>What must hold of every start, also where a call is attached to. Null where all is well; its tenant is then the one that is meant.</summary>
    /// <param name="start">The start.</param>
    /// <param name="caller">Who sends it.</param>
    /// <param name="routedId">The call-id header that a proxy went by; null where there was none.</param>
    internal static Refusal? Check(V1.CallStart start, Caller caller, string? routedId)
    {
        if (start.CallId.Length is 0 or > MaxCallIdChars)
            return Refusal.Invalid("start.call_id", start.CallId, CallIdLimit, $"{start.CallId.Length} characters long");
        foreach (char c in start.CallId)
        {
            if (c is <= ' ' or > '~')
                return Refusal.Invalid("start.call_id", start.CallId, CallIdLimit, $"with the character U+{(int)c:X4}");
        }

        if (routedId is not null && !string.Equals(routedId, start.CallId, StringComparison.Ordinal))
            return Refusal.Invalid("start.call_id", start.CallId, "the same as the metadata's call-id");
        if (start.Attempt > long.MaxValue)
            return Refusal.Invalid("start.attempt", start.Attempt.ToString(CultureInfo.InvariantCulture), $"{long.MaxValue} or less");
        Refusal? foreign = caller.SpeakFor(start.Tenant, out string tenant);
        start.Tenant = tenant;
        return foreign;
    }

    /// <summary>What must hold besides where a call is created. Null where all is well.</summary>
    internal static Refusal? CheckNew(V1.CallStart start, PolicySet policies, out RetentionPolicy policy, out CallContext context)
    {
        policy = RetentionPolicy.Default;
        context = CallMessages.Read(start.Context, out ContextName? tooLong);
        if (tooLong is { } name) return Refusal.Invalid($"start.context.{name.Name}", name.Value, $"{CallMessages.MaxNameChars} characters or less", $"{name.Value.Length} characters long");
        if (!IsLanguageTag(start.Language)) return Refusal.Invalid("start.language", start.Language, "BCP-47, such as en-US");
        if (policies.Find(start.Policy) is { } found)
        {
            policy = found;
            return null;
        }

        // What a client sends is not echoed at any length.
        string named = start.Policy.Length > 64 ? start.Policy[..64] : start.Policy;
        return new Refusal(RefusalReason.UnknownPolicy, $"start.policy '{named}' is none of {string.Join(", ", policies.Names)}")
        {
            Field = "start.policy",
            Value = named,
            Limit = string.Join(", ", policies.Names),
        };
    }

    /// <summary>Whether there is a model for the language.</summary>
    internal static bool IsEvaluated(string language) =>
        language.Length == 0 || language.StartsWith("en", StringComparison.OrdinalIgnoreCase) && (language.Length == 2 || language[2] == '-');

    private static bool IsLanguageTag(string language)
    {
        if (language.Length == 0) return true;
        if (language.Length > MaxLanguageChars) return false;
        string[] subtags = language.Split('-');
        return subtags[0].Length is >= 1 and <= 8 && subtags[0].All(char.IsAsciiLetter)
            && subtags.All(subtag => subtag.Length is >= 1 and <= 8 && subtag.All(char.IsAsciiLetterOrDigit));
    }
}
