using System.Globalization;
using System.Net;
using Google.Rpc;
using Grpc.Core;

namespace RetentionScore.Fuzz;

/// <summary>What came back.</summary>
/// <param name="Http">The HTTP status; 0 where there was no answer.</param>
/// <param name="Status">The gRPC status; null where there was none.</param>
/// <param name="Message">Its words, or what the transport said.</param>
/// <param name="Info">Ours, of the status's details.</param>
/// <param name="HasRetry">Whether it says when to come again.</param>
/// <param name="Payloads">Of the messages; null where the body is no row of frames.</param>
internal sealed record Answer(HttpStatusCode Http, StatusCode? Status, string Message, ErrorInfo? Info, bool HasRetry, List<byte[]>? Payloads)
{
    internal string Outcome => Status?.ToString() ?? (Http == 0 ? "connection closed" : $"HTTP {(int)Http}");

    internal string Told => $"{Outcome}: {Message} [{Info?.Type} {Info?.Metadata}]";

    internal static Answer Broken(string message) => new(0, null, message, null, false, null);

    internal static async Task<Answer> ReadAsync(HttpResponseMessage response, CancellationToken cancellation)
    {
        byte[] body = await response.Content.ReadAsByteArrayAsync(cancellation);
        string? Header(string name) =>
            response.TrailingHeaders.TryGetValues(name, out var trailer) ? trailer.First() : response.Headers.TryGetValues(name, out var header) ? header.First() : null;
        StatusCode? status = int.TryParse(Header("grpc-status"), CultureInfo.InvariantCulture, out int code) ? (StatusCode)code : null;
        ErrorInfo? info = null;
        bool hasRetry = false;
        if (Header("grpc-status-details-bin") is { } packed)
        {
            Google.Rpc.Status details = Google.Rpc.Status.Parser.ParseFrom(Convert.FromBase64String(packed.PadRight((packed.Length + 3) / 4 * 4, '=')));
            info = details.Details.FirstOrDefault(detail => detail.Is(ErrorInfo.Descriptor))?.Unpack<ErrorInfo>();
            hasRetry = details.Details.Any(detail => detail.Is(RetryInfo.Descriptor));
        }

        return new Answer(response.StatusCode, status, Uri.UnescapeDataString(Header("grpc-message") ?? ""), info, hasRetry, Frames.Read(body));
    }
}
