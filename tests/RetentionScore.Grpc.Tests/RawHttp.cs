using System.Buffers.Binary;
using System.Net;
using System.Net.Http.Headers;

namespace RetentionScore.Grpc.Tests;

/// <summary>HTTP/2 requests put together by hand: what no gRPC client sends.</summary>
internal sealed class RawHttp(Uri address) : IDisposable
{
    private readonly HttpClient http = new(new SocketsHttpHandler { EnableMultipleHttp2Connections = true });

    /// <summary>A frame with a flag and a length of its own.</summary>
    internal static byte[] Frame(ReadOnlySpan<byte> message, byte flag = 0, uint? length = null)
    {
        var frame = new byte[5 + message.Length];
        frame[0] = flag;
        BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(1), length ?? (uint)message.Length);
        message.CopyTo(frame.AsSpan(5));
        return frame;
    }

    internal async Task<RawResponse> PostAsync(
        string path, byte[] body, string? contentType = "application/grpc", params (string Name, string Value)[] headers)
    {
        using var request = Request(new Uri(address, path), body, contentType, headers);
        using var response = await http.SendAsync(request).Within();
        var bytes = await response.Content.ReadAsByteArrayAsync().Within();
        var all = response.Headers.Concat(response.TrailingHeaders)
            .GroupBy(header => header.Key, StringComparer.OrdinalIgnoreCase)
            .ToDictionary(group => group.Key, group => string.Join(',', group.SelectMany(header => header.Value)), StringComparer.OrdinalIgnoreCase);
        return new RawResponse(response.StatusCode, all, bytes, response.TrailingHeaders.Contains("grpc-status"));
    }

    internal static HttpRequestMessage Request(Uri uri, byte[] body, string? contentType, params (string Name, string Value)[] headers)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, uri)
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent(body),
        };
        if (contentType is not null) request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(contentType);
        request.Headers.TE.ParseAdd("trailers");
        foreach (var (name, value) in headers) request.Headers.TryAddWithoutValidation(name, value);
        return request;
    }

    public void Dispose() => http.Dispose();
}

/// <param name="Headers">With the trailers.</param>
/// <param name="HasTrailers">Whether the status came behind messages, not in the headers.</param>
internal sealed record RawResponse(HttpStatusCode Http, IReadOnlyDictionary<string, string> Headers, byte[] Body, bool HasTrailers)
{
    internal int Status => int.Parse(Headers["grpc-status"], System.Globalization.CultureInfo.InvariantCulture);
}
