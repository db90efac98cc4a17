using System.Globalization;
using Grpc.Core;
using RetentionScore.Server.Metrics;
using RetentionScore.Server.Options;

namespace RetentionScore.Server.Scoring;

/// <summary>
/// A method that takes one request is never called when the stack cannot read it: what is too long or broken is refused here in the words that streams have for it,
/// in place of a status without our ErrorInfo.
/// </summary>
internal sealed class UnreadRequests(RequestDelegate next, ServerOptions options, ServerMetrics metrics)
{
    /// <summary>Serves a request. Nothing is kept here for as long as a stream lives.</summary>
    public Task InvokeAsync(HttpContext context) => context.Request.Path.Value is
        "/retentionscore.v1.ScoringService/ScoreTranscript" or "/retentionscore.v1.ScoringService/GetServerInfo" ? ServeAsync(context) : next(context);

    private async Task ServeAsync(HttpContext context)
    {
        await next(context);
        HttpResponse response = context.Response;
        if (response.HasStarted || response.Headers.ContainsKey(Refusal.DetailsKey) || !int.TryParse(response.Headers["grpc-status"], CultureInfo.InvariantCulture, out int status)) return;
        Refusal? refusal = (StatusCode)status switch
        {
            StatusCode.ResourceExhausted => Refusal.TooLong(options.Limits.MaxMessageBytes),
            StatusCode.Internal => Refusal.BrokenFrame,
            _ => null,
        };
        if (refusal is null) return;
        metrics.Refused(refusal);
        refusal.End(response);
    }
}
