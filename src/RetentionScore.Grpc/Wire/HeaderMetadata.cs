using Grpc.Core;

namespace Grpc.Wire;

/// <summary>HTTP headers as metadata and back.</summary>
internal static class HeaderMetadata
{
    /// <summary>The text of an entry as it goes over the wire.</summary>
    internal static string ToHeaderValue(this Metadata.Entry entry) => entry.IsBinary ? BinaryValue.Encode(entry.Bytes) : entry.Value;

    /// <summary>
    /// Adds a header. Of a binary one, each comma-separated part is an entry; several of a text are joined with commas, as HTTP has it.
    /// </summary>
    /// <returns>False when a binary value is not base64; what could be read is added.</returns>
    internal static bool TryAddHeader(this Metadata metadata, string name, IEnumerable<string?> values)
    {
        if (!Metadata.Entry.IsKey(name)) return true;
        if (!Metadata.Entry.IsBinaryKey(name))
        {
            metadata.Add(name, string.Join(',', values));
            return true;
        }

        var isValid = true;
        foreach (var value in values)
        {
            foreach (var part in value.AsSpan().Split(','))
            {
                if (BinaryValue.TryDecode(value.AsSpan(part), out var bytes)) metadata.Add(name, bytes);
                else isValid = false;
            }
        }

        return isValid;
    }
}
