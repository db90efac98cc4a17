#if OFFICIAL_PACKAGES
using System.Diagnostics.Metrics;
using Prometheus;

namespace RetentionScore.Server.Metrics;

/// <summary>/metrics by prometheus-net, through its meter adapter: the same names and labels.</summary>
internal static class MetricsEndpoint
{
    internal static void AddMetricsEndpoint(this IServiceCollection services) => services.AddSingleton(_ => global::Prometheus.Metrics.NewCustomRegistry());

    internal static void MapMetricsEndpoint(this WebApplication app, ServerMetrics metrics)
    {
        var registry = app.Services.GetRequiredService<CollectorRegistry>();
        var adapter = MeterAdapter.StartListening(new MeterAdapterOptions
        {
            Registry = registry,
            InstrumentFilterPredicate = instrument => ReferenceEquals(instrument.Meter, metrics.Meter),
            ResolveHistogramBuckets = instrument => instrument is Histogram<double> { Advice.HistogramBucketBoundaries: { } bounds }
                ? [.. bounds]
                : MeterAdapterOptions.DefaultHistogramBuckets,
            // The longest it takes. A series that rests for a day goes and comes back with its count.
            MetricsExpireAfter = TimeSpan.FromDays(1),
        });
        app.Lifetime.ApplicationStopped.Register(adapter.Dispose);
        metrics.Prime();
        app.MapMetrics(settings => settings.Registry = registry)
            .Add(endpoint => endpoint.RequestDelegate = Ops.OnOpsPort(endpoint.RequestDelegate!));
    }
}
#endif
