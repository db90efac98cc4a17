using RetentionScore.Server.Draining;
using RetentionScore.Server.Journal;

namespace RetentionScore.Server.Metrics;

/// <summary>The ops port: /healthz (the process lives), /readyz (calls are taken) and /metrics. HTTP/1.1, which the gRPC port does not speak.</summary>
internal static class Ops
{
    internal static void AddOps(this IServiceCollection services) => services.AddMetricsEndpoint();

    internal static void MapOps(this WebApplication app)
    {
        var phase = app.Services.GetRequiredService<ServerPhase>();
        var journal = app.Services.GetRequiredService<JournalWriter>();
        app.MapMetricsEndpoint();
        app.MapGet("/healthz", OnOpsPort(context => context.Response.WriteAsync("ok\n")));
        app.MapGet("/readyz", OnOpsPort(context =>
        {
            // Without its journal a node still scores, so it stays in.
            if (phase.IsServing) return context.Response.WriteAsync(journal.IsFailing ? "ready, the journal fails\n" : "ready\n");
            context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            return context.Response.WriteAsync(phase.Now == Phase.Starting ? "starting\n" : "draining\n");
        }));
    }

    internal static RequestDelegate OnOpsPort(RequestDelegate serve) => context =>
    {
        if (HttpProtocol.IsHttp11(context.Request.Protocol) || HttpProtocol.IsHttp10(context.Request.Protocol)) return serve(context);
        context.Response.StatusCode = StatusCodes.Status404NotFound;
        return Task.CompletedTask;
    };
}
