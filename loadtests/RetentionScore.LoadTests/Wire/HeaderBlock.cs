using System.Globalization;
using System.Text;

namespace RetentionScore.LoadTests.Wire;

/// <summary>
/// Headers as HPACK (RFC 7541) without a dynamic table, which our SETTINGS forbid the server to use. A value in Huffman's code is not decoded:
/// Kestrel sends none. Stateless.
/// </summary>
internal static class HeaderBlock
{
    private const byte MethodPost = 0x83, SchemeHttp = 0x86, PathByName = 0x04, AuthorityByName = 0x01, NewName = 0x00;

    /// <summary>The request headers of a gRPC call.</summary>
    internal static byte[] Request(string authority, string path, string? name, string? value)
    {
        var block = new MemoryStream();
        block.WriteByte(MethodPost);
        block.WriteByte(SchemeHttp);
        block.WriteByte(PathByName);
        Text(block, path);
        block.WriteByte(AuthorityByName);
        Text(block, authority);
        Field(block, "content-type", "application/grpc");
        Field(block, "te", "trailers");
        Field(block, "user-agent", "retentionscore-load/1");
        if (name is not null) Field(block, name, value!);
        return block.ToArray();
    }

    /// <summary>grpc-status and grpc-message out of response headers or trailers; -1 where there is no status, -2 where it cannot be read.</summary>
    internal static (int Status, string Message) ReadStatus(ReadOnlySpan<byte> block)
    {
        int at = 0, status = -1;
        string message = "";
        try
        {
            while (at < block.Length)
            {
                byte first = block[at];
                if (first >= 0x80)
                {
                    Number(block, ref at, 7); // a whole field of the static table
                    continue;
                }

                if ((first & 0xe0) == 0x20)
                {
                    Number(block, ref at, 5); // the size of the table that is not used
                    continue;
                }

                int index = Number(block, ref at, first >= 0x40 ? 6 : 4);
                string name = index == 0 ? Text(block, ref at) : "";
                string value = Text(block, ref at);
                if (name == "grpc-status") status = int.TryParse(value, CultureInfo.InvariantCulture, out int code) ? code : -2;
                else if (name == "grpc-message") message = Uri.UnescapeDataString(value);
            }
        }
        catch (Exception broken) when (broken is IndexOutOfRangeException or ArgumentOutOfRangeException)
        {
            return (-2, "headers that are no HPACK");
        }

        return (status, message);
    }

    private static void Field(MemoryStream block, string name, string value)
    {
        block.WriteByte(NewName);
        Text(block, name);
        Text(block, value);
    }

    private static void Text(MemoryStream block, string text)
    {
        if (text.Length < 127)
        {
            block.WriteByte((byte)text.Length);
        }
        else
        {
            block.WriteByte(127);
            int rest = text.Length - 127;
            for (; rest >= 0x80; rest >>= 7) block.WriteByte((byte)(rest | 0x80));
            block.WriteByte((byte)rest);
        }

        block.Write(Encoding.ASCII.GetBytes(text));
    }

    private static string Text(ReadOnlySpan<byte> block, ref int at)
    {
        bool isHuffman = block[at] >= 0x80;
        int length = Number(block, ref at, 7);
        ReadOnlySpan<byte> text = block.Slice(at, length);
        at += length;
        return isHuffman ? "?" : Encoding.ASCII.GetString(text);
    }

    private static int Number(ReadOnlySpan<byte> block, ref int at, int bits)
    {
        int most = (1 << bits) - 1, value = block[at++] & most;
        if (value < most) return value;
        for (int shift = 0; ; shift += 7)
        {
            byte next = block[at++];
            value += (next & 0x7f) << shift;
            if (next < 0x80) return value;
        }
    }
}
