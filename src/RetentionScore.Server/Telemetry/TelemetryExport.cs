using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using RetentionScore.Server.Metrics;
using RetentionScore.Server.Options;
using RetentionScore.Server.Scoring;

namespace RetentionScore.Server.Telemetry;

/// <summary>Sends the metrics of the catalogue, and the spans of traced calls, to a collector over OTLP, from the start to the stop of the server.</summary>
internal sealed class TelemetryExport(ServerOptions server) : IHostedService, IDisposable
{
    private MeterProvider? metrics;
    private TracerProvider? traces;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        TelemetryOptions options = server.Telemetry;
        ResourceBuilder resource = ResourceBuilder.CreateEmpty().AddService("retentionscore", serviceVersion: ScoringServiceEndpoint.Version, serviceInstanceId: server.Node);
        metrics = Sdk.CreateMeterProviderBuilder()
            .SetResourceBuilder(resource)
            .AddMeter([ServerMetrics.MeterName, .. MetricCatalogue.ForeignMeters])
            .AddView(View)
            .AddOtlpExporter((exporter, reader) =>
            {
                Configure(exporter, options, "v1/metrics");
                reader.PeriodicExportingMetricReaderOptions.ExportIntervalMilliseconds = (int)options.Interval.TotalMilliseconds;
            })
            .Build();
        if (options.TraceCallsPerMillion == 0) return Task.CompletedTask;
        traces = Sdk.CreateTracerProviderBuilder()
            .SetResourceBuilder(resource)
            .AddSource(CallTracing.SourceName)
            .SetSampler(new AlwaysOnSampler()) // calls are chosen before
            .AddOtlpExporter(exporter => Configure(exporter, options, "v1/traces"))
            .Build();
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        // What is left is sent, and a collector that is away holds nobody up.
        traces?.ForceFlush(FlushMs);
        metrics?.ForceFlush(FlushMs);
        return Task.CompletedTask;
    }

    public void Dispose()
    {
        traces?.Dispose();
        metrics?.Dispose();
    }

    private const int FlushMs = 1000;

    /// <summary>The same names and labels as on /metrics, and nothing of the platform that is not in the catalogue.</summary>
    private static MetricStreamConfiguration? View(System.Diagnostics.Metrics.Instrument instrument)
    {
        if (string.Equals(instrument.Meter.Name, ServerMetrics.MeterName, StringComparison.Ordinal)) return null;
        if (MetricCatalogue.Of(instrument.Meter.Name, instrument.Name) is not { } metric) return MetricStreamConfiguration.Drop;
        string[] tags = metric.Source!.Tag is { } tag ? [tag] : [];
        return metric.Kind == MetricKind.Histogram
            ? new ExplicitBucketHistogramConfiguration { TagKeys = tags, Boundaries = metric.Buckets }
            : new MetricStreamConfiguration { TagKeys = tags };
    }

    private static void Configure(OtlpExporterOptions exporter, TelemetryOptions options, string path)
    {
        bool isHttp = options.Protocol == TelemetryProtocol.Http;
        exporter.Protocol = isHttp ? OtlpExportProtocol.HttpProtobuf : OtlpExportProtocol.Grpc;
        exporter.Endpoint = new Uri(isHttp ? $"{options.Endpoint!.TrimEnd('/')}/{path}" : options.Endpoint!);
        if (options.Headers is not null) exporter.Headers = options.Headers;
    }
}
