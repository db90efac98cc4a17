using System.Collections.Frozen;
using System.Reflection;
using Google.Protobuf.Reflection;

namespace RetentionScore.Cli.Calls;

/// <summary>The names that enum values have in protos/, without the prefix of their enum: HOLD_STARTED for CALL_EVENT_KIND_HOLD_STARTED. Safe for any thread.</summary>
internal static class ContractNames
{
    /// <summary>The value of that name, in any case, with or without its prefix; not UNSPECIFIED.</summary>
    public static bool TryParse<TEnum>(string name, out TEnum value)
        where TEnum : struct, Enum
    {
        string bare = name.StartsWith(Names<TEnum>.Prefix, StringComparison.OrdinalIgnoreCase) ? name[Names<TEnum>.Prefix.Length..] : name;
        return Names<TEnum>.ByName.TryGetValue(bare, out value) && Convert.ToInt32(value, null) != 0;
    }

    /// <summary>The name without its prefix; the number of a value that is not known.</summary>
    public static string Of<TEnum>(TEnum value)
        where TEnum : struct, Enum => Names<TEnum>.ByValue.GetValueOrDefault(value) ?? value.ToString();

    /// <summary>The name as one reads it: "process cancellation".</summary>
    public static string Spoken<TEnum>(TEnum value)
        where TEnum : struct, Enum => Of(value).Replace('_', ' ').ToLowerInvariant();

    /// <summary>All that may be said: "CUSTOMER, AGENT, SUPERVISOR or BOT".</summary>
    public static string Choice<TEnum>()
        where TEnum : struct, Enum
    {
        string[] names = [.. Enum.GetValues<TEnum>().Where(value => Convert.ToInt32(value, null) != 0).Select(Of)];
        return $"{string.Join(", ", names[..^1])} or {names[^1]}";
    }

    private static class Names<TEnum>
        where TEnum : struct, Enum
    {
        private static readonly (TEnum Value, string Name)[] Written = [.. typeof(TEnum).GetFields(BindingFlags.Public | BindingFlags.Static)
            .Select(field => ((TEnum)field.GetValue(null)!, field.GetCustomAttribute<OriginalNameAttribute>()!.Name))];

        public static readonly string Prefix = Written.First(value => Convert.ToInt32(value.Value, null) == 0).Name[..^"UNSPECIFIED".Length];

        public static readonly FrozenDictionary<TEnum, string> ByValue = Written.ToFrozenDictionary(value => value.Value, value => value.Name[Prefix.Length..]);

        public static readonly FrozenDictionary<string, TEnum> ByName =
            ByValue.ToFrozenDictionary(value => value.Value, value => value.Key, StringComparer.OrdinalIgnoreCase);
    }
}
