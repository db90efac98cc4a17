using Microsoft.Net.Http.Headers;

namespace RetentionScore.Server.Metrics;

/// <summary>/metrics of our own: Prometheus text, or OpenMetrics where the scraper prefers it.</summary>
internal static class MetricsEndpoint
{
    private const string OpenMetrics = "application/openmetrics-text";

    internal static void AddMetricsEndpoint(this IServiceCollection services) => services.AddSingleton<MetricRecorder>();

    internal static void MapMetricsEndpoint(this WebApplication app)
    {
        var recorder = app.Services.GetRequiredService<MetricRecorder>();
        app.MapGet("/metrics", Ops.OnOpsPort(async context =>
        {
            bool openMetrics = PrefersOpenMetrics(context.Request);
            context.Response.ContentType = openMetrics ? Exposition.OpenMetricsType : Exposition.PrometheusType;
            Exposition.Write(context.Response.BodyWriter, recorder.Scrape(), openMetrics);
            await context.Response.BodyWriter.FlushAsync(context.RequestAborted);
        }));
    }

    private static bool PrefersOpenMetrics(HttpRequest request)
    {
        if (!MediaTypeHeaderValue.TryParseList(request.Headers.Accept, out IList<MediaTypeHeaderValue>? accepted)) return false;
        double open = 0, text = 0;
        foreach (MediaTypeHeaderValue type in accepted)
        {
            double quality = type.Quality ?? 1;
            if (type.MediaType.Equals(OpenMetrics, StringComparison.OrdinalIgnoreCase)) open = Math.Max(open, quality);
            else if (type.MediaType.Equals("text/plain", StringComparison.OrdinalIgnoreCase)) text = Math.Max(text, quality);
        }

        return open > 0 && open >= text;
    }
}
