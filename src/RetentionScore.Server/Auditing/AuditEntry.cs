using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace RetentionScore.Server.Auditing;

/// <summary>
/// One line of the audit log: who did what with which call, and the hash of the line before, so that a line changed, taken out or put in breaks the chain.
/// Never what was said. Immutable.
/// </summary>
/// <param name="Number">1, 2, 3 … in a file.</param>
/// <param name="At">When, UTC.</param>
/// <param name="What">opened, attached, took_over, erased or erased_customer.</param>
/// <param name="Who">Name of the credential; of the user of the machine where it was done by a command.</param>
/// <param name="Tenant">Whose call.</param>
/// <param name="Call">The call; empty where it is about none.</param>
/// <param name="Node">Which node.</param>
/// <param name="Before">SHA-256 of the line before, hexadecimal; 64 zeros in the first.</param>
internal sealed record AuditEntry(
    [property: JsonPropertyName("n"), JsonPropertyOrder(0)] long Number,
    [property: JsonPropertyName("at"), JsonPropertyOrder(1)] DateTimeOffset At,
    [property: JsonPropertyName("what"), JsonPropertyOrder(2)] string What,
    [property: JsonPropertyName("who"), JsonPropertyOrder(3)] string Who,
    [property: JsonPropertyName("tenant"), JsonPropertyOrder(4)] string Tenant,
    [property: JsonPropertyName("call"), JsonPropertyOrder(5)] string Call,
    [property: JsonPropertyName("node"), JsonPropertyOrder(6)] string Node,
    [property: JsonPropertyName("before"), JsonPropertyOrder(7)] string Before)
{
    /// <summary>What stands before the first line.</summary>
    internal static readonly string Nothing = new('0', 64);

    private static readonly JsonSerializerOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The line, without its end.</summary>
    internal string Line() => JsonSerializer.Serialize(this, Json);

    /// <summary>What the next line carries of this one.</summary>
    internal static string HashOf(string line) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(line)));

    /// <summary>Reads a line; null where it is none.</summary>
    internal static AuditEntry? Read(string line)
    {
        try
        {
            return JsonSerializer.Deserialize<AuditEntry>(line, Json);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
