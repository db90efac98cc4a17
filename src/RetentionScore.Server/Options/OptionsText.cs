using System.Globalization;
using System.Net;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;

namespace RetentionScore.Server.Options;

/// <summary>Options as appsettings.json would have them, for people: times with units, addresses with ports, secrets masked.</summary>
public static partial class OptionsText
{
    private static readonly JsonSerializerOptions Json = new()
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        IgnoreReadOnlyProperties = true,
        Converters = { new Durations(), new EndPoints(), new JsonStringEnumConverter() },
    };

    /// <summary>All of it, in one section.</summary>
    public static string Write(ServerOptions options)
    {
        string text = new JsonObject { [OptionsSource.Root] = JsonSerializer.SerializeToNode(options, Json) }.ToJsonString(Json);
        return Header().Replace(Secret().Replace(text, "${name}=***"), "${name}***\"");
    }

    [GeneratedRegex("(?<name>password|pwd|passfile|ssl password)\\s*=\\s*([^;\"]*)", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Secret();

    [GeneratedRegex("(?<name>\"Headers\": \")[^\"]+\"", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Header();

    private sealed class Durations : JsonConverter<TimeSpan>
    {
        public override TimeSpan Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => throw new NotSupportedException();

        public override void Write(Utf8JsonWriter writer, TimeSpan value, JsonSerializerOptions options) => writer.WriteStringValue(
            value.TotalSeconds >= 1 || value == TimeSpan.Zero
                ? string.Create(CultureInfo.InvariantCulture, $"{value.TotalSeconds}s")
                : string.Create(CultureInfo.InvariantCulture, $"{value.TotalMilliseconds}ms"));
    }

    private sealed class EndPoints : JsonConverter<IPEndPoint>
    {
        public override IPEndPoint Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => throw new NotSupportedException();

        public override void Write(Utf8JsonWriter writer, IPEndPoint value, JsonSerializerOptions options) => writer.WriteStringValue(value.ToString());
    }
}
