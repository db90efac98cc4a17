namespace Grpc.Wire;

/// <summary>The value of a <c>-bin</c> header: base64, sent without padding, read with or without.</summary>
internal static class BinaryValue
{
    internal static string Encode(ReadOnlySpan<byte> bytes) => Convert.ToBase64String(bytes).TrimEnd('=');

    internal static bool TryDecode(ReadOnlySpan<char> text, out byte[] bytes)
    {
        bytes = [];
        text = text.Trim().TrimEnd('=');
        if (text.Length % 4 == 1) return false;
        var padded = new char[(text.Length + 3) / 4 * 4];
        padded.AsSpan().Fill('=');
        text.CopyTo(padded);
        var decoded = new byte[padded.Length / 4 * 3];
        if (!Convert.TryFromBase64Chars(padded, decoded, out var count)) return false;
        bytes = decoded.AsSpan(0, count).ToArray();
        return true;
    }
}
