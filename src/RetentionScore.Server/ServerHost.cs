using System.Net.Security;
using Grpc.Health.V1;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection.Extensions;
using RetentionScore.Core.Signals;
using RetentionScore.Server.Auditing;
using RetentionScore.Server.Calls;
using RetentionScore.Server.Draining;
using RetentionScore.Server.Health;
using RetentionScore.Server.Journal;
using RetentionScore.Server.Metrics;
using RetentionScore.Server.Options;
using RetentionScore.Server.Overload;
using RetentionScore.Server.Reflection;
using RetentionScore.Server.Scoring;
using RetentionScore.Server.Security;
using RetentionScore.Server.Telemetry;

namespace RetentionScore.Server;

/// <summary>
/// Puts the server together, for Program and for whoever runs it in process: read or make <see cref="ServerOptions"/> (port 0 takes a free one),
/// Build, StartAsync (returns when it is ready), ask for the addresses, StopAsync (drains as the options say).
/// </summary>
public static class ServerHost
{
    /// <summary>What is kept of answers that the client of a stream did not read yet, before its messages are not read either.</summary>
    private const long UnreadBytes = 32 * 1024;

    /// <summary>A server that is not started yet.</summary>
    /// <param name="options">How it runs.</param>
    /// <param name="customize">Changes logging or services; may be null.</param>
    public static WebApplication Build(ServerOptions options, Action<WebApplicationBuilder>? customize = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        // The phrases are laid out while the host is put together, which takes about as long; whoever needs them first waits for what is left of it.
        _ = Task.Run(static () => SignalReader.BuiltIn);
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.WebHost.ConfigureKestrel(kestrel => Listen(kestrel, options));
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = options.Drain.LameDuck + options.Drain.Time + TimeSpan.FromSeconds(2));
        // A start that failed is told in one line by whoever runs us, not by the host with a stack.
        builder.Logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.Critical);
        // It would have the host make an activity for every stream, and keep it as long as the stream lives.
        builder.Logging.AddFilter("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.None);
        AddServices(builder.Services, options);
        customize?.Invoke(builder);

        WebApplication app = builder.Build();
        var services = app.Services.GetRequiredService<CallStreamServices>();
        services.Metrics.Observe(
            () => services.Calls.Live, () => services.Streams.Count, () => (int)services.Shedding.Level, () => services.Phase.Now >= Phase.LameDuck);
        var policies = app.Services.GetRequiredService<PolicySet>();
        services.Metrics.ObservePolicies(() => policies.Names.Select(name => policies.Find(name)!));
        var models = app.Services.GetRequiredService<SignalModels>();
        services.Metrics.ObserveModel(() => models.Current.Version, () => models.IsRefused);
        var journal = app.Services.GetRequiredService<JournalWriter>();
        services.Metrics.ObserveJournal(() => journal.IsFailing, () => journal.Lag, () => journal.PendingBytes, options.Journal.QueueBytes);
        if (app.Services.GetService<ServerCertificate>() is { } certificate) services.Metrics.ObserveCertificate(() => certificate.NotAfter);
        app.UseMiddleware<Guard>();
        app.UseMiddleware<UnreadRequests>();
        app.MapGrpcService<ScoringServiceEndpoint>();
        app.MapHealth();
        app.MapReflection();
        app.MapOps();
        return app;
    }

    /// <summary>Where gRPC is served; after the start.</summary>
    public static Uri GrpcAddress(WebApplication app) => Address(app, 0);

    /// <summary>Where /metrics, /healthz and /readyz are; after the start.</summary>
    public static Uri OpsAddress(WebApplication app) => Address(app, 1);

    private static void AddServices(IServiceCollection services, ServerOptions options)
    {
        services.AddGrpc(grpc => grpc.MaxReceiveMessageSize = options.Limits.MaxMessageBytes);
        services.AddHealth();
        services.AddReflection(V1.ScoringService.Descriptor, Grpc.Health.V1.Health.Descriptor);
        services.AddSystemd(); // says when it is ready and when it stops; only where systemd is what started it
        services.AddSingleton(options);
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(options.Scoring.CalibrationPath is { } path ? new PolicySet(CalibrationFile.Read(path)) : new PolicySet());
        services.AddSingleton(provider => options.Scoring.ModelPath is { } model
            ? SignalModels.OfFile(model, provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<SignalModels>>())
            : new SignalModels(SignalReader.BuiltIn));
        services.AddSingleton<CallFactory>();
        services.AddSingleton(provider => new TranscriptScorer(provider.GetRequiredService<CallFactory>()));
        services.AddSingleton<WarmUp>();
        services.AddSingleton<JournalStoreSource>();
        services.AddSingleton<JournalWriter>();
        services.AddSingleton<Admission>();
        services.AddSingleton<Shedding>();
        services.AddSingleton<CallRegistry>();
        services.AddSingleton<OpenStreams>();
        services.AddSingleton<OpenConnections>();
        services.AddSingleton<ServerPhase>();
        services.AddSingleton<DrainNotice>();
        services.AddSingleton<ServerMetrics>();
        services.AddSingleton<Authentication>();
        services.AddSingleton<CallTracing>();
        services.AddSingleton<AuditLog>();
        services.AddHostedService(provider => provider.GetRequiredService<AuditLog>());
        services.AddSingleton<CallStreamServices>();
        services.AddSingleton<Drain>();
        // Stopped after the drain, which hosts stop in the order of StoppingAsync, and before nothing that still scores.
        services.AddHostedService(provider => provider.GetRequiredService<JournalWriter>());
        services.AddHostedService(provider => provider.GetRequiredService<Drain>());
        services.AddHostedService<CallSweep>();
        services.AddHostedService<ModelWatch>();
        services.AddHostedService<QueueProbe>();
        services.AddOps();
        if (options.Telemetry.Endpoint is not null) services.AddHostedService<TelemetryExport>();
        if (!options.Tls.IsOn) return;
        services.AddSingleton(provider => new ServerCertificate(
            options.Tls, provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<ServerCertificate>>()));
    }

    private static void Listen(KestrelServerOptions kestrel, ServerOptions options)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.Http2.MaxStreamsPerConnection = options.Limits.MaxStreamsPerConnection;
        kestrel.Limits.Http2.KeepAlivePingDelay = TimeSpan.FromSeconds(30);
        kestrel.Limits.Http2.KeepAlivePingTimeout = TimeSpan.FromSeconds(20);
        kestrel.Limits.MaxConcurrentConnections = options.Limits.MaxConnections;
        kestrel.Limits.KeepAliveTimeout = options.Calls.IdleTimeout; // of a connection without a stream
        kestrel.Limits.RequestHeadersTimeout = options.Calls.FirstMessage;
        kestrel.Limits.MaxResponseBufferSize = UnreadBytes;
        // A client that does not read is SLOW_CONSUMER on its stream; Kestrel would cut its whole connection.
        kestrel.Limits.MinResponseDataRate = null;
        var certificate = kestrel.ApplicationServices.GetService<ServerCertificate>();
        kestrel.Listen(options.Listen.Grpc, listen =>
        {
            listen.Protocols = HttpProtocols.Http2;
            certificate?.Encrypt(listen, SslApplicationProtocol.Http2, mayBeAnonymous: false);
            listen.Use(kestrel.ApplicationServices.GetRequiredService<OpenConnections>().Track);
        });
        kestrel.Listen(options.Listen.Ops, listen =>
        {
            listen.Protocols = HttpProtocols.Http1;
            certificate?.Encrypt(listen, SslApplicationProtocol.Http11, mayBeAnonymous: true);
        });
    }

    private static Uri Address(WebApplication app, int index)
    {
        ArgumentNullException.ThrowIfNull(app);
        return new Uri(app.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses.ElementAt(index));
    }
}
